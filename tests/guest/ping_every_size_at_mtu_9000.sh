# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Echo requests of every size up to 9000 bytes at an MTU of 9000, every byte of each
# answer compared; also at an MTU of 1500, where the larger ones are fragments.

setup=pair

run_test()
{
	in_guest 240 '
pair_up 9000
reach_all -M do -s 8952
cable_mark
for a in "$V4B" "$V6B"; do
	pingsizes "$a" 1 9000 >/tmp/sizes 2>&1 || { cat /tmp/sizes; bad "$a: $(tail -n 1 /tmp/sizes)"; }
	has /tmp/sizes "^9000 sizes, 0 lost, 0 damaged,"
done
cable_lost_nothing'
	in_guest 120 '
pair_up 1500
cable_mark
for a in "$V4B" "$V6B"; do
	pingsizes "$a" 1 9000 7 >/tmp/sizes 2>&1 || { cat /tmp/sizes; bad "$a: $(tail -n 1 /tmp/sizes)"; }
	has /tmp/sizes " 0 lost, 0 damaged,"
done
cable_lost_nothing'
}
