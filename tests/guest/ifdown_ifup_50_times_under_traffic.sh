# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Either interface goes down and up again, 50 times, while both send: the link is back
# and frames flow each time.

setup=pair

run_test()
{
	in_guest 60 'pair_up; traffic_start; sleep 1'
	in_guest 600 '
n=0
while [ $n -lt 25 ]; do
	n=$((n + 1))
	ip link set "$A" down; up_a 1500
	want "link of $A, round $n" poll 20 has_link "$A"
	reach "$V4B"
	peer ip link set "$B" down; up_b 1500
	want "link of $B, round $n" poll 20 has_link "$B" peer
	reach "$V6B"
done
traffic_stop'
	in_guest 60 'random_file /tmp/file 4000001; streams out tcp 1 /tmp/file; rm /tmp/file'
}
