# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What ethtool shows of the card: rings, channels, RSS, pause, coalescing, time stamping,
# the module, FEC, speed. Each with the content that matters.

setup=user
drivers=latest
why="6.12 shows none of these"

run_test()
{
	in_guest 60 '
i=$(nic)
ip link set "$i" up
want "link" poll 20 has_link "$i"
see() { what=$1; shift; ethtool "$@" >/tmp/t 2>&1 || { cat /tmp/t; bad "ethtool $*"; }; }
see rings -g "$i"
has /tmp/t "^RX:[[:space:]]+[1-9]" "^TX:[[:space:]]+[1-9]" "^TCP data split:"
see channels -l "$i"
has /tmp/t "^Combined:[[:space:]]+[1-9]"
see rss -x "$i"
has /tmp/t "RX flow hash indirection table for $i with [1-9]" "^RSS hash key:" "([0-9a-f]{2}:){39}[0-9a-f]{2}" "toeplitz: on"
see pause -a "$i"
has /tmp/t "^Autonegotiate:" "^RX:" "^TX:"
see coalesce -c "$i"
has /tmp/t "^rx-usecs:[[:space:]]+[0-9]" "^tx-usecs:[[:space:]]+[0-9]"
see timestamps -T "$i"
has /tmp/t "hardware-transmit" "hardware-receive" "hardware-raw-clock" "(PTP Hardware Clock|Hardware timestamp provider index): [0-9]" "^[[:space:]]+all( |$)"
see module -m "$i"
has /tmp/t "Identifier[[:space:]]+: 0x[0-9a-f]+"
see fec --show-fec "$i"
has /tmp/t "(Active|Configured|Supported).*FEC.*:.*(RS|Off|BaseR)"
see link "$i"
has /tmp/t "Speed: [1-9][0-9]*Mb/s" "Duplex: Full" "Link detected: yes"'
}
