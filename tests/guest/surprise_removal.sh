# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The second card disappears from the bus under traffic: all reads give ones. The
# driver notices, detaches the interface and survives; its owner can take it
# away. The card comes back and is bound again.

setup=port

run_test()
{
	local n

	in_guest 60 'random_file /tmp/file 4000001'
	for n in 1 2; do
		in_guest 60 'pair_up; reach_all; traffic_start; cd /sys/bus/pci/devices/0000:01:00.0/net; echo * >/run/gone'
		ask_card vanish 1
		in_guest 60 '
noticed() { dmesg >/tmp/log; grep -q "disabled CSR access, awaiting reset" /tmp/log; }
want "the driver noticing" poll 30 noticed
peer ip link show dev $B >/dev/null || bad "the interface is gone"
sleep 2
traffic_stop
ethtool -S $B >/dev/null 2>&1 || true
peer ip link set $B down
echo 0000:01:00.0 >/sys/bus/pci/drivers/fbnic/unbind
dmesg -c | grep -E "cut here|BUG:|Oops|Call Trace" && bad "the kernel complains" || true'
		ask_card replug 1
		in_guest 60 '
echo 1 >/sys/bus/pci/devices/0000:01:00.0/remove
echo 1 >/sys/bus/pci/rescan
want "an interface again" poll 40 has_nics 2'
	done
	in_guest 120 'pair_up
reach_all
streams out tcp 1 /tmp/file
streams in tcp 1 /tmp/file
rm /tmp/file'
}
