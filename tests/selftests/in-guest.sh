#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Inside the guest, what tests/selftests/run asks for:
#
#	in-guest.sh setup			find the two cards; say what is here
#	in-guest.sh users			only that part of it which all tests want
#	in-guest.sh run DIR PROGRAM LIMIT GROUND...	one program, as it would be run by hand
#
# The card under test is $NETIF in the guest's own namespace; the other one is
# in the namespace "peer". What the program printed comes out as it is. Lines
# for the host begin with @@: NOTE (something was not as a test should leave
# it), KLOG (the kernel complained), EXIT (the program's status).

# not /guest: "source lib.sh" of a test would find the one which is there
PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
tests=/opt/selftests
state=/run/selftests
v4a=203.0.113.1 v4b=203.0.113.2
v6a=2001:db8:77::1 v6b=2001:db8:77::2
prefix=2001:db8:2::/64

note()
{
	echo "@@NOTE $*"
}

peer()
{
	ip netns exec peer "$@"
}

# The network interfaces of PCI cards, in the order of the bus
interfaces()
{
	local d

	for d in /sys/class/net/*/device; do
		[ ! -e "$d" ] || echo "$(readlink -f "$d") $(basename "$(dirname "$d")")"
	done | sort | cut -d' ' -f2
}

carrier()	# INTERFACE [peer]
{
	local i

	for ((i = 0; i < 200; i++)); do
		[ "$(${2:-} cat "/sys/class/net/$1/carrier" 2>/dev/null)" = 1 ] && return
		sleep 0.1
	done
	note "$1 has no link"
}

# tcpdump becomes a user whom its package's script would have made
users()
{
	grep -q ^tcpdump: /etc/passwd || echo tcpdump:x:100:65534::/nonexistent:/usr/sbin/nologin >>/etc/passwd
	grep -q ^tcpdump: /etc/group || echo tcpdump:x:100: >>/etc/group
}

setup()
{
	local first second

	read -rd '' first second < <(interfaces)
	[ -n "$second" ] || { echo "@@NOTE no two cards"; return 1; }
	mkdir -p "$state" /usr/local/bin
	ln -s /guest/msend /guest/mreceive /usr/local/bin/
	mortal_iperf
	echo "$first $second" >"$state/ifs"
	users
	sysctl -qw net.ipv6.conf.all.keep_addr_on_down=1 net.ipv6.conf.default.keep_addr_on_down=1 \
		net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
	ip netns add peer
	peer sysctl -qw net.ipv6.conf.all.keep_addr_on_down=1 net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_dad=0
	# Programs there bind ports that are free on this side: what they closed must not hold them
	peer sysctl -qw net.ipv4.tcp_max_tw_buckets=0
	peer ip link set lo up
	ip link set lo up
	channels "$first" >"$state/channels"
	apart
	echo "kernel $(uname -r)"
	echo "driver $(basename "$(readlink -f "/sys/class/net/$first/device/driver")")"
	echo "ethtool $(ethtool --version | awk '{ print $3 }'), iproute2 $(ip -V | sed 's/.*iproute2-//; s/,.*//')"
}

# The handler of iperf3 (3.22) for SIGTERM takes locks which the thread that it
# interrupts may have: about one client in 300 never ends, over lo too. The tests
# end each of theirs in this way, and wait for it.
mortal_iperf()
{
	cat >/usr/local/bin/iperf3 <<-'END'
		#!/bin/sh
		exec timeout -k 3 7d /usr/bin/iperf3 "$@"
	END
	chmod +x /usr/local/bin/iperf3
}

channels()	# INTERFACE: how many combined ones it has
{
	ethtool -l "$1" 2>/dev/null | awk '/^Current/ { on = 1 } on && /^Combined:/ { print $2 }'
}

# One card on each side, with link and addresses, whatever was before
apart()
{
	if [ -e "/sys/class/net/$second" ]; then
		ip addr flush dev "$second"
		ip link set "$second" netns peer
	fi
	ip link set "$first" up mtu 1500
	ip addr replace "$v4a/24" dev "$first"
	ip addr replace "$v6a/64" dev "$first" nodad
	peer ip link set "$second" up mtu 1500
	peer ip addr replace "$v4b/24" dev "$second"
	peer ip addr replace "$v6b/64" dev "$second" nodad
	peer ip route replace "$prefix" via "$v6a" dev "$second"
	carrier "$first"
	carrier "$second" peer
}

# Both cards here, bare
together()
{
	ip netns exec peer ip link set "$second" netns 1
	ip addr flush dev "$first"
	ip addr flush dev "$second"
	ip link set "$first" up
	ip link set "$second" up
	carrier "$first"
	carrier "$second"
}

