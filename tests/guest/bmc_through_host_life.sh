# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The BMC's network while the host is off, boots, has its interface up and down,
# loses and gets its driver, reboots, crashes, is killed and comes back: a stream
# of echo requests goes on, the driver's coming and going are AENs, and the host's
# side of the card gets none of the BMC's frames.

setup=own
long=yes
drivers=latest
why="it does not tell firmware the host's addresses"

# frames that the card has given to the host's queues
to_host()
{
	card_stats "$work/card" 0 | awk '$1 == "RXB_INTF_FRM_CNT_DST[3]" { n = $2 } END { print n + 0 }'
}

interface_up()
{
	in_guest 60 'i=$(nic); ip link set $i up; want "a link" poll 20 has_link $i'
}

boot()
{
	guest_cards=("$work/card/0")
	guest_start "$guest" || fail "the host does not boot"
	interface_up
}

unbind_bind()
{
	local n

	n=$(aens host)
	in_guest 60 'p=$(pci_of "$(nic)"); echo $p >/sys/bus/pci/drivers/fbnic/unbind; echo $p >/run/pci'
	want_aens host $((n + 1))
	in_guest 60 'echo $(cat /run/pci) >/sys/bus/pci/drivers/fbnic/bind; want "an interface" poll 20 has_nics 1'
	interface_up
	want_aens host $((n + 2))
}

reboot_host()
{
	local n

	n=$(aens host)
	guest_send "$guest" 0 'reboot -f'
	guest_wait_ready "$guest" 2 || fail "the host does not come up again"
	want_aens host $((n + 1))
	interface_up
	want_aens host $((n + 2))
}

# A panic: the driver is not told, nobody empties the host's queues any more
crash_host()
{
	guest_qmp "$guest" inject-nmi
	wait_for 60 "$guest" grep -q 'Kernel panic' "$guest/console" || fail "the host's kernel does not panic"
}

kill_host()
{
	local n

	n=$(aens host)
	guest_kill "$guest"
	want_aens host $((n + 1))
}

off()
{
	local was

	was=$(to_host)
	in_bmc 60 'stream_more 20'
	[ "$(to_host)" = "$was" ] || fail "the card gives frames to the queues of a host that is off"
}

hung()
{
	in_bmc 60 'stream_more 20'
}

# met: host and BMC reach each other, and nothing else of the BMC comes to the host
met()
{
	in_guest 60 'lease "$(nic)"'
	host_ip=$out
	watch_host
	in_bmc 60 "reach $host_ip; stream_more 10"
	in_guest 60 "reach $bmc_ip"
	host_saw_none
}

run_test()
{
	local n

	. "$here/bmc.sh"
	guest_settings
	guest_append="unknown_nmi_panic panic=0"
	bmc_card
	bmc_boot fby35-bmc debian -no-reboot
	in_bmc 60 debug_ncsi
	bmc_address
	in_bmc 60 'stream_start 10.0.2.2'
	through "host off" off
	through "host off, the cable in again" cable_out_and_in
	n=$(aens host)
	through "host boots, driver comes" boot
	want_aens host $((n + 1))
	met
	for n in 1 2; do
		through "interface down and up, $n" host_down_and_up
	done
	through "driver unbound and bound" unbind_bind
	met
	through "host reboots" reboot_host
	through "host's kernel panics" crash_host
	through "host hung" hung
	through "QEMU killed" kill_host
	through "host off" off
	through "another QEMU" boot
	met
	in_bmc 60 stream_stop
}
