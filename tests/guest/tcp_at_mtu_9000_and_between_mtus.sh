# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# TCP with jumbo frames, and with an MTU changed while the interface is up.

setup=pair

run_test()
{
	in_guest 300 '
pair_up 9000
random_file /tmp/file 16000001
streams out tcp 2 /tmp/file
streams in tcp 2 /tmp/file
for mtu in 1280 4000 1501 9000 1500; do
	ip link set "$A" mtu $mtu
	peer ip link set "$B" mtu $mtu
	wait_links
	up_a $mtu; up_b $mtu
	reach_all
	streams out tcp 1 /tmp/file
done
rm -f /tmp/file'
}
