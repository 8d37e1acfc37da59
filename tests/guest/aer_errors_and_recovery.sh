# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Errors on the PCIe link of the second card: it logs them (fbnicctl aer), QEMU's
# monitor sends the message, and Linux finds, tells and acknowledges them. A
# correctable one disturbs nothing; non-fatal and fatal ones take the driver
# through its recovery, after which frames flow as before.

setup=port

# log CLASS ERROR MESSAGE: the card logs it and says what it would send
log()
{
	ask_card aer 1 "$1" "$2" | grep -q "\"message\":\"$3\"" || fail "the card does not say $3 for $2"
}

# told WHAT: Linux says it
told()
{
	in_guest 80 'said() { dmesg >/tmp/log; grep -q "$1" /tmp/log; }
want "Linux saying \"'"$1"'\"" poll 60 said "'"$1"'"'
}

# found COUNTER DETAIL: the card's part is in the guest's log and in its statistics,
# and the card's own log was acknowledged
found()
{
	in_guest 20 'd=/sys/bus/pci/devices/0000:01:00.0
grep -q "fbnic 0000:01:00.0:.*'"$2"'" /tmp/log || { cat /tmp/log; bad "no word of '"$2"'"; }
grep -q "^TOTAL_ERR_'"$1"' 1$" $d/aer_dev_* || bad "count of '"$1"'"
[ "$(od -An -tx4 -j260 -N4 $d/config)" = " 00000000" ] || bad "uncorrectable status stays"
[ "$(od -An -tx4 -j272 -N4 $d/config)" = " 00000000" ] || bad "correctable status stays"'
}

go_on()
{
	in_guest 120 'dmesg -c >/dev/null
wait_links
reach_all
streams out tcp 1 /tmp/file
streams in tcp 1 /tmp/file'
}

# send ERROR: the port above the card reports it. A message of the card's own is
# beyond QEMU; two of the port's, of which Linux sees the second before it could
# answer the first, make it look at the logs of all devices below.
send()
{
	guest_qmp "$guest" stop
	guest_hmp "$guest" pcie_aer_inject_error rootport "$1"
	guest_hmp "$guest" pcie_aer_inject_error rootport "$1"
	guest_qmp "$guest" cont
}

run_test()
{
	in_guest 60 'pair_up; random_file /tmp/file 4000001'

	log correctable BadTLP ERR_COR
	send BAD_TLP
	told BadTLP
	found COR BadTLP
	go_on

	log nonfatal CmpltTO ERR_NONFATAL
	send COMP_TIME
	told "device recovery successful"
	found NONFATAL CmpltTO
	go_on

	log fatal DLP ERR_FATAL
	send DLP
	told "device recovery successful"
	# older kernels do not look behind a link that had a fatal error
	[ "$driver" = 6.12 ] || found FATAL "severity=Uncorrectable (Fatal)"
	go_on
	in_guest 20 'rm -f /tmp/file'
}
