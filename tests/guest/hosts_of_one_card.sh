# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two virtual machines on one card, each with its own function, address and wire.
# While the second passes files over TCP, the first resets its function, unbinds
# and binds its driver, and then has its QEMU killed in the middle of a flood of
# pings: all files arrive whole, and the second's part of the card and of the
# firmware has seen nothing. The next virtual machine on the first's socket works.

setup=own

# count REQUEST HOST NAME
count()
{
	ask_card "$1" "$2" | grep -o "\"$3\": *[0-9]*" | grep -o '[0-9]*$'
}

# meanwhile SECONDS COMMAND...: while files go both ways in the second machine, again
# and again, from when the first million bytes has left
meanwhile()
{
	local sent pid rc=0

	sent=$(count stats 0.1 MAC_STAT_TX_BYTE_COUNT)
	rm -f "$work/enough"
	(guest=$work/b
	until [ -e "$work/enough" ]; do
		in_guest "$1" 'streams out tcp 2 /tmp/file
streams in tcp 2 /tmp/file'
	done) &
	pid=$!
	until (($(count stats 0.1 MAC_STAT_TX_BYTE_COUNT) > sent + 1000000)); do
		kill -0 "$pid" 2>/dev/null || fail "the files do not move"
		sleep 0.1
	done
	"${@:2}" || rc=$?
	touch "$work/enough"
	((rc == 0)) || return $rc
	wait "$pid" || fail "while ${*:2}, in the second machine: $(cat "$work/reason")"
}

first_resets()
{
	guest=$work/a in_guest 200 'i=$(nic); p=$(pci_of "$i")
ping -q -f -s 1400 10.0.2.2 >/dev/null 2>&1 &
for n in 1 2; do
	echo "$p" >/sys/bus/pci/drivers/fbnic/unbind
	echo 1 >"/sys/bus/pci/devices/$p/reset"
	echo "$p" >/sys/bus/pci/drivers/fbnic/bind
	want "an interface after bind" poll 20 has_nics 1
done
i=$(nic); lease "$i"; reach 10.0.2.2
ping -q -f -s 1400 10.0.2.2 >/dev/null 2>&1 & sleep 1'
}

run_test()
{
	guests=("$work/a" "$work/b")
	[ "$firmware_home" = inside ] || skip "a firmware outside serves one host"
	card_start "$work/card" \
		--card "socket=$work/card/0,wire=user,mac=$mac_a,socket=$work/card/1,wire=pair:p,mac=02:fb:00:00:0a:02" \
		--card "socket=$work/card/2,mac=$mac_b,wire=pair:p" || fail "fbnicd does not start"
	guest_settings
	guest_cpus=2
	guest_cards=("$work/card/1" "$work/card/2")
	guest_start "$work/b" -no-reboot || fail "the second machine does not boot"
	guest_cards=("$work/card/0")
	guest_start "$work/a" -no-reboot || fail "the first machine does not boot"
	guest=$work/a
	in_guest 120 'i=$(nic); [ "$(cat "/sys/class/net/$i/address")" = '"$mac_a"' ] || bad "not its address"
ip link set "$i" up; lease "$i"; reach 10.0.2.2'
	guest=$work/b
	in_guest 120 'pair_up; reach_all; random_file /tmp/file 4000001'

	meanwhile 400 first_resets
	check_log "$work/a"
	meanwhile 400 guest_kill "$work/a"
	alive "$work/card" || fail "fbnicd went away with a host"

	guest_start "$work/a" -no-reboot || fail "no machine after the kill"
	guest=$work/a
	in_guest 120 'i=$(nic); lease "$i"; reach 10.0.2.2'
	ask_card bugs 0.1
	! ask_card bugs 0.1 | grep -q '[1-9]' || fail "the second host's card has refused something"
	[ "$(count fw 0 fw_host1_host_gone)" = 0 ] || fail "the firmware lost the second host"
	[ "$(count fw 0 fw_boots)" = 1 ] || fail "the firmware has started again"
	(($(count fw 0 fw_host0_resets) >= 2)) || fail "the first host has reset nothing"
}
