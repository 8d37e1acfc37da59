# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two cards back to back: the other answers over IPv4, IPv6 and with a VLAN tag.

setup=pair

run_test()
{
	in_guest 90 '
pair_up
ping -q -i 0.02 -c 50 "$V4B" >/tmp/ping; has /tmp/ping " 50 received"
ping -q -i 0.02 -c 50 "$V6B" >/tmp/ping; has /tmp/ping " 50 received"
peer ping -q -i 0.02 -c 50 "$V4A" >/tmp/ping; has /tmp/ping " 50 received"
ip link add link "$A" name vlan7 type vlan id 7
ip addr add 192.168.78.1/24 dev vlan7
ip link set vlan7 up
peer ip link add link "$B" name vlan7 type vlan id 7
peer ip addr add 192.168.78.2/24 dev vlan7
peer ip link set vlan7 up
ping -q -i 0.02 -c 50 -W 5 192.168.78.2 >/tmp/ping; has /tmp/ping " 50 received"
ip link del vlan7
peer ip link del vlan7'
}
