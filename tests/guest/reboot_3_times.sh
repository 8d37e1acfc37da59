# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest reboots, three times, and the same fbnicd gives each boot a card as good as
# new.

setup=own

run_test()
{
	local n

	boot_user "$work" || fail "the guest does not boot"
	for n in 1 2 3; do
		in_guest 120 'i=$(nic); ip link set "$i" up; lease "$i"; reach 10.0.2.2'
		check_log "$guest"
		guest_coverage "$guest" ends
		guest_send "$guest" 0 'reboot -f'
		guest_wait_ready "$guest" $((n + 1)) || fail "reboot $n does not come up"
	done
	in_guest 120 '
i=$(nic)
[ "$(cat /sys/class/net/$i/address)" = '"$mac_a"' ] || bad "MAC address after reboot"
lease "$i"; reach 10.0.2.2'
}
