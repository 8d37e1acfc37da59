# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# On the user-mode network: a DHCP lease, and the host answers over IPv4 and IPv6.

setup=user

run_test()
{
	in_guest 90 '
i=$(nic)
ip link set "$i" up
want "link" poll 20 has_link "$i"
[ "$(lease "$i")" = 10.0.2.15 ] || bad "no lease of 10.0.2.15: $(tail -n 1 /tmp/lease.log)"
reach 10.0.2.2
has_v6() { ip -6 -o addr show dev "$i" -tentative | grep -q "inet6 fec0:"; }
want "an IPv6 address by router advertisement" poll 20 has_v6
reach fec0::2'
}
