# shellcheck shell=dash disable=SC1007,SC1091,SC2015,SC2034,SC2046,SC2086	# words that may be none
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Inside the guest: words for the tests (/guest/in-guest.sh). With two cards,
# the first is in the guest's own network namespace as $A, the second in the
# namespace "peer" as $B, and the cable between them is what is tested.

. /guest/lib.sh

V4A=192.168.77.1 V4B=192.168.77.2
V6A=fd00:77::1 V6B=fd00:77::2
if [ -e /run/pair ]; then . /run/pair; fi

bad()
{
	echo "FAILED: $*"
	exit 1
}

# want WHAT COMMAND...: the command succeeds, or the test has failed
want()
{
	what=$1
	shift
	"$@" || bad "$what"
}

# has FILE EXTENDED_REGEX...: each matches some line
has()
{
	file=$1
	shift
	for re; do
		grep -Eq -e "$re" "$file" || { cat "$file"; bad "no line matches '$re'"; }
	done
}

peer()
{
	ip netns exec peer "$@"
}

# pair_up [MTU]: both cards with addresses and link, whatever was before
pair_up()
{
	if [ -e /run/traffic ]; then traffic_stop; fi
	if [ -e /run/netns/peer ]; then
		# it goes, and gives the card back, when nobody is in it any more
		ip netns pids peer | while read -r p; do kill -KILL "$p"; done
		ip netns del peer
	fi
	want "two cards are bound" poll 20 has_nics 2
	A=$(nic 1) B=$(nic 2)
	echo "A=$A B=$B" >/run/pair
	ip link set "$A" down
	ip addr flush dev "$A"
	ip netns add peer
	ip link set "$B" netns peer
	peer ip link set lo up
	# With eight queues the fragments of eight datagrams come interleaved;
	# more than 64 of others in between, and the kernel gives one up
	echo 0 >/proc/sys/net/ipv4/ipfrag_max_dist
	peer sh -c "echo 0 >/proc/sys/net/ipv4/ipfrag_max_dist"
	up_a "${1:-1500}"
	up_b "${1:-1500}"
	wait_links
}

up_a()
{
	ip link set "$A" mtu "$1" up
	ip addr replace "$V4A/24" dev "$A"
	ip addr replace "$V6A/64" dev "$A" nodad
}

up_b()
{
	peer ip link set "$B" mtu "$1" up
	peer ip addr replace "$V4B/24" dev "$B"
	peer ip addr replace "$V6B/64" dev "$B" nodad
}

wait_links()
{
	want "$A has a link" poll 20 has_link "$A"
	want "$B has a link" poll 20 has_link "$B" peer
}

# The firmware's uptime in seconds, as of the last heartbeat; 0: there was none
fw_uptime()
{
	devlink health diagnose "pci/$(pci_of "$1")" reporter fw | tr -s ' \n' ' ' |
		awk '{ for (i = 1; i < NF; i++) if ($i == "sec:") s = $(i + 1) } END { print s + 0 }'
}

# The driver gives the card up, with its interface down; its PCI address stays in /run/pci
driver_goes()
{
	i=$(nic) p=$(pci_of "$(nic)")
	echo "$p" >/run/pci
	ip link set "$i" down
	echo "$p" >/sys/bus/pci/drivers/fbnic/unbind
}

# ... and takes it again
driver_comes()
{
	cat /run/pci >/sys/bus/pci/drivers/fbnic/bind
	want "an interface" poll 20 has_nics 1
}

# The interface goes up, and has its link
up_with_link()
{
	i=$(nic)
	ip link set "$i" up
	want "link" poll 20 has_link "$i"
}

# fw_may_crash INTERFACE: the driver will notice. All that it compares is the uptime of two
# heartbeats, ten seconds apart: a life that the next one has outlived by then was none.
fw_may_crash()
{
	want "a heartbeat of a firmware that has lived for a while" poll 40 fw_older "$1" 12
}

# fw_recovered INTERFACE, after the driver has reported a crash: it has also taken the card again.
# The report comes first, and a firmware that fails before it is asked for a heartbeat
# again has never lived for the driver. The next one is ten seconds later.
fw_recovered()
{
	seen=$(fw_uptime "$1")
	want "heartbeats of the firmware's new life" poll 40 fw_older "$1" $((seen + 5))
}

# fw_beats INTERFACE TIMES: what the driver had to say of the firmware until now it has said then,
# with a second: it looks at each heartbeat's answer before it sends the next
fw_beats()
{
	for n in $(seq "$2"); do
		seen=$(fw_uptime "$1")
		want "a heartbeat" poll 40 fw_not_at "$1" "$seen"
	done
}

fw_not_at()
{
	[ "$(fw_uptime "$1")" != "$2" ]
}

fw_older()
{
	[ "$(fw_uptime "$1")" -ge "$2" ]
}

# reach ADDRESS [PING OPTIONS...]: answers within a few seconds
reach()
{
	address=$1
	shift
	ping -n -q -c 1 -w 10 "$@" "$address" >/tmp/ping.log 2>&1 || { cat /tmp/ping.log; bad "no answer from $address"; }
}

reach_all()
{
	reach "$V4B" "$@"
	reach "$V6B" "$@"
}

# random_file NAME BYTES
random_file()
{
	head -c "$2" /dev/urandom >"$1"
}

sum()
{
	sha256sum <"$1" | cut -d' ' -f1
}

