# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An arm64 guest with pages of 64 KiB, of which the driver gives the card sixteen
# pieces of 4 KiB each: two cards on the PCIe root of QEMU's "virt" machine, with
# interrupts through the ITS. Probe, link, ping, files over TCP and UDP with
# their SHA-256, at MTU 1500 and 9000, with other numbers of queues and rings.

setup=own
long=yes

arm_guest()
{
	local rc=0 cross=aarch64-linux-gnu-gcc

	[ "$driver" != 6.12 ] || skip "only with the newest driver"
	guest_kernel=$("$lab_dir/kernel" --flavour arm64 latest 2>"$work/why") || rc=$?
	[ "$rc" != 77 ] || skip "$(tail -n 1 "$work/why")"
	[ "$rc" = 0 ] || fail "no arm64 kernel: $(tail -n 1 "$work/why")"
	guest_arch=aarch64
	guest_qemu=$("$lab_dir/qemu" --arch aarch64) || fail "no QEMU for arm64"
	guest_image=$("$lab_dir/image" arm64) || fail "no image for arm64"
	tools=$(guest_tools "$cross") || fail "no tools for arm64"
}

run_test()
{
	local q

	arm_guest
	unset OPENFBNIC_COVERAGE	# that kernel counts nothing
	boot_pair "$work" -no-reboot || fail "the guest does not boot"
	in_guest 60 'uname -rm
[ "$(uname -m)" = aarch64 ] || bad "this is a $(uname -m)"
# AT_PAGESZ, 6, of the auxiliary vector
od -An -v -w16 -td8 /proc/self/auxv | grep -Eq "^ +6 +65536$" || bad "not pages of 64 KiB"
pair_up
[ "$(cat /sys/class/net/$A/address)" = '"$mac_a"' ] || bad "MAC address $(cat /sys/class/net/$A/address)"
reach_all
reach_all -s 1472
random_file /tmp/file 8000001'
	in_guest 400 'streams out tcp 2 /tmp/file
streams in tcp 2 /tmp/file
streams out udp 2 /tmp/file 1400
streams in udp 2 /tmp/file 1400'
	in_guest 400 'pair_up 9000
reach_all -s 8972
streams out tcp 2 /tmp/file
streams in tcp 2 /tmp/file
streams out udp 2 /tmp/file 8900'
	for q in 1 4; do
		in_guest 400 '
want "ethtool -L $A" ethtool -L $A combined '$q'
want "ethtool -G $A" ethtool -G $A rx 256 rx-mini 128 rx-jumbo 128 tx 256
wait_links; reach_all -s 8972
streams out tcp 4 /tmp/file
streams in tcp 4 /tmp/file'
	done
	in_guest 300 'p=$(pci_of $A); echo $p >/sys/bus/pci/drivers/fbnic/unbind; echo $p >/sys/bus/pci/drivers/fbnic/bind
want "an interface after bind" poll 20 has_nics 1
pair_up
streams out tcp 1 /tmp/file
streams in tcp 1 /tmp/file'
}
