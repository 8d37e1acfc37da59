# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# FLR, a reset of the bus and a sleep in D3hot, by sysfs, without the driver and
# under it (which has no handler for a reset and must be bound anew).

setup=port
long=yes

run_test()
{
	in_guest 60 'random_file /tmp/file 4000001
cat /sys/bus/pci/devices/0000:01:00.0/reset_method
has /sys/bus/pci/devices/0000:01:00.0/reset_method flr'
	in_guest 300 '
d=/sys/bus/pci/devices/0000:01:00.0
for method in flr bus; do
	for bound in no yes; do
		pair_up
		reach_all
		[ $bound = yes ] || echo 0000:01:00.0 >/sys/bus/pci/drivers/fbnic/unbind
		echo $method >$d/reset_method || bad "no method $method"
		echo 1 >$d/reset || bad "reset by $method, bound: $bound"
		[ $bound = no ] || echo 0000:01:00.0 >/sys/bus/pci/drivers/fbnic/unbind
		dmesg -c >/tmp/log
		grep -E "cut here|BUG:|Oops|Call Trace" /tmp/log && bad "the kernel complains after $method, bound: $bound"
		echo 0000:01:00.0 >/sys/bus/pci/drivers/fbnic/bind || bad "bind after $method"
		want "an interface after $method" poll 20 has_nics 2
		pair_up
		streams out tcp 1 /tmp/file
		streams in tcp 1 /tmp/file
	done
done
echo default >$d/reset_method
rm /tmp/file'
}
