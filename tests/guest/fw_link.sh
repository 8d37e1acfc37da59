# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The link's other end: FEC errors at a rate, of both kinds, no light, a link that flaps
# and one that trains, as carrier, ethtool and the firmware's log show them.

setup=user
long=yes
drivers=latest
why="6.12 has no FEC counters and does not wait for the training"

run_test()
{
	trap 'ask_card link 0 errors 0; ask_card link 0 train 0; ask_card link 0 flap 0; ask_card link 0 light' EXIT
	in_guest 40 '
i=$(nic)
ip link set "$i" up
want "link" poll 20 has_link "$i"
ethtool "$i" >/tmp/t; cat /tmp/t
has /tmp/t "Speed: 100000Mb/s" "Lanes: 2" "Duplex: Full" "Port: Direct Attach Copper" "Link detected: yes" "100000baseCR2/Full"
ethtool -I --show-fec "$i" >/tmp/fec; cat /tmp/fec
has /tmp/fec "^Active FEC encoding: RS" "^Statistics:" "corrected_blocks: 0" "uncorrectable_blocks: 0"'

	# 50 times as many of the one kind
	ask_card link 0 errors 5000 100
	in_guest 40 '
blocks() { ethtool -I --show-fec "$(nic)" >/tmp/fec; c=$(sed -n "s/.* corrected_blocks: //p" /tmp/fec) u=$(sed -n "s/.*uncorrectable_blocks: //p" /tmp/fec); }
many() { blocks; [ "$u" -ge 100 ]; }
want "uncorrectable blocks" poll 20 many
[ "$c" -ge $((40 * u)) ] && [ "$c" -le $((60 * u)) ] || bad "$c corrected, $u not: that is not 50 to 1"
ethtool -I "$(nic)" >/dev/null
ethtool -S "$(nic)" --groups eth-phy >/tmp/t; has /tmp/t "SymbolErrorDuringCarrier: [1-9]"'

	# no light: no link, and nothing that could have errors
	ask_card link 0 dark
	in_guest 40 '
i=$(nic)
down() { ! has_link "$i"; }
want "no link without light" poll 20 down
ethtool "$i" >/tmp/t; has /tmp/t "Link detected: no"
ethtool -I --show-fec "$i" >/tmp/fec; ethtool -I --show-fec "$i" >/tmp/fec2; sleep 1; ethtool -I --show-fec "$i" >/tmp/fec3
cmp /tmp/fec2 /tmp/fec3 || bad "errors without a link"'
	ask_card link 0 errors 0

	# it trains, for longer than this test lasts: a signal, but no link
	ask_card link 0 train 600000
	ask_card link 0 light
	in_guest 20 'sleep 1; ! has_link "$(nic)" || bad "a link while it trains"'
	[[ $(ask_card fields 0 SIG_PCS_OUT0) == *'"LINK":0'* ]] || fail "the card has a link while it trains"

	# a link that comes and goes faster than the driver trusts it
	ask_card link 0 dark
	ask_card link 0 train 100
	ask_card link 0 light
	ask_card link 0 flap 400
	in_guest 40 'n=$(grep -c "link: " /sys/kernel/debug/fbnic/*/fw_log) || true
flaps() { [ "$(grep -c "link: " /sys/kernel/debug/fbnic/*/fw_log)" -ge $((n + 4)) ]; }
want "a link that flaps" poll 20 flaps
! has_link "$(nic)" || bad "the driver takes a flapping link for one"'
	ask_card link 0 flap 0
	in_guest 40 'want "link after the flapping" poll 20 has_link "$(nic)"
grep "link: " /sys/kernel/debug/fbnic/*/fw_log | tail -n 1 >/tmp/log; has /tmp/log "link: up"'
}
