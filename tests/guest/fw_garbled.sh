# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Messages of the firmware that are not what they should be: the driver's parsers refuse
# each, say why, and the same request is answered the next time. Those which the driver
# waits for in vain: fw_garbled_and_silent.

setup=user
drivers=latest
why="6.12 asks the firmware for little of it"

# garbled MESSAGE CHANGE [TIMES]
garbled()
{
	ask_card garble 0 "$@" || fail "garble $*"
}

# struck TIMES: at least one of so many that were asked for
struck()
{
	[[ $(ask_card fault 0) != *"\"garble\":$1"[,\}]* ]] || fail "no message was garbled"
	ask_card fault 0 garble 0 >/dev/null
}

# refused MESSAGE CHANGE REGEX COMMAND: it fails, and it or the kernel says so; later it succeeds. More than
# once: a program may read again what it could not read.
refused()
{
	garbled "$1" "$2" 100
	in_guest 40 'i=$(nic) d=pci/$(pci_of "$(nic)")
again() { '"$4"'; }
dmesg -c >/dev/null
if again >/tmp/said 2>&1; then cat /tmp/said; bad "'"$1 $2"' is taken"; fi
dmesg >>/tmp/said
grep -v "fbnic:0" /tmp/said || true
has /tmp/said "'"$3"'"
dmesg -c >/dev/null'
	struck 100
	in_guest 40 'i=$(nic) d=pci/$(pci_of "$(nic)")
again() { '"$4"'; }
again >/tmp/said 2>&1 || { cat /tmp/said; bad "the next one after '"$1 $2"'"; }'
}

# noted MESSAGE CHANGE REGEX: the kernel says so of a line of the log, and takes the next one
noted()
{
	in_guest 10 'dmesg -c >/dev/null'
	garbled "$1" "$2"
	ask_card sensor 0 temp 96000
	in_guest 20 'said() { dmesg | grep -Eq "'"$3"'"; }
poll 10 said || { dmesg; bad "'"$1 $2"' is taken"; }
dmesg -c >/dev/null'
	ask_card sensor 0 temp 50000
	in_guest 20 'next() { tail -n 1 /sys/kernel/debug/fbnic/*/fw_log | grep -q "temperature 50000"; }
want "the next line" poll 10 next'
	struck 1
}

# bound MESSAGE CHANGE REGEX: the kernel says so when the driver comes, which asks again or does without
bound()
{
	in_guest 20 'driver_goes; dmesg -c >/dev/null'
	garbled "$1" "$2"
	in_guest 40 'driver_comes
dmesg >/tmp/said
grep -v "fbnic:0" /tmp/said || true
has /tmp/said "'"$3"'"
dmesg -c >/dev/null
up_with_link'
	struck 1
}

rebind()
{
	in_guest 60 'driver_goes; driver_comes; up_with_link; dmesg -c >/dev/null'
}

run_test()
{
	local dump='devlink health dump show "$d" reporter fw && devlink health dump clear "$d" reporter fw'
	local sensor='cat /sys/class/hwmon/hwmon*/in0_input'
	local t

	trap 'ask_card fault 0 garble 0; ask_card sensor 0 auto' EXIT
	# a firmware that crashed since the driver came has forgotten who wants its log
	rebind
	ask_card sensor 0 temp 50000

	refused qsfp_read_resp page=7 "page not equal to page requested: 7 vs 0" 'ethtool -m "$i"'
	refused qsfp_read_resp bank=3 "bank not equal to bank requested: 3 vs 0" 'ethtool -m "$i"'
	refused qsfp_read_resp length=5 "offset/length not equal to size requested: [0-9]+/5 vs" 'ethtool -m "$i"'
	refused qsfp_read_resp data=none "No data available" 'ethtool -m "$i"'
	refused tsene_read_resp millivolts=none "Invalid argument" "$sensor"
	refused tsene_read_resp error=-71 "Protocol error" "$sensor"

	for t in 'data=none|error -61|No data' 'length=100000|length greater than size of message' \
		'offset=1|offset 1 out of range' 'length=1|length 1 out of range for offset'; do
		refused coredump_read_resp "${t%%|*}" "${t#*|}" "$dump"
	done
	refused coredump_info_resp available=0 "error -2|No such|dump" "$dump"
	refused coredump_info_resp error=-13 "error -13|Permission|dump" "$dump"

	noted log_msg_req text=none "Unable to process message: -22"
	noted log_msg_req length=20 "Unable to process message: -7"
	noted log_msg_req length=3 "Unable to process message: -22"
	noted log_msg_req msec.bytes=5 "Unable to process message: -22"
	noted log_msg_req text.bytes=3 "Unable to process message: -22"
	noted log_msg_req dwords=5000 "Mailbox message length mismatch"
	noted log_msg_req dwords=5000 "Unable to process message: -7"
	noted log_msg_req id=127 "Unable to process message: -2"
	noted log_msg_req fails "FW reported an error on an Rx mailbox message; dropping"
	# more lines in a message are promised than are in it
	in_guest 10 'dmesg -c >/dev/null'
	garbled log_msg_req length=9
	ask_card fault 0 chatty 5
	in_guest 20 'said() { dmesg | grep -q "Received log message with missing attributes"; }
want "missing lines are missed" poll 10 said
dmesg -c >/dev/null'

	bound fw_cap_resp fails "FW reported an error on an Rx mailbox message; dropping"
	bound host_cap_req fails "FW completed a Tx mailbox request with an error"
	bound fw_cap_resp bmc_present=1 "Unable to process message: -22"	# and no addresses of it
	bound fw_cap_resp commit=none "Firmware did not send mgmt commit"
	bound fw_cap_resp version=0x000c0800 "Firmware version is too old to support firmware logs|too old"

	# and for those who come after us: capabilities as they are
	rebind
	ask_card sensor 0 auto
}
