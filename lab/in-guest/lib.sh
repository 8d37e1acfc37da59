# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Inside the guest: small words for scripts and for people (/guest/lib.sh).

# The network interfaces of our cards, in PCI order, one a line
nics()
{
	for d in /sys/bus/pci/drivers/fbnic/0*; do
		[ -d "$d/net" ] && ls "$d/net"
	done
	return 0
}

nic()
{
	nics | sed -n "${1:-1}p"
}

has_nics()
{
	[ "$(nics | wc -l)" -ge "${1:-1}" ]
}

# The PCI address of an interface
pci_of()
{
	basename "$(readlink -f "/sys/class/net/$1/device")"
}

# poll SECONDS COMMAND...: until it succeeds; the seconds are multiplied as in lab/guest.sh
poll()
{
	left=$(($1 * 10 * ${patience:-1}))
	shift
	until "$@"; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || return 1
		sleep 0.1
	done
}

# Does the interface, perhaps in the network namespace $2, have a link?
has_link()
{
	[ "$(${2:+ip netns exec "$2"} cat "/sys/class/net/$1/carrier" 2>/dev/null)" = 1 ]
}

# lease INTERFACE [TRIES]: an address by DHCP
lease()
{
	udhcpc -i "$1" -n -q -t "${2:-20}" -T 1 -s /etc/udhcpc.script >/tmp/lease.log 2>&1 ||
		{ cat /tmp/lease.log; return 1; }
	ip -4 -o addr show dev "$1" | sed -n 's/.* inet \([^/]*\).*/\1/p'
}

# What the driver says about the frames which passed the MAC, "rx tx"
mac_frames()
{
	ethtool -S "$1" --groups eth-mac |
		awk '/FramesReceivedOK/ && !/cast/ { r = $2 } /FramesTransmittedOK/ { t = $2 } END { print r, t }'
}

# What the network stack says, "rx tx"
stack_frames()
{
	echo "$(cat "/sys/class/net/$1/statistics/rx_packets")" \
		"$(cat "/sys/class/net/$1/statistics/tx_packets")"
}

# Kernel messages which mean that something is wrong: every warning and error
# of the driver, and these whoever says them
bad_messages()
{
	dmesg -r | grep -E -e '^<[0-4]>.*(fbnic|AER:)' -e 'cut here|WARNING:|BUG:|Oops|[Cc]all [Tt]race' \
		-e 'hw csum failure|WATCHDOG|soft lockup|hung_task|blocked for more than|rcu.*stall' \
		-e 'Tx flush|Unable to process message|Firmware (did not respond|crash)'
	[ $? = 1 ]
}

# Nothing to shut down here. A BMC machine can't power off, but its QEMU ends when it starts again.
poweroff()
{
	[ ! -e /etc/no-poweroff ] || command reboot -f
	command poweroff -f
}

reboot()
{
	command reboot -f
}

case $- in
*i*) PS1='\h:\w# ' ;;
esac
