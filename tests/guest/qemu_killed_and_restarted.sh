# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# QEMU is killed with SIGKILL while frames flow, three times; the next one finds a
# reset card in the same fbnicd.

setup=own

run_test()
{
	local n

	card_start "$work/card" --card "socket=$work/card/0,mac=$mac_a,wire=user" || fail "fbnicd does not start"
	guest_settings
	guest_cards=("$work/card/0")
	for n in 1 2 3; do
		guest_start "$guest" -no-reboot || fail "guest $n does not boot"
		in_guest 120 'i=$(nic); ip link set "$i" up; lease "$i"; reach 10.0.2.2'
		check_log "$guest"
		in_guest 20 'ping -q -f -s 1400 10.0.2.2 >/dev/null 2>&1 & sleep 1'
		guest_kill "$guest"
		alive "$work/card" || fail "fbnicd went away with QEMU $n"
	done
	guest_start "$guest" -no-reboot || fail "no guest after the kills"
	in_guest 120 'i=$(nic); lease "$i"; reach 10.0.2.2'
}
