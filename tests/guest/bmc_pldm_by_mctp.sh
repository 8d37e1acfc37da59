# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A BMC with the MCTP stack of the newest kernel and a serial line to the card asks the same over it:
# discovery, sensors, versions, updates; and what it asks by NC-SI at the same time.

setup=own
long=yes
drivers=latest
why="6.12 can't flash"

# attach: UART3, which Catalina's device tree enables; QEMU's fourth -serial
attach()
{
	in_bmc 60 'if fbnic-bmc --mctp=9 discover >/tmp/said 2>&1; then bad "an endpoint without a line"; fi
fbnic-bmc --mctp=9 attach /dev/ttyS2 >/tmp/attach 2>&1 &
echo $! >/run/attach
want "MCTP on the line" poll 20 grep -qs "mctpserial0, endpoint 8, card 9" /tmp/attach || { cat /tmp/attach; exit 1; }
cat /tmp/attach'
}

# While an update goes on by one link, the other may read and not update
other_link()
{
	begin_update
	update_signal STOP
	in_bmc 90 'for by in "" --mctp=9; do
	fbnic-bmc $by sensors >/tmp/sensors || { cat /tmp/sensors; bad "sensors during an update, $by"; }
	has /tmp/sensors "temperature.*normal"
done
if fbnic-bmc update /guest/firmware/good.pldm >/tmp/said 2>&1; then bad "two updates at a time"; fi
cat /tmp/said
has /tmp/said "RequestUpdate: refused with code 0x81"'
	update_signal CONT
	end_update 0 'stored; it runs after the next power cycle'
	versions 27.01.02-003 28.00.00-001
}

# The line goes with the program, and comes back with it; the card notices neither
again()
{
	in_bmc 60 'kill "$(cat /run/attach)"
gone() { [ ! -e /sys/class/net/mctpserial0 ]; }
want "no interface without the line" poll 20 gone'
	attach
	bmc_reads 'firmware health'
	[ "$out" = normal ] || fail "the firmware's health is '$out'"
}

# Firmware that restarts forgets no more than its answers
restart()
{
	ask_card fw 0 restart
	in_bmc 60 'poll 20 fbnic-bmc --mctp=9 sensors >/tmp/sensors || { cat /tmp/sensors; bad "no answer after a restart"; }'
}

run_test()
{
	. "$here/pldm.sh"
	by=--mctp=9
	packages 200000
	mkdir -p "$work/state"
	bmc_card "wire=user,state=$work/state,mctp=unix:$work/card/mctp;eid=9"
	bmc_boot catalina-bmc built -no-reboot -serial null \
		-chardev "socket,id=mctp,path=$work/card/mctp,server=off,reconnect-ms=200" -serial chardev:mctp
	attach
	bmc_discovers
	pldm_host
	sensors_agree
	in_bmc 30 'if fbnic-bmc --mctp=9 dump /tmp/dump >/tmp/said 2>&1; then bad "a dump by MCTP"; fi
has /tmp/said "is an NC-SI command"'
	again

	versions 26.11.00-001 26.11.00-001
	bmc_refused other.pldm 'nothing for 1d9b:'
	bmc_refused rotten.pldm 'verification failed'
	versions 26.11.00-001 26.11.00-001
	bmc_update good.pldm
	versions 26.11.00-001 27.01.02-003
	power
	versions 27.01.02-003 27.01.02-003
	bmc_address
	other_link
	restart
	in_bmc 30 'cat /proc/net/dev | grep mctp'
	note "$(ask_card bmc 0 | grep -o '"mctp_[a-z_]*":[0-9]*' | tr -d '"' | tr '\n' ' ')"
}
