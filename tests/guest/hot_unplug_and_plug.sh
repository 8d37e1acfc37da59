# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A card is plugged into a running guest and carries traffic. Then it is
# unplugged and plugged again, with traffic on it, the second time at the card's
# own wish; each plug gives a card as good as new.
#
# QEMU up to at least 11.1.3 aborts when any vfio-user device with MSI-X is
# unplugged (vfio_user_msix_teardown() takes the region of the pending bits out of
# a BAR that has let go of it already). Then the guest's side is all that can be
# seen, and that the cards are free for another client.

setup=own

deleted()
{
	[ "$(grep -c '"event": "DEVICE_DELETED".*"device": "card1"' "$guest/monitor")" -ge "$1" ]
}

plug()
{
	guest_qmp "$guest" device_add "$(card_device "$work/card/1" card1 '"bus":"rootport"')"
	in_guest 60 'want "an interface after plugging" poll 40 has_nics 2
pair_up
reach_all'
}

cards_are_free()
{
	[ "$(grep -c 'client left' "$work/card/log")" -ge 2 ]
}

# QEMU is gone: for the reason we know, and the cards took it well?
qemu_aborted()
{
	alive "$guest" && return 1
	grep -q "memory_region_del_subregion: Assertion" "$guest/qemu.log" || fail "QEMU died: $(tail -n 1 "$guest/qemu.log")"
	wait_for 10 "$work/card" cards_are_free || fail "a card has not seen that its client left"
	guest_start "$guest" -no-reboot || fail "no second guest on the same cards"
	in_guest 60 'pair_up; reach_all'
	skip "plugging works; this QEMU aborts when it unplugs a vfio-user device"
}

run_test()
{
	local n

	boot_port_only "$work" -no-reboot || fail "the guest does not boot"
	plug
	in_guest 120 'random_file /tmp/file 4000001
streams out tcp 2 /tmp/file
streams in tcp 2 /tmp/file'
	for n in 1 2; do
		in_guest 60 'traffic_start'
		if [ "$n" = 2 ]; then
			ask_card unplug 1
		else
			guest_qmp "$guest" device_del '{"id":"card1"}'
		fi
		if ! wait_for 60 "$guest" deleted "$n"; then
			guest_cards+=("$work/card/1")
			qemu_aborted || fail "unplug $n: the guest keeps the card"
		fi
		in_guest 30 '
gone() { [ ! -e /sys/bus/pci/devices/0000:01:00.0 ]; }
want "the device gone after unplug" poll 20 gone
[ "$(nics | wc -l)" = 1 ] || bad "an interface too many"
traffic_stop'
		plug
	done
	in_guest 120 'streams out tcp 2 /tmp/file
streams in tcp 2 /tmp/file'
}
