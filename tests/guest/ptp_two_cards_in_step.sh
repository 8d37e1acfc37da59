# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ptp4l keeps the clock of one card within 1 us of the other's, over Ethernet
# and over UDP; phc2sys does it without a cable, by reading both.
# How far they are apart is not what these programs say, but what the cards'
# counters say at one instant, plus the driver's offset to each counter: the
# time it gives for a value that the card saw it read.

setup=pair
drivers=latest
why="6.12 has no PTP clock"

ctl()
{
	"${FBNICCTL:-$top_dir/build/fbnicctl}" "$shared/card/control" "$@"
}

# driver_offsets: off[0], off[1]; nobody else may be reading the clocks
driver_offsets()
{
	local i counter time

	for i in 0 1; do
		ctl trace "$i" ptp >/dev/null
		in_guest 20 'phc_ctl "$(clock '$i')" get 2>&1'
		ctl trace "$i" none >/dev/null
		time=$(sed -n 's/.*clock time is \([0-9]*\)\.\([0-9]*\).*/\1\2/p' <<<"$out")
		counter=$(sed -n "s/.*card $i: ptp: counter read: \([0-9]*\) ns$/\1/p" "$shared/card/log" | tail -n 1)
		if [ -z "$time" ] || [ -z "$counter" ]; then
			fail "no reading of clock $i"
		fi
		off[i]=$((time - counter))
	done
}

# apart: by how many ns the second clock is ahead of the first, into $d
apart()
{
	local all

	all=$(ctl clocks)
	[[ $all =~ \"card0\":\ *([0-9]+),\ *\"card1\":\ *([0-9]+) ]] || fail "clocks: $all"
	d=$((BASH_REMATCH[2] + off[1] - BASH_REMATCH[1] - off[0]))
}

# in_step WHAT: 20 looks in a row within 1 us, before too long
in_step()
{
	local i good=0 worst=0

	for ((i = 0; i < 600 * ${OPENFBNIC_PATIENCE:-1} && good < 20; i++)); do
		apart
		if ((${d#-} < 1000)); then
			good=$((good + 1))
			((${d#-} <= worst)) || worst=${d#-}
		else
			good=0 worst=0
		fi
		sleep 0.2
	done
	echo "$1: within $worst ns in 20 looks, after $((i - good)) others"
	((good == 20)) || fail "$1: the clocks are $d ns apart"
}

# Different rates and half an hour between them, so that there is something to
# do. No sanity check: it is against the guest's own clock, which an emulator on
# a busy machine lets run as it can.
start_ptp4l()
{
	in_guest 240 '
rm -f /tmp/ptp.*.log
phc_ctl "$(clock 0)" -- set 1000000 freq 30000 >/dev/null 2>&1 || bad "clock 0 can not be set"
phc_ctl "$(clock 1)" -- set 1002000 freq -20000 >/dev/null 2>&1 || bad "clock 1 can not be set"
for side in A B; do
	cat >/tmp/ptp.$side <<END
[global]
network_transport '"$1"'
time_stamping hardware
tx_timestamp_timeout 2000
sanity_freq_limit 0
logSyncInterval -4
logMinDelayReqInterval -4
logAnnounceInterval -2
announceReceiptTimeout 10
uds_address /tmp/ptp.$side.sock
uds_ro_address /tmp/ptp.$side.ro
END
done
ptp4l -m -i "$A" -f /tmp/ptp.A --serverOnly 1 >/tmp/ptp.A.log 2>&1 &
echo $! >/run/ptp.A
ip netns exec peer ptp4l -m -i "$B" -f /tmp/ptp.B --clientOnly 1 >/tmp/ptp.B.log 2>&1 &
echo $! >/run/ptp.B
following() { grep -Eq "rms +[0-9]{1,3} " /tmp/ptp.B.log 2>/dev/null; }
poll 60 following || { tail -n 40 /tmp/ptp.A.log /tmp/ptp.B.log; bad "ptp4l does not get within 1 us"; }'
}

stop_ptp4l()
{
	in_guest 20 '
kill $(cat /run/ptp.A /run/ptp.B)
ended() { ! kill -0 $(cat /run/ptp.A) 2>/dev/null && ! kill -0 $(cat /run/ptp.B) 2>/dev/null; }
want "the end of ptp4l" poll 10 ended		# its sockets have fixed names
tail -n 3 /tmp/ptp.B.log
! grep -e FAULT_DETECTED -e "timed out" /tmp/ptp.A.log /tmp/ptp.B.log || bad "ptp4l complains"'
}

# It reads both clocks by registers, which takes an emulator some 40 us each, and is off by
# microseconds where the machine has other work. So it gets the best of 100 readings, and a servo
# that follows slowly: critically damped, with 4 s to 1/e. Stopped when it returns: it has made
# its one step, the rest is slewing.
start_phc2sys()
{
	in_guest 60 '
phc_ctl "$(clock 1)" -- adj 0.25 freq 40000 >/dev/null 2>&1
phc2sys -m -s "$(clock 0)" -c "$(clock 1)" -O 0 -R 8 -N 100 -P 0.25 -I 0.002 >/tmp/phc2sys.log 2>&1 &
echo $! >/run/phc2sys
locked() { grep -q " s2 " /tmp/phc2sys.log 2>/dev/null; }
poll 30 locked || { cat /tmp/phc2sys.log; bad "phc2sys does not lock"; }
kill -STOP "$(cat /run/phc2sys)"'
}

run_test()
{
	local transport
	declare -a off

	in_guest 240 'pair_up
cat >>/run/pair <<"END"
clock()
{
	for p in /sys/bus/pci/drivers/fbnic/0*/ptp/ptp*; do echo "/dev/${p##*/}"; done | sed -n "$(($1 + 1))p"
}
END'
	for transport in L2 UDPv4; do
		start_ptp4l "$transport"
		driver_offsets
		in_step "ptp4l $transport"
		stop_ptp4l
	done
	start_phc2sys
	driver_offsets
	in_guest 20 'kill -CONT "$(cat /run/phc2sys)"'
	in_step "phc2sys"
	in_guest 20 'kill "$(cat /run/phc2sys)"; tail -n 3 /tmp/phc2sys.log'
}
