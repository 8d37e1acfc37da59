# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Steering rules of kinds that Linux's own tests leave out: by Ethernet address, and by the
# outer addresses of IPv6 in IPv6, set while the interface is up and while it is down (the
# driver shows and deletes them when it is up again).

setup=pair
drivers=latest
why="6.12 steers nothing"

run_test()
{
	in_guest 100 '
pair_up
ethtool -L "$A" combined 4 || [ $? = 80 ] || bad "four channels"
wait_links
# rule WHAT...: set, its number to $id
rule()
{
	ethtool -N "$A" "$@" >/tmp/rule 2>&1 || { cat /tmp/rule; bad "$*"; }
	id=$(sed -n "s/.*with ID \([0-9]*\).*/\1/p" /tmp/rule)
}
shown()
{
	id=$1
	shift
	ethtool -n "$A" rule "$id" >/tmp/shown || bad "rule $id is not shown"
	has /tmp/shown "$@"
}
gone()
{
	ethtool -N "$A" delete "$1" || bad "rule $1 can not be deleted"
	if ethtool -n "$A" rule "$1" >/dev/null 2>&1; then bad "rule $1 is still there"; fi
}
by_ether()
{
	rule flow-type ether dst 02:fb:00:00:0e:55 action 1
	ether=$id
}
by_outer()
{
	rule flow-type ip6 src-ip 2001:db8::1 dst-ip 2001:db8::2 l4proto 41 action 2
	outer=$id
}
both_shown()
{
	shown "$ether" "[Rr]aw Ethernet" "Dest MAC addr: 02:FB:00:00:0E:55 mask: 00:00:00:00:00:00" "Direct to queue 1"
	shown "$outer" "IPv6" "Src IP addr: 2001:db8::1 mask: ::" "Dest IP addr: 2001:db8::2 mask: ::" \
		"Protocol: 41" "Direct to queue 2"
}
by_ether
by_outer
both_shown
reach_all
gone "$ether"
gone "$outer"
reach_all
ip link set "$A" down
by_outer		# one only: ethtool does not see it yet and would take its place
ip link set "$A" up
up_a 1500
wait_links
by_ether
both_shown
reach_all
gone "$outer"
gone "$ether"
reach_all
if ethtool -N "$A" flow-type ip6 src-ip 2001:db8::1 l4proto 47 action 2 2>/dev/null; then bad "a rule for GRE was taken"; fi'
}
