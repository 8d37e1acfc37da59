# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The BMC on the cable between two cards: the other host, its own and the BMC reach
# each other by IPv4, IPv6, multicast and those kinds of broadcast that Linux lets
# through; VLANs come and go on the BMC, whose kernel sets the NC-SI filters by them, and
# what it did not ask for is filtered; a host that listens to everything still gets
# nothing that is for the BMC alone.

setup=own
long=yes
drivers=latest
why="it does not tell firmware the host's addresses"

V4C=192.168.77.3
V6C=fd00:77::3

# answers_of COMMAND...: who has answered a ping to many, in the guest's words
many='many() { "$@" 2>/dev/null | sed -n "s/.* from \([^ ]*\): .*/\1/p" | sed "s/%.*//" | sort -u; }
wanted() { for who in $1; do grep -qx "$who" /tmp/many || { cat /tmp/many; bad "$2: no answer from $who"; }; done; }
'

# filtered COMMAND...: it makes the NC-SI filters drop at least three frames more
filtered()
{
	local was

	was=$(bmc_count mc_rx_filtered)
	"$@"
	[ $(($(bmc_count mc_rx_filtered) - was)) -ge 3 ] || fail "$* was not filtered"
}

# knock VLAN: three echo requests of the peer to the BMC in a VLAN, which nobody answers
knock()
{
	in_guest 60 "peer ip neigh replace 192.168.$1.3 lladdr $bmc_mac dev v$1 nud permanent
peer ping -n -q -c 3 -i 0.2 -W 1 192.168.$1.3 && bad 'the BMC answers in VLAN $1' || true"
}

vlan_on_bmc()
{
	in_bmc 60 "ip link add link eth0 name v$1 type vlan id $1
ip addr add 192.168.$1.3/24 dev v$1; ip link set v$1 up"
}

vlans()
{
	local v

	in_guest 60 'for v in 5 6; do
	ip link add link $A name v$v type vlan id $v; ip addr add 192.168.$v.1/24 dev v$v; ip link set v$v up
	peer ip link add link $B name v$v type vlan id $v; peer ip addr add 192.168.$v.2/24 dev v$v; peer ip link set v$v up
done
reach 192.168.5.2; reach 192.168.6.2'
	filtered knock 5			# VLANs are off
	vlan_on_bmc 5
	in_bmc 60 'reach 192.168.5.2; reach 192.168.5.1; reach 192.168.77.2'
	in_guest 60 'peer ip neigh flush dev v5; reach 192.168.5.3; peer ping -n -q -c 1 -w 10 192.168.5.3 >/dev/null || bad "the peer, VLAN 5"'
	filtered knock 6			# another VLAN is not listed
	vlan_on_bmc 6
	in_bmc 60 'reach 192.168.6.2; reach 192.168.6.1; reach 192.168.5.2; reach 192.168.77.2'
	in_bmc 60 'ip link del v5'
	filtered knock 5
	in_bmc 60 'reach 192.168.6.2; reach 192.168.77.2; ip link del v6; reach 192.168.77.2'
	filtered knock 6
}

to_many()
{
	in_guest 60 'echo 0 >/proc/sys/net/ipv4/icmp_echo_ignore_broadcasts
peer sh -c "echo 0 >/proc/sys/net/ipv4/icmp_echo_ignore_broadcasts"
. /guest/lib.sh
ip -6 -o addr show dev $A scope link | sed -n "s/.* inet6 \(fe80[^/]*\).*/\1/p"
peer ip -6 -o addr show dev $B scope link | sed -n "s/.* inet6 \(fe80[^/]*\).*/\1/p"'
	read -r ll_a ll_b <<<"$(tr '\n' ' ' <<<"$out")"
	in_bmc 60 'echo 0 >/proc/sys/net/ipv4/icmp_echo_ignore_broadcasts; link_local eth0'
	ll_c=$out
	# of broadcast Linux lets only ARP, DHCP and NetBIOS through to a BMC
	in_guest 60 "peer ip neigh flush all; ip neigh flush all; reach $V4C; peer ping -n -q -c 1 -w 10 $V4C"
	filtered in_guest 60 "$many"'many peer ping -n -b -c 3 -i 0.3 192.168.77.255 >/tmp/many; wanted "$V4A" "broadcast of the peer"'
	filtered in_guest 60 "$many"'many ping -n -b -c 3 -i 0.3 192.168.77.255 >/tmp/many; wanted "$V4B" "broadcast of the host"'
	in_guest 60 "$many"'many peer ping -n -c 3 -i 0.3 ff02::1%$B >/tmp/many; wanted "'"$ll_a $ll_c"'" "multicast of the peer"
many ping -n -c 3 -i 0.3 ff02::1%$A >/tmp/many; wanted "'"$ll_b $ll_c"'" "multicast of the host"'
	in_bmc 60 "$many"'many ping -c 3 192.168.77.255 >/tmp/many; wanted "$V4A $V4B" "broadcast of the BMC"
many ping -c 3 ff02::1%eth0 >/tmp/many; wanted "'"$ll_a $ll_b"'" "multicast of the BMC"'
}

# A promiscuous host is on the BMC's side of nothing: what the wire sends to the BMC alone is not for it
promiscuous()
{
	in_guest 60 "tcpdump -Z root -n -U -i \$A -w /run/seen 'ether host $bmc_mac' >/run/tcpdump 2>&1 &
poll 20 grep -q 'listening on' /run/tcpdump || { cat /run/tcpdump; bad 'tcpdump does not listen'; }"
	in_bmc 60 'reach $V4B; reach $V4A'
	host_saw_none
}

run_test()
{
	. "$here/bmc.sh"
	bmc_card wire=pair:p --card "socket=$work/card/1,mac=$mac_b,wire=pair:p"
	bmc_boot fby35-bmc debian -no-reboot
	guest_settings
	guest_cards=("$work/card/0" "$work/card/1")
	guest_start "$guest" -no-reboot || fail "the host does not boot"
	in_guest 60 pair_up
	# no DHCP here: NC-SI is up when somebody answers
	in_bmc 150 "ip addr add $V4C/24 dev eth0; ip -6 addr add $V6C/64 dev eth0"'
poll 100 ping -q -c 1 -W 1 $V4B >/dev/null || bad "NC-SI does not come up"
reach $V4B; reach $V6B; reach $V4A; reach $V6A'
	in_bmc 60 'cat /sys/class/net/eth0/address'
	bmc_mac=$out
	in_guest 60 "reach $V4C; reach $V6C; peer ping -n -q -c 1 -w 10 $V4C; peer ping -n -q -c 1 -w 10 $V6C"
	to_many
	vlans
	promiscuous
	in_guest 60 "random_file /tmp/file 1000003
peer xfer -l recv \$V4B 5000 /tmp/got >/tmp/xfer.log 2>&1 &
want 'the peer listens' poll 20 listening tcp 5000 peer; sum /tmp/file"
	in_bmc 90 'random_file /tmp/file 1000003; xfer send $V4B 5000 /tmp/file; sum /tmp/file'
	sent=$out
	in_guest 60 'sum /tmp/got'
	[ "$(tail -n 1 <<<"$sent")" = "$out" ] || fail "the file has another SHA-256 on the other side of the cable"
}
