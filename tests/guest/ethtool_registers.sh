# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ethtool -d: the whole dump is read, and it is not all zeros or all ones.

setup=user
drivers=latest
why="6.12 has no register dump"

run_test()
{
	in_guest 60 '
i=$(nic)
ip link set "$i" up
ethtool -d "$i" raw on >/tmp/regs
size=$(wc -c </tmp/regs)
[ "$size" -gt 10000 ] || bad "a dump of $size bytes"
values=$(od -An -v -tx4 -w4 /tmp/regs | sort | uniq -c | sort -rn | wc -l)
[ "$values" -gt 50 ] || bad "only $values different values in the dump"
ones=$(od -An -v -tx4 -w4 /tmp/regs | grep -c ffffffff || true)
[ "$ones" -lt $((size / 8)) ] || bad "$ones of $((size / 4)) registers read as all ones"'
}
