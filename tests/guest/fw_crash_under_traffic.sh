# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The firmware crashes, and later hangs and is restarted, while data flows: nothing of
# it is lost, the driver notices by the heartbeat, collects the core dump and takes the
# card again.

setup=pair
drivers=latest
long=yes
why="6.12 has no recovery"

fwctl()
{
	"${FBNICCTL:-$here/../../build/fbnicctl}" "$shared/card/control" fw 0 "$@" ||
		fail "fbnicctl fw $*"
}

run_test()
{
	in_guest 150 '
rm -f /run/streams /run/enough /run/ended
pair_up
p=$(pci_of "$A")
devlink health show "pci/$p" >/tmp/health
has /tmp/health "reporter fw" "reporter otp"
fw_may_crash "$A"
devlink health dump show "pci/$p" reporter fw >/tmp/dump
has /tmp/dump "4f 46 42 44 55 4d 50 31"
devlink health dump clear "pci/$p" reporter fw
dmesg -c >/dev/null
random_file /tmp/data 4000000
# streams one after the other, both ways, each compared with what was sent
(
	while [ ! -e /run/enough ]; do
		one_stream out tcp 0 /tmp/data && one_stream in tcp 1 /tmp/data || exit
		echo x >>/run/streams
	done
	touch /run/ended
) >/run/streams.log 2>&1 &
poll 60 test -e /run/streams || { cat /run/streams.log; bad "no stream"; }'
	fwctl crash
	in_guest 120 '
p=$(pci_of "$A")
want "the driver notices the crash" poll 60 sh -c "dmesg | grep -q \"Firmware crash detected\" ||
	devlink health show pci/$p | grep -A1 \"reporter fw\" | grep -q \"error 1\""
devlink health show "pci/$p"
devlink health dump show "pci/$p" reporter fw >/tmp/dump
# reason 2: a crash, not one made now; and the text of it
has /tmp/dump "4f 46 42 44 55 4d 50 31 .. .. 00 00 02 00 00 00"
devlink health dump clear "pci/$p" reporter fw
fw_recovered "$A"
dmesg -c | grep -E "fbnic.*(WARN|Oops|recovery failed)" && bad "recovery"
reach_all'
	fwctl hang
	sleep 3
	fwctl restart
	in_guest 120 '
p=$(pci_of "$A")
want "the driver notices the restart" poll 60 sh -c "devlink health show pci/$p |
	grep -A1 \"reporter fw\" | grep -q \"error 2\""
devlink health dump clear "pci/$p" reporter fw
wc -l </run/streams >/run/before
want "streams flow" poll 40 sh -c "[ \$(wc -l </run/streams) -gt \$(cat /run/before) ]"
touch /run/enough
poll 60 test -e /run/ended || { cat /run/streams.log; bad "a stream was spoilt"; }
reach_all
dmesg -c >/dev/null'
	[[ $(fwctl) == *'"phase":"ready"'* ]] || fail "the firmware is not ready: $(fwctl)"
	[[ $(fwctl) == *'"fw_crashes":2,'* ]] || fail "not two crashes: $(fwctl)"
}