rx_usecs()
{
	ethtool -c "$first" 2>/dev/null | sed -n 's/^rx-usecs:[[:space:]]*//p'
}

device_irqs()
{
	ls "/sys/class/net/$first/device/msi_irqs" 2>/dev/null ||
		ls "/sys/class/net/$first/device/../msi_irqs"
}

pin_irqs()	# PROCESSORS: in turn; 0 gives them all back
{
	local irq cpu=0

	for irq in $(device_irqs); do
		if [ "$1" = 0 ]; then
			echo "0-$(($(nproc) - 1))" >"/proc/irq/$irq/smp_affinity_list"
		else
			echo $((cpu++ % $1)) >"/proc/irq/$irq/smp_affinity_list"
		fi
	done 2>/dev/null
}

hash_udp()	# FIELDS
{
	ethtool -N "$first" rx-flow-hash udp4 "$1" && ethtool -N "$first" rx-flow-hash udp6 "$1"
}

ground()
{
	local want

	want=$(cat "$state/channels")
	for g; do
		case $g in
		channels=*) want=${g#*=} ;;
		esac
	done
	[ -z "$want" ] || [ "$(channels "$first")" = "$want" ] || ethtool -L "$first" combined "$want"
	for g; do
		case $g in
		irqs) pin_irqs $(($(nproc) / 2)); hash_udp sdfn ;;
		ports) together ;;
		usecs=*)
			rx_usecs >"$state/usecs"
			ethtool -C "$first" rx-usecs "${g#*=}"
			;;
		esac
	done
}

unground()
{
	for g; do
		case $g in
		irqs) pin_irqs 0; hash_udp sd ;;
		ports) apart ;;
		usecs=*) ethtool -C "$first" rx-usecs "$(cat "$state/usecs")" ;;
		esac
	done
}

# What a test must have put back
as_it_was()
{
	local link

	link=$(ip -d link show dev "$first" 2>/dev/null) || { note "$first is gone"; return; }
	case $link in *prog/xdp*) note "left an XDP program"; ip link set "$first" xdp off ;; esac
	case $link in *"mtu 1500"*) ;; *) note "left another MTU" ;; esac
	case $link in *",UP"*) ;; *) note "left the interface down" ;; esac
	if ethtool -n "$first" 2>/dev/null | grep -q '^Filter:'; then
		note "left n-tuple rules"
	fi
}

environment()
{
	export NETIF=$first LOCAL_V4=$v4a LOCAL_V6=$v6a REMOTE_V4=$v4b REMOTE_V6=$v6b \
		LOCAL_PREFIX_V6=$prefix REMOTE_TYPE=netns REMOTE_ARGS=peer
}

arguments()
{
	for g; do
		case $g in
		ports) echo "$first" "$second" ;;
		phc) echo "/dev/$(basename "/sys/class/net/$first/device/ptp/"ptp*)" ;;
		esac
	done
}

# As kselftest's runner does with a file that is not executable
interpreter()
{
	[ -x "$1" ] || sed -n '1s/^#! *//p' "$1"
}

complaints()
{
	dmesg -r | grep -E -e 'WARNING:|BUG:|Oops|general protection|KASAN|UBSAN|refcount_t' \
		-e 'hw csum failure|NETDEV WATCHDOG|soft lockup|hard LOCKUP|blocked for more than|rcu.*(stall|starved)' \
		-e 'Tx flush|Unable to process message|Firmware (did not respond|crash)|AER:' | sed 's/^/@@KLOG /'
}

run()
{
	local dir=$1 program=$2 limit=$3 status=0 args
	shift 3

	ground "$@"
	export KSFT_MACHINE_SLOW=yes NETIF_CREATE=no PYTHONDONTWRITEBYTECODE=1
	case " $* " in
	*" ports "*) ;;
	*) environment ;;
	esac
	args=$(arguments "$@")
	dmesg -C
	cd "$tests/$dir" || return
	# shellcheck disable=SC2046,SC2086	# words
	timeout -k 15 "$limit" $(interpreter "$program") "./$program" $SELFTEST_ARGS $args </dev/null 2>&1 || status=$?
	[ "$status" != 124 ] || note "no end after $limit s"
	complaints
	dmesg -r | tail -n 200 >"$state/dmesg"
	unground "$@"
	as_it_was
	case " $* " in *" ports "*) ;; *) apart ;; esac
	echo
	echo "@@EXIT $status"
}

[ ! -e "$state/ifs" ] || read -r first second <"$state/ifs"
"$@"
