# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The BMC's network through changes of the link, restarts, crashes and hangs of the
# firmware, and a reboot of its own, with a host whose driver sees the same:
# each is the right AEN, and Linux sets the channel up again by itself.

setup=own
long=yes
drivers=latest
why="it does not tell firmware the host's addresses"

restart()
{
	local n

	n=$(aens config)
	ask_card fw 0 restart
	want_aens config $((n + 1))
}

# A crashed firmware comes back by itself
crash()
{
	local n

	n=$(aens config)
	ask_card fw 0 crash
	want_aens config $((n + 1))
}

# While it hangs there are no answers; the data path goes on. (After seven seconds Linux
# would give the channel up.)
hang()
{
	local n

	n=$(aens config)
	ask_card fw 0 hang
	in_bmc 60 'stream_more 10'
	[ "$(aens config)" = "$n" ] || fail "an AEN of a firmware that hangs"
	ask_card fw 0 restart
	want_aens config $((n + 1))
}

run_test()
{
	local n setups

	. "$here/bmc.sh"
	bmc_card
	bmc_boot fby35-bmc debian
	in_bmc 60 debug_ncsi
	host_boot -no-reboot
	in_guest 60 'i=$(nic); ip link set "$i" up; lease "$i"'
	host_ip=$out
	bmc_address
	in_bmc 60 'stream_start 10.0.2.2'
	for n in 1 2 3; do
		through "the cable in again, $n" cable_out_and_in
	done
	for n in 1 2; do
		through "firmware restart, $n" restart
	done
	through "firmware crash" crash
	through "firmware hangs for 2 s, restart" hang
	in_bmc 60 "stream_stop; reach $host_ip"
	in_guest 90 'i=$(nic); want "a link" poll 20 has_link "$i"; poll 60 ping -q -c 1 -w 2 '"$bmc_ip"' >/dev/null || bad "the host does not reach the BMC"
fw_beats "$i" 2
dmesg -c >/dev/null'	# what the driver says of a firmware that crashes is its own test
	[ "$(aens link)" -ge 6 ] || fail "$(aens link) AENs for six changes of the link"

	# what was set up before lets frames through at first, until Linux deselects the package
	setups=$(channel_setups)
	guest_send "$work/bmc" 0 'reboot -f'
	guest_wait_ready "$work/bmc" 2 || fail "the BMC does not come up again"
	in_bmc 60 'ip link set eth0 up'
	want_setup $((setups + 1))
	in_bmc 150 "bmc_lease; reach 10.0.2.2; reach $host_ip"
}
