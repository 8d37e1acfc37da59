# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# TCP both ways through the cable, over IPv4 and IPv6, as many streams as queues: 1, 2
# and 8. What arrives has the SHA-256 of what was sent; nothing may be lost.
# The driver of 6.12 cannot change its queues and runs with those it made.

setup=pair

run_test()
{
	local q

	in_guest 60 'pair_up; random_file /tmp/file 16000001'
	for q in 1 2 8; do
		if [ "$driver" != 6.12 ]; then
			in_guest 60 '
want "ethtool -L $A" ethtool -L "$A" combined '$q'
want "ethtool -L $B" peer ethtool -L "$B" combined '$q'
wait_links'
		fi
		in_guest 300 'streams out tcp '$q' /tmp/file
streams in tcp '$q' /tmp/file
reach_all'
	done
	in_guest 30 'rm -f /tmp/file'
}
