# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The firmware is on a computer of its own, and that is killed while data flows: the
# driver finds the firmware dead by its heartbeats, nothing of the data is lost, and when
# the computer is started again the driver takes the card again. Then it is killed and
# started at once, between two heartbeats.

setup=own
drivers=latest
long=yes
why="6.12 has no recovery"

fwctl()
{
	"${FBNICCTL:-$here/../../build/fbnicctl}" "$work/card/control" fw 0 || fail "fbnicctl fw"
}

start_firmware()
{
	firmware_start "$work/firmware" "$work/card/fw" || fail "the firmware does not start"
	[[ $(fwctl) == *'"phase":"ready"'* ]] || fail "the firmware is not ready: $(fwctl)"
}

# streams_flow: more of them have ended than before
streams_flow()
{
	in_guest 90 'wc -l </run/streams >/run/before
want "streams flow" poll 80 sh -c "[ \$(wc -l </run/streams) -gt \$((\$(cat /run/before) + 1)) ]"'
}

# recovered ERRORS: as devlink counts them
recovered()
{
	in_guest 150 '
p=$(pci_of "$A")
want "the driver notices the new firmware" poll 60 sh -c "devlink health show pci/$p |
	grep -A1 \"reporter fw\" | grep -q \"error '"$1"'\""
devlink health dump show "pci/$p" reporter fw >/tmp/dump
has /tmp/dump "4f 46 42 44 55 4d 50 31"
devlink health dump clear "pci/$p" reporter fw
want "heartbeats again" poll 30 sh -c "devlink health diagnose pci/$p reporter fw | grep -q fw_uptime"
dmesg -c | grep -E "fbnic.*(Oops|recovery failed)" && bad "recovery"
reach_all'
}

run_test()
{
	card_start "$work/card" --card "socket=$work/card/0,mac=$mac_a,wire=pair:p,fw=function:$work/card/fw" \
		--card "socket=$work/card/1,mac=$mac_b,wire=pair:p,fw=inside" || fail "fbnicd does not start"
	start_firmware
	guest_settings
	guest_cards=("$work/card/0" "$work/card/1")
	guest_start "$guest" -no-reboot || fail "the guest does not boot"
	in_guest 150 '
pair_up
p=$(pci_of "$A")
want "a heartbeat" poll 30 sh -c "devlink health diagnose pci/$p reporter fw | grep -q fw_uptime"
random_file /tmp/data 4000000
(
	while [ ! -e /run/enough ]; do
		one_stream out tcp 0 /tmp/data && one_stream in tcp 1 /tmp/data || exit
		echo x >>/run/streams
	done
	touch /run/ended
) >/run/streams.log 2>&1 &
poll 60 test -e /run/streams || { cat /run/streams.log; bad "no stream"; }
dmesg -c >/dev/null'

	end_process "$work/firmware" KILL
	[[ $(fwctl) == *'"phase":"off"'* ]] || fail "the firmware is not off: $(fwctl)"
	streams_flow
	in_guest 90 'want "the driver misses heartbeats" poll 80 sh -c "dmesg | grep -q \"did not respond to heartbeat\""
dmesg -c >/dev/null'
	streams_flow
	start_firmware
	recovered 1

	end_process "$work/firmware" KILL
	start_firmware
	recovered 2
	streams_flow
	in_guest 90 'touch /run/enough
poll 60 test -e /run/ended || { cat /run/streams.log; bad "a stream was spoilt"; }
reach_all
dmesg -c >/dev/null'
	[[ $(fwctl) == *'"fw_boots":1,'* ]] || fail "not a fresh firmware: $(fwctl)"
	alive "$work/card" || fail "fbnicd is gone"

	# a firmware whose card goes has nothing left to do
	card_start "$work/other" --card "socket=$work/other/0,wire=none,fw=function:$work/other/fw" ||
		fail "another fbnicd does not start"
	firmware_start "$work/other/firmware" "$work/other/fw" || fail "no firmware for the other card"
	end_process "$work/other" TERM
	wait_for 60 "$work/other/firmware" not alive "$work/other/firmware" ||
		fail "the firmware does not see that its card is gone"
	grep -q "the card is gone" "$work/other/firmware/console" ||
		fail "its console: $(tail -n 1 "$work/other/firmware/console")"
}
