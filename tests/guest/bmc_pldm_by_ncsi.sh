# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A BMC with Debian's kernel asks the card by NC-SI, through the kernel's netlink: PLDM discovery, the
# sensors, the versions; firmware updates with the packages of devlink, their refusals, and each of BMC and
# host kept off while the other updates; firmware that restarts; core dumps, of which the host shows the same bytes.

setup=own
long=yes
drivers=latest
why="6.12 can't flash"

# crash_dump: taken before there is a host, kept for it, and the same there
crash_dump()
{
	local n size

	n=$(aens config)
	in_bmc 60 'if fbnic-bmc dump --crash /tmp/dump >/tmp/said 2>&1; then bad "a dump of no crash"; fi
has /tmp/said "Get Debug Data: response 1/"; [ ! -e /tmp/dump ] || bad "a file of no dump"'
	bmc_reads 'firmware health'
	[ "$out" = normal ] || fail "the firmware's health is '$out'"
	ask_card fw 0 crash
	want_aens config $((n + 1))
	in_bmc 60 'poll 20 fbnic-bmc dump --crash /tmp/dump >/tmp/said 2>&1 || { cat /tmp/said; bad dump; }
cat /tmp/said; wc -c </tmp/dump; head -c 20 /tmp/dump | od -A n -t x1
od -A n -v -t x1 /tmp/dump | tr -d " \n" | sha256sum'
	size=$(sed -n 2p <<<"$out")
	dump_sum=$(tail -n 1 <<<"$out")
	note "the dump of a crash has $size bytes"
	grep -q '4f 46 42 44 55 4d 50 31 .. .. 00 00 02' <<<"$(tr -s ' \n' ' ' <<<"$out")" || fail "that is no dump of a crash"
	bmc_reads 'firmware health'
	[ "$out" = non-critical ] || fail "with a dump for the host, the firmware's health is '$out'"
}

host_has_crash_dump()
{
	in_guest 60 'p=pci/$(pci_of "$(nic)")
devlink health dump show "$p" reporter fw >/tmp/dump || bad "no dump"
head -n 3 /tmp/dump
grep -oE "(^| )[0-9a-f]{2}( [0-9a-f]{2})+ *$" /tmp/dump | tr -d " \n" | sha256sum
devlink health dump clear "$p" reporter fw'
	[ "$(tail -n 1 <<<"$out")" = "$dump_sum" ] || fail "the host's dump is another"
	bmc_reads 'firmware health'
	[ "$out" = normal ] || fail "the host has read the dump, and the firmware's health is '$out'"
}

# fresh_dump: made on demand, for each of the two
fresh_dump()
{
	in_bmc 60 'fbnic-bmc dump /tmp/dump >/tmp/said 2>&1 || { cat /tmp/said; bad dump; }
od -A n -v -t x1 /tmp/dump'
	dump_is_whole BMC
	in_guest 60 'p=pci/$(pci_of "$(nic)")
devlink health dump show "$p" reporter fw || bad "no dump"
devlink health dump clear "$p" reporter fw'
	dump_is_whole host
}

dump_is_whole()
{
	"$(dirname "${FBNICD:-$top_dir/build/fbnicd}")/fbnic-dump" <<<"$out" >"$work/dump" || fail "the $1's dump is none"
	head -n 3 "$work/dump"
	grep -q 'asked for' "$work/dump" || fail "the $1's dump was not asked for"
}

# While one updates the other may not, and does not spoil it. The first stands still meanwhile.
exclusive()
{
	begin_update
	update_signal STOP
	in_guest 60 'p=pci/$(pci_of "$(nic)")
if devlink dev flash "$p" file good.pldm >/tmp/said 2>&1; then bad "two updates at a time"; fi
cat /tmp/said; dmesg -c >/dev/null'
	update_signal CONT
	end_update 0 'stored; it runs after the next power cycle'
	versions 27.01.02-003 28.00.00-001

	in_guest 60 'p=pci/$(pci_of "$(nic)")
{ s=0; devlink dev flash "$p" file large.pldm >/tmp/updating 2>&1 || s=$?; echo $s >/run/updated; } &
want "the update is under way" poll 30 grep -qs "Flashing" /tmp/updating'
	guest_qmp "$guest" stop || fail "the host does not stop"
	bmc_refused good.pldm 'RequestUpdate: refused with code 0x8a'
	guest_qmp "$guest" cont
	in_guest 300 'want "the end of the update" poll 280 test -e /run/updated
tr "\r" "\n" </tmp/updating | tail -n 3
[ "$(cat /run/updated)" = 0 ] || bad "the host has not updated"'
	versions 27.01.02-003 28.00.00-001
}

# Firmware that restarts has forgotten the update, and what waited in the same slot; the BMC
# is told, and may begin another
forgotten()
{
	local n

	guest_stop "$guest"
	n=$(aens config)
	begin_update
	ask_card fw 0 restart
	want_aens config $((n + 1))
	end_update 1 '.'
	in_bmc 60 'poll 20 fbnic-bmc info >/tmp/info || { cat /tmp/info; bad info; }
has /tmp/info "^component 1, .*: active 27.01.02-003, pending -,"'
}

# Any command, for people; Linux drops the answers of those that it does not know
commands()
{
	in_bmc 60 'fbnic-bmc --channel=0 command 0a >/tmp/said 2>&1 || { cat /tmp/said; bad "Get Link Status"; }
cat /tmp/said
has /tmp/said "^0/0x0000 [0-9a-f]{24}$"
if fbnic-bmc command 48 >/tmp/said 2>&1; then cat /tmp/said; bad "an answer to 0x48"; fi
has /tmp/said "timed out"'
}

run_test()
{
	. "$here/pldm.sh"
	packages 600000
	mkdir -p "$work/state"
	bmc_card "wire=user,state=$work/state"
	bmc_boot fby35-bmc debian -no-reboot
	bmc_address
	crash_dump
	pldm_host
	host_has_crash_dump
	fresh_dump
	bmc_discovers
	sensors_agree

	versions 26.11.00-001 26.11.00-001
	bmc_refused other.pldm 'nothing for 1d9b:'
	bmc_refused short.pldm '.'
	bmc_refused rotten.pldm 'verification failed'
	versions 26.11.00-001 26.11.00-001
	bmc_update good.pldm
	versions 26.11.00-001 27.01.02-003
	power
	versions 27.01.02-003 27.01.02-003
	exclusive
	commands
	forgotten

	bmc_update newer.pldm
	power
	versions 29.00.00-001 29.00.00-001
	bmc_refused good.pldm 'anti-rollback 2'
	in_bmc 60 'reach 10.0.2.2'
}