# one_stream DIRECTION tcp|udp NUMBER FILE [SIZE]: through the cable, over IPv4
# for even numbers and IPv6 for odd ones; prints nothing if all is well
one_stream()
{
	dir=$1 proto=$2 port=$((5000 + $3)) file=$4 size=${5:-1400} u=
	[ "$proto" = tcp ] || u="-u -s $size"
	out=/tmp/out.$3
	if [ "$dir" = out ]; then
		from= to="ip netns exec peer" address=$V4B
		[ $(($3 % 2)) = 0 ] || address=$V6B
	else
		from="ip netns exec peer" to= address=$V4A
		[ $(($3 % 2)) = 0 ] || address=$V6A
	fi
	rm -f "$out"
	$to xfer -l $u recv "$address" "$port" "$out" >/tmp/recv."$3" 2>&1 &
	receiver=$!
	poll 10 listening "$proto" "$port" $to || { echo "no receiver"; cat /tmp/recv."$3"; return 1; }
	$from xfer $u send "$address" "$port" "$file" >/tmp/send."$3" 2>&1 ||
		{ cat /tmp/send."$3"; kill "$receiver" 2>/dev/null; return 1; }
	wait "$receiver" || { cat /tmp/recv."$3"; return 1; }
	[ "$(sum "$out")" = "$(sum "$file")" ] || { echo "stream $3: SHA-256 differs"; return 1; }
	rm -f "$out"
}

listening()
{
	kind=$1 at=$(printf ':%04X ' "$2")
	shift 2
	"$@" cat "/proc/net/$kind" "/proc/net/${kind}6" | awk '{ print $2 " " }' | grep -q "$at"
}

# streams out|in tcp|udp COUNT FILE [SIZE]: at the same time
streams()
{
	n=0 pids=
	while [ "$n" -lt "$3" ]; do
		one_stream "$1" "$2" "$n" "$4" ${5:+"$5"} &
		pids="$pids $!"
		n=$((n + 1))
	done
	for p in $pids; do
		wait "$p" || bad "$3 $2 streams $1"
	done
}

# Traffic that goes on whatever happens to the interfaces: echo requests, and
# TCP both ways, from traffic_start, which returns when it flows, until traffic_stop.
# Each is a process group.
traffic_start()
{
	tcp_segments >/run/segments
	go_on "ip netns exec peer netbench serve $V4B 6000"
	go_on "ping -q -i 0.005 -s 1000 $V4B"
	want "the peer serves" poll 20 listening tcp 6000 peer
	go_on "timeout 3 netbench tcp-out $V4B 6000 1"
	go_on "timeout 3 netbench tcp-in $V4B 6000 1"
	want "TCP flows both ways" poll 20 tcp_flows
}

# Has the peer's TCP got and sent something since traffic_start?
tcp_flows()
{
	set -- $(cat /run/segments) $(tcp_segments)
	[ $(($3 - $1)) -ge 100 ] && [ $(($4 - $2)) -ge 100 ]
}

# Segments that the peer's TCP has got and sent, "IN OUT"
tcp_segments()
{
	peer awk '$1 == "Tcp:" { i = $11; o = $12 } END { print i, o }' /proc/net/snmp
}

# go_on COMMAND: again and again. Of "sh" busybox's setsid would make its own shell, which has its own "ip".
go_on()
{
	setsid /bin/sh -c "while :; do $1; sleep 0.1; done" >/dev/null 2>&1 &
	echo $! >>/run/traffic
}

traffic_stop()
{
	while read -r p; do
		kill -KILL "-$p" || bad "traffic has ended by itself"
	done </run/traffic
	rm -f /run/traffic
}

# Packets the IP layers of a side gave to its card and got from it, multicast
# (which the other card may filter) left out: "OUT4 IN4 OUT6 IN6"
ip_packets()
{
	"$@" cat /proc/net/snmp /proc/net/snmp6 | awk '
		$1 == "Ip:" && !n { for (n = 2; n <= NF; n++) name[n] = $n; next }
		$1 == "Ip:" { for (i = 2; i <= NF; i++) v[name[i]] = $i }
		/^Ip6/ { v[$1] = $2 }
		END { print v["OutTransmits"], v["InReceives"],
			v["Ip6OutTransmits"] - v["Ip6OutMcastPkts"], v["Ip6InReceives"] - v["Ip6InMcastPkts"] }'
}

# cable_mark, then traffic without segmentation offload, then cable_lost_nothing:
# what one side's IP sent is what the other's got
cable_mark()
{
	cable_counts >/run/cable
}

# Both sides at one moment: nothing came while the second was looked at
cable_counts()
{
	for try in 1 2 3 4 5 6 7 8 9 10; do
		sleep 0.2
		a=$(ip_packets) b=$(ip_packets peer)
		if [ "$a" = "$(ip_packets)" ]; then
			echo "$a $b"
			return
		fi
	done
	bad "packets come and go on the cable"
}

cable_lost_nothing()
{
	set -- $(cat /run/cable) $(cable_counts)
	echo "sent > arrived: IPv4 there $(($9 - $1)) > $((${14} - $6)), back $((${13} - $5)) > $((${10} - $2));" \
		"IPv6 there $((${11} - $3)) > $((${16} - $8)), back $((${15} - $7)) > $((${12} - $4))"
	[ $(($9 - $1)) = $((${14} - $6)) ] && [ $((${13} - $5)) = $((${10} - $2)) ] &&
		[ $((${11} - $3)) = $((${16} - $8)) ] && [ $((${15} - $7)) = $((${12} - $4)) ] ||
		bad "packets were lost between the two IP layers"
}
