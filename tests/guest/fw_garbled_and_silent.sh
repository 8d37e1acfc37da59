# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Messages that are lost on the way or that the driver can't read, so that it waits for
# an answer in vain; capabilities with which it does not begin; an uptime that goes back,
# which is a crash to it.

setup=user
long=yes
drivers=latest
why="6.12 asks the firmware for little of it"

garbled()
{
	ask_card garble 0 "$@" >/dev/null || fail "garble $*"
}

# unanswered MESSAGE CHANGE REGEX: nobody can read the voltage, the kernel says why; then all is well
unanswered()
{
	in_guest 10 'dmesg -c >/dev/null'
	garbled "$1" "$2" 100
	in_guest 60 'if cat /sys/class/hwmon/hwmon*/in0_input >/tmp/said 2>&1; then cat /tmp/said; bad "'"$1 $2"' is taken"; fi
cat /tmp/said
has /tmp/said "[Tt]imed out|timeout"
dmesg >/tmp/said; has /tmp/said "'"$3"'"
dmesg -c >/dev/null'
	ask_card fault 0 garble 0 >/dev/null
	in_guest 20 'cat /sys/class/hwmon/hwmon*/in0_input'
}

# unbound CHANGE REGEX: the driver says so and does not take a card with these capabilities; it takes the next ones
unbound()
{
	in_guest 20 'driver_goes; dmesg -c >/dev/null'
	garbled fw_cap_resp "$1" 1000
	in_guest 60 'if echo "$(cat /run/pci)" >/sys/bus/pci/drivers/fbnic/bind; then bad "bound with '"$1"'"; fi
dmesg >/tmp/said
grep -v "fbnic:0" /tmp/said
has /tmp/said "'"$2"'" "Firmware mailbox initialization failure"
dmesg -c >/dev/null'
	ask_card fault 0 garble 0 >/dev/null
	in_guest 60 'driver_comes; up_with_link'
}

crashes()
{
	ask_card fw 0 | grep -o '"fw_crashes":[0-9]*'
}

run_test()
{
	local before

	trap 'ask_card fault 0 garble 0' EXIT
	in_guest 30 'ip link set "$(nic)" up; want "link" poll 20 has_link "$(nic)"'
	unanswered tsene_read_req fails "FW completed a Tx mailbox request with an error"
	unanswered tsene_read_resp fails "FW reported an error on an Rx mailbox message"
	unanswered tsene_read_resp millivolts.bytes=9 "Unable to process message: -22"
	unbound version=none "Unable to process message: -22"
	unbound version=0x000a0500 "version\(00.10.05-000\) is older than minimum required version\(00.10.06-000\)"

	# one heartbeat says that the firmware has just started
	in_guest 60 'fw_may_crash "$(nic)"; dmesg -c >/dev/null'
	before=$(crashes)
	garbled heartbeat_resp uptime_ms=1
	in_guest 90 'crashed() { grep -q "Firmware crash detected" /sys/kernel/debug/fbnic/*/fw_log; }
want "a crash is seen" poll 40 crashed
dmesg >/tmp/log; has /tmp/log "Firmware did not respond to heartbeat message"
dmesg -c >/dev/null
fw_recovered "$(nic)"
want "link" poll 20 has_link "$(nic)"'
	[ "$(crashes)" = "$before" ] || fail "it has crashed: $(ask_card fw 0)"
}
