# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The firmware's log and mailbox in debugfs: each line as it is written; the history
# that a driver finds which comes later, in few large messages, and no more of it than
# the ring of 64 has; the mailbox's rings; the driver's own 512 KiB of lines, which wrap
# around. On the way: fuses that are bad at probe.

setup=user
drivers=latest
why="6.12 has no log"

log_entries()
{
	ask_card fw 0 | grep -o '"fw_log_entries":[0-9]*' | cut -d: -f2
}

# The temperature, and the line that the firmware writes when it has seen it
warm_to()
{
	local n i

	n=$(log_entries)
	ask_card sensor 0 temp "$1" >/dev/null
	for ((i = 0; i < 1000 * ${OPENFBNIC_PATIENCE:-1}; i++)); do
		(($(log_entries) == n)) || return 0
	done
	fail "no line about $1 thousandths of a degree"
}

# Lines of the log: two for each
write_lines()
{
	local i

	for ((i = 0; i < $1; i++)); do
		warm_to 96000
		warm_to 50000
	done
}

# log_messages: so many have come in all, as told by the card's trace
log_messages()
{
	grep -c 'log_msg_req' "$shared/card/log" || true
}

chat() { ask_card fault 0 chatty "$1" >/dev/null; }
chatted() { ask_card fault 0 | grep -q '"chatty":0\>'; }

# The driver keeps what fits in 512 KiB, 96 bytes for each of these lines: 12000 are twice around
wrap_around()
{
	local i

	chat 12000
	for ((i = 600 * ${OPENFBNIC_PATIENCE:-1}; i > 0; i--)); do
		! chatted || break
		sleep 0.1
	done
	((i > 0)) || fail "the driver does not take 12000 lines"
	warm_to 96000
	in_guest 60 'last() { tail -n 1 /sys/kernel/debug/fbnic/*/fw_log | grep -q "sensor: temperature 96000"; }
want "the last line" poll 20 last
cat /sys/kernel/debug/fbnic/*/fw_log >/tmp/log
sed "s/^\[ *//; s/\].*//" /tmp/log >/tmp/index
awk "NR > 1 && \$1 != last + 1 { exit 1 } { last = \$1 } END { exit NR < 5400 || NR > 5462 || last < 12000 }" /tmp/index ||
	bad "not the last 5461 lines or so, or not in order: $(wc -l </tmp/log), $(head -n 1 /tmp/index) to $(tail -n 1 /tmp/index)"
[ "$(grep -c "fault: chatty" /tmp/log)" -gt 5400 ] || bad "lines of something else"'
}

run_test()
{
	local before bulk

	trap 'ask_card trace 0 none; ask_card otp 0 0; ask_card sensor 0 auto; chat 0' EXIT
	# a firmware that crashed since the driver came has forgotten who wants its log
	in_guest 60 'driver_goes
driver_comes
up_with_link	# and no more lines about that
cat /sys/kernel/debug/fbnic/*/fw_mbx >/tmp/mbx
cat /tmp/mbx
has /tmp/mbx "^Rx$" "^Tx$" "^Idx Len  E Addr"
[ "$(grep -c "^Rdy: 1 Head: [0-9]* Tail: [0-9]* resp_error: 0$" /tmp/mbx)" = 2 ] || bad "a ring is not ready, or saw errors"
[ "$(grep -c "^[0-9]* *4096 0 [0-9a-f]* 0 1 " /tmp/mbx)" = 15 ] || bad "not 15 pages posted"
has /sys/kernel/debug/fbnic/*/fw_log "host: took the card"'

	write_lines 5
	in_guest 20 'ten() { [ "$(tail -n 10 /sys/kernel/debug/fbnic/*/fw_log | grep -c "sensor: temperature")" = 10 ]; }
want "ten lines" poll 10 ten
tail -n 10 /sys/kernel/debug/fbnic/*/fw_log >/run/log.before'

	# without a driver the ring goes on, and wraps around
	in_guest 40 driver_goes
	write_lines 40
	ask_card otp 0 0x11 0x00220033
	ask_card trace 0 fw
	before=$(log_messages)
	in_guest 60 'p=$(cat /run/pci)
driver_comes
sed "s/^\[ *//; s/\].*//" /sys/kernel/debug/fbnic/*/fw_log >/tmp/index
cat /sys/kernel/debug/fbnic/*/fw_log
# 64 lines of history at most; what bad fuses say is the driver'"'"'s own line, with index 0
grep -v "^0$" /tmp/index | awk "NR > 1 && \$1 != last + 1 { exit 1 } { last = \$1 } END { exit NR < 64 || NR > 80 }" ||
	bad "the history has gaps, or is not of 64 lines"
has /sys/kernel/debug/fbnic/*/fw_log "host: driver connected" "sensor: temperature 96000 mC, beyond its limits" \
	"error detected during probe"
! grep -q "host: driver disconnected" /sys/kernel/debug/fbnic/*/fw_log || bad "older than 64 lines"
devlink health show "pci/$p" reporter otp >/tmp/health
has /tmp/health "reporter otp" "error 1"
devlink health dump show "pci/$p" reporter otp >/tmp/dump
cat /tmp/dump
has /tmp/dump "Status: 17" "Data: 34" "ECC: 51"
devlink health dump clear "pci/$p" reporter otp
dmesg -c >/dev/null
i=$(nic); ip link set "$i" up; want "link" poll 20 has_link "$i"'
	bulk=$(($(log_messages) - before))
	ask_card trace 0 none
	((bulk >= 5 && bulk <= 20)) || fail "64 lines and a few in $bulk messages"

	wrap_around
}
