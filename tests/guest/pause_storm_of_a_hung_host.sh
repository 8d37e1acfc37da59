# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A host that hangs while frames come: its card pauses the other one, and because that
# lasts for longer than the driver allows (ethtool's tunable pfc-prevention-tout) it says
# pause storm and lets go of the cable. The driver, when it runs again, ends the storm.

setup=own
drivers=latest
why="6.12 does not look for pause storms"

# of_net NAME: the network's instance of a counter of the hanging host's card
of_net()
{
	ask_card reg 0 "$1" | grep -o "\"$1\[0\]\":[0-9]*" | cut -d: -f2
}

storms_are()
{
	[ "$(of_net RXB_INTR_PS_COUNT)" = "$1" ]
}

storm_pending()
{
	[[ $(ask_card fields 0 RXB_ERR_INTR_STS) != *'"PS":0'* ]]
}

no_storm_pending()
{
	! storm_pending
}

# hang: the host stands still while the other one floods it
hang()
{
	guest=$work/other in_guest 60 '
for n in 1 2 3 4; do
	go_on "ping -q -f -s 60000 $V4A"
done'
	guest_qmp "$guest" stop >/dev/null || fail "the host does not stop"
}

# transfer: a file from the other host
transfer()
{
	local sum

	in_guest 60 'rm -f /tmp/got
xfer -l recv "$V4A" 5000 /tmp/got >/tmp/xfer.log 2>&1 &
want "a receiver" poll 20 listening tcp 5000'
	guest=$work/other in_guest 60 'random_file /tmp/file 1000003
xfer send "$V4A" 5000 /tmp/file || bad "the file is not sent"
sum /tmp/file'
	sum=$(tail -n 1 <<<"$out")
	in_guest 60 'sum /tmp/got'
	[ "$out" = "$sum" ] || fail "the file has another SHA-256"
}

# storm NUMBER: the host hangs until its card says storm; then it goes on and ends it
storm()
{
	hang
	wait_for 30 "$guest" storms_are "$1" || fail "$(of_net RXB_INTR_PS_COUNT) pause storms, $(of_net RXB_PAUSE_EVENT_CNT) pauses"
	storm_pending || fail "the storm is not in RXB_ERR_INTR_STS"
	guest_qmp "$guest" cont >/dev/null
	guest=$work/other in_guest 60 traffic_stop
	wait_for 20 "$guest" no_storm_pending || fail "the driver does not end the storm"
	storms_are "$1" || fail "$(of_net RXB_INTR_PS_COUNT) pause storms"
	in_guest 60 'reach "$V4B"'
	transfer
}

run_test()
{
	guests=("$work/host" "$work/other")
	card_start "$work/card" --card "socket=$work/card/0,mac=$mac_a,wire=pair:p" \
		--card "socket=$work/card/1,mac=$mac_b,wire=pair:p" || fail "fbnicd does not start"
	guest_settings
	guest_cpus=2
	guest_cards=("$work/card/1")
	guest_start "$work/other" -no-reboot || fail "the other host does not boot"
	guest=$work/host
	guest_cards=("$work/card/0")
	guest_start "$guest" -no-reboot || fail "the host does not boot"
	guest=$work/other in_guest 60 '
B=$(nic)
ethtool -A "$B" autoneg off rx on tx on || [ $? = 80 ] || bad "pause"
ip addr add "$V4B/24" dev "$B"
ip link set "$B" up'
	in_guest 60 '
A=$(nic)
ethtool -A "$A" autoneg off rx on tx on || [ $? = 80 ] || bad "pause"
ethtool --set-tunable "$A" pfc-prevention-tout 400 || bad "the tunable"
[ "$(ethtool --get-tunable "$A" pfc-prevention-tout | sed -n "s/.*: *//p")" = 400 ] || bad "the tunable is another"
ethtool --set-tunable "$A" pfc-prevention-tout 60000 2>/dev/null && bad "a minute was taken"
ip addr add "$V4A/24" dev "$A"
ip link set "$A" up
want "a link" poll 20 has_link "$A"
reach "$V4B"'
	storms_are 0 || fail "a storm before there was one"
	storm 1
	storm 2
}
