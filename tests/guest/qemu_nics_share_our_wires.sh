# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# QEMU's own cards at the other end of our wires: an e1000e on "-netdev stream",
# a virtio-net on "-netdev dgram". Pings of every kind of size, and a file each
# way whose SHA-256 must be the same.

setup=own
once=yes

run_test()
{
	card_start "$work/card" \
		--card "socket=$work/card/0,mac=02:fb:00:00:00:01,wire=stream:unix:$work/card/s;server=on" \
		--card "socket=$work/card/1,mac=02:fb:00:00:00:02,wire=dgram:local=unix:$work/card/a;remote=unix:$work/card/b" ||
		fail "fbnicd does not start"
	guest_settings
	guest_cards=("$work/card/0" "$work/card/1")
	guest_start "$guest" -no-reboot \
		-netdev "stream,id=s,server=off,addr.type=unix,addr.path=$work/card/s" \
		-device e1000e,netdev=s,romfile=,mac=02:fb:00:00:00:11 \
		-netdev "dgram,id=d,local.type=unix,local.path=$work/card/b,remote.type=unix,remote.path=$work/card/a" \
		-device virtio-net-pci,netdev=d,romfile=,mac=02:fb:00:00:00:12 || fail "the guest does not boot"
	in_guest 60 '
by_mac() { i=$(grep -lix "$1" /sys/class/net/*/address | cut -d/ -f5); [ -n "$i" ]; }
join() {	# N: our card N here, QEMUs in a namespace
	by_mac 02:fb:00:00:00:0$1 || bad "our card $1"
	ip addr add 10.9.$1.1/24 dev "$i"; ip link set "$i" up; ours=$i
	by_mac 02:fb:00:00:00:1$1 || bad "the card of QEMU $1"
	ip netns add far$1; ip link set "$i" netns far$1
	ip -n far$1 addr add 10.9.$1.2/24 dev "$i"; ip -n far$1 link set "$i" up
	poll 20 has_link "$ours" || bad "link $1"
}
join 1
join 2'
	in_guest 120 '
head -c 20000001 /dev/urandom >/tmp/f
sum=$(sha256sum </tmp/f)
# move N FROM TO ADDRESS: the file, with the words before xfer that say where
move() {
	$3 xfer -l recv $4 5000 /tmp/got >/tmp/recv 2>&1 & p=$!
	sleep 1
	$2 xfer send $4 5000 /tmp/f >/tmp/send 2>&1 || { cat /tmp/send; bad "wire $1: sending to $4"; }
	wait $p || { cat /tmp/recv; bad "wire $1: receiving at $4"; }
	[ "$(sha256sum </tmp/got)" = "$sum" ] || bad "wire $1: what arrived at $4 is something else"
}
for n in 1 2; do
	for size in 0 18 100 1000 1472 4000; do
		ping -q -c 3 -i 0.2 -s $size 10.9.$n.2 >/tmp/p || bad "wire $n: ping with $size bytes"
	done
	move $n "" "ip netns exec far$n" 10.9.$n.2
	move $n "ip netns exec far$n" "" 10.9.$n.1
done'
	check_log "$guest"
}
