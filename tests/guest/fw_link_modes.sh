# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every link mode and FEC that the card can have, a card each in one guest: what ethtool
# says, that the link comes (the driver compares the lock bits of all lanes), that
# data flows, and that errors are counted with RS only.

setup=own
long=yes
drivers=latest
why="6.12 shows neither lanes nor FEC"

# SPEED:FEC, then what ethtool says
modes=("25:none 25000 1 Off" "25:rs 25000 1 RS" "25:baser 25000 1 BaseR"
	"50:none 50000 2 Off" "50:rs 50000 2 RS" "50:baser 50000 2 BaseR"
	"50r1:rs 50000 1 RS" "100:rs 100000 2 RS")

run_test()
{
	local n=0 cards=() line mode speed lanes fec

	guest_settings
	for line in "${modes[@]}"; do
		mode=${line%% *}
		guest_cards+=("$work/card/$n")
		cards+=(--card "socket=$work/card/$n,mac=02:fb:00:00:0c:0$n,wire=user,speed=${mode%:*},fec=${mode#*:}")
		n=$((n + 1))
	done
	card_start "$work/card" "${cards[@]}" || fail "fbnicd does not start"
	guest_start "$guest" -no-reboot || fail "the guest does not boot"
	in_guest 60 'want "8 cards" poll 40 has_nics 8; for n in 1 2 3 4 5 6 7 8; do ip link set "$(nic $n)" up; done'
	n=0
	for line in "${modes[@]}"; do
		read -r mode speed lanes fec <<<"$line"
		"${FBNICCTL:-$top_dir/build/fbnicctl}" "$work/card/control" link $n errors 1000 100
		n=$((n + 1))
		in_guest 90 'i=$(nic '$n')
want "'"$mode"': link" poll 30 has_link "$i"
ethtool "$i" >/tmp/t
ethtool --show-fec "$i" >/tmp/fec
has /tmp/t "Speed: '"$speed"'Mb/s" "Lanes: '"$lanes"'$" "Link detected: yes"
has /tmp/fec "^Active FEC encoding:.* '"$fec"'$"
ip addr flush dev "$i"; want "'"$mode"': a lease" lease "$i" >/tmp/a; ip addr flush dev "$i"
blocks() { ethtool -I --show-fec "$i" | sed -n "s/.* corrected_blocks: //p"; }
some() { [ "$(blocks)" -gt 100 ]; }
if [ '"$fec"' = RS ]; then
	want "'"$mode"': errors" poll 20 some
else
	sleep 1
	[ "$(blocks)" = 0 ] || bad "'"$mode"': FEC errors without RS FEC"
fi
ip link set "$i" down'
	done
}
