# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# devlink info and health: what the reporters show, diagnose and dump; that they
# neither test nor recover by hand, since the driver has no such thing; dumps that can't be
# had; a crash, seen by the second heartbeat, with its core dump and recovery, and
# fuses that are bad by then.

setup=user
drivers=latest
why="6.12 has no health reporters"

# dump_says REGEX...: of the core dump that devlink shows, printed by fbnic-dump
dump_says()
{
	local re

	in_guest 60 'devlink health dump show "pci/$(pci_of "$(nic)")" reporter fw || bad "no dump"' >"$work/dump.hex"
	"$(dirname "${FBNICD:-$top_dir/build/fbnicd}")/fbnic-dump" "$work/dump.hex" >"$work/dump" ||
		fail "the dump is not whole"
	for re; do
		grep -Eq -e "$re" "$work/dump" || { cat "$work/dump"; fail "the dump does not say '$re'"; }
	done
	in_guest 20 'devlink health dump clear "pci/$(pci_of "$(nic)")" reporter fw'
}

# no_dump REGEX: devlink fails and says so
no_dump()
{
	in_guest 30 'if devlink health dump show "pci/$(pci_of "$(nic)")" reporter fw >/tmp/said 2>&1; then
	cat /tmp/said; bad "a dump that can not be"
fi
cat /tmp/said
has /tmp/said "'"$1"'"
dmesg -c >/dev/null'
}

run_test()
{
	local i

	trap 'ask_card trace 0 none; ask_card sensor 0 auto; ask_card otp 0 0; ask_card fault 0 dump 0; ask_card fault 0 dump-read 0' EXIT
	in_guest 60 '
i=$(nic) p=pci/$(pci_of "$(nic)")
ip link set "$i" up
devlink dev info "$p" >/tmp/info
tr -s " \n" " " </tmp/info >/tmp/line
cat /tmp/info
has /tmp/line "driver fbnic serial_number 02-fb-00-[0-9a-f-]*-00-0a-01 " \
	"running: fw 26.11.00-001 fw.commit openfbnic fw.bootloader 26.11.00-001 fw.bootloader.commit openfbnic-boot" \
	"stored: fw 26.11.00-001 fw.commit openfbnic fw.bootloader 26.11.00-001 fw.bootloader.commit openfbnic-boot fw.undi 26.11.00-001 fw.undi.commit openfbnic-uefi"
devlink health show "$p" >/tmp/health
cat /tmp/health
has /tmp/health "reporter fw" "reporter otp"
beating() { devlink health diagnose "$p" reporter fw | tr -s " \n" " " | grep -q "last_heartbeat: fw_uptime: sec: [0-9]* msec: [0-9]"; }
want "a heartbeat" poll 20 beating
for r in fw otp; do
	for v in test recover; do
		if devlink health $v "$p" reporter $r >/tmp/said 2>&1; then
			# nothing to recover from is success
			[ $v = recover ] || bad "devlink health $v reporter $r"
		else
			has /tmp/said "not supported"
		fi
	done
done
if devlink health diagnose "$p" reporter otp >/tmp/said 2>&1; then bad "otp has a diagnosis"; fi
devlink health show "$p" | sed -n "/reporter fw/,/reporter otp/s/.*error \([0-9]*\).*/\1/p" >/run/errors'

	# a log that is full makes the dump longer than a message
	for i in {1..32}; do
		ask_card sensor 0 temp 96000
		ask_card sensor 0 temp 50000
	done >/dev/null
	dump_says '^core dump, [4-9][0-9]{3} bytes: asked for, firmware 26\.11\.00-001, up [0-9]+ ms$' '^TEXT' '^STAT' '^MBOX' \
		'^REGS' '^HIST' '^LAST' '^LOGS' 'host here, host owns the card' 'from host 0x18 coredump_info_req, 8 bytes$' \
		'to host 0x44 log_msg_req' 'sensor: temperature 96000 mC, beyond its limits'
	ask_card fault 0 dump
	no_dump "dump returned error"
	ask_card fault 0 dump-read
	no_dump "No data for core dump chunk .1/2."

	ask_card trace 0 fw		# for whoever has to find out why the driver does not see it
	in_guest 60 'fw_may_crash "$(nic)"; cat /proc/uptime
devlink health diagnose "pci/$(pci_of "$(nic)")" reporter fw'
	ask_card otp 0 1
	ask_card fw 0 crash
	in_guest 60 'p=pci/$(pci_of "$(nic)")
crashed() { n=$(devlink health show "$p" | sed -n "/reporter fw/,/reporter otp/s/.*error \([0-9]*\).*/\1/p")
	[ "$n" = $(($(cat /run/errors) + 1)) ]; }
want "the crash seen by the second heartbeat" poll 30 crashed
devlink health show "$p"
dmesg >/tmp/log; has /tmp/log "Firmware did not respond to heartbeat message"
# the driver does not ask for the log again: these lines are its own
has /sys/kernel/debug/fbnic/*/fw_log "Firmware crash detected!" "error detected after firmware recovery"
devlink health show "$p" reporter otp >/tmp/health; has /tmp/health "state error"
devlink health dump show "$p" reporter otp >/tmp/dump; has /tmp/dump "Status: 1"
devlink health dump clear "$p" reporter otp
if devlink health recover "$p" reporter fw >/tmp/said 2>&1; then bad "the driver can recover by hand"; fi
has /tmp/said "not supported"
dmesg -c >/dev/null'
	dump_says '^core dump, [0-9]+ bytes: crash, firmware 26\.11\.00-001' 'reason: asked for' 'assert: asked for' \
		'from host 0x20 coredump_read_req'
	in_guest 60 'fw_recovered "$(nic)"
want "link" poll 20 has_link "$(nic)"'
	[[ $(ask_card fw 0) == *'"phase":"ready"'* ]] || fail "not ready: $(ask_card fw 0)"
}
