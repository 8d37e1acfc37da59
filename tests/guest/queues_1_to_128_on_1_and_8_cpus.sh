# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guests with 1 and with 8 processors; on each of them 1, 2, 8, 64 and 128 queues,
# of which many share an interrupt. Files both ways have their SHA-256.

setup=own
long=yes
drivers=latest
why="it cannot change its number of queues"

run_test()
{
	local cpus q

	for cpus in 1 8; do
		OPENFBNIC_CPUS=$cpus
		boot_big "$work" || fail "no guest with $cpus processors"
		in_guest 200 '[ "$(nproc)" = '"$cpus"' ] || bad "$(nproc) processors"
pair_up; random_file /tmp/file 1000001
# rings of their own for 128 queues are memory that this guest does not have
for c in "ethtool -G $A" "peer ethtool -G $B"; do $c rx 256 rx-mini 128 rx-jumbo 128 tx 256 || bad "ring sizes"; done'
		for q in 1 2 8 64 128; do
			in_guest 400 '
want "ethtool -L $A" ethtool -L $A combined '$q'
want "ethtool -L $B" peer ethtool -L $B combined '$q'
ethtool -l $A | grep -A9 Current | grep -q "Combined:.*'$q'$" || bad "not '$q' queues"
wait_links; reach_all
streams out tcp 8 /tmp/file
streams in tcp 8 /tmp/file'
		done
		[ "$cpus" = 1 ] || break	# the runner looks at the last guest
		check_log "$guest"
		guest_stop "$guest"
		card_stop "$work/card"
	done
}

boot_big()
{
	card_start "$1/card" --card "socket=$1/card/0,mac=$mac_a,wire=pair:p" \
		--card "socket=$1/card/1,mac=$mac_b,wire=pair:p" || return 1
	guest_settings
	guest_memory=2048
	guest_cards=("$1/card/0" "$1/card/1")
	guest_start "$1/guest" -no-reboot
}
