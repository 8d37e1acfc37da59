# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What ethtool can set and no other test does: interrupt moderation, pause, time
# stamping, with values that are refused; and what it tells with "-I".

setup=pair
drivers=latest
why="6.12 can set none of these"

run_test()
{
	in_guest 100 '
pair_up
coalesce() { ethtool -c "$A" >/tmp/c; has /tmp/c "^rx-usecs:[[:space:]]+$1" "^tx-usecs:[[:space:]]+$2" "^rx-frames:[[:space:]]+$3"; }
set -- $(ethtool -c "$A" | awk "\$1 == \"rx-usecs:\" || \$1 == \"tx-usecs:\" || \$1 == \"rx-frames:\" { print \$2 }")
usual="rx-usecs $1 rx-frames $2 tx-usecs $3"
want "moderation" ethtool -C "$A" rx-usecs 200 tx-usecs 300 rx-frames 64
coalesce 200 300 64
reach_all -c 3
for bad in "rx-usecs 100000" "tx-usecs 100000" "rx-frames 1000000"; do
	ethtool -C "$A" $bad 2>/dev/null && bad "-C $bad was taken"
done
coalesce 200 300 64
ip link set "$A" down
want "moderation while down" ethtool -C "$A" rx-usecs 0 tx-usecs 0 rx-frames 1
ip link set "$A" up
up_a 1500
wait_links
coalesce 0 0 1
reach_all -c 3
want "moderation as it was" ethtool -C "$A" $usual'
	in_guest 100 '
for way in "off off" "on off" "off on" "on on"; do
	set -- $way
	ethtool -A "$A" autoneg off rx $1 tx $2 || [ $? = 80 ] || bad "pause rx $1 tx $2"
	ethtool -a "$A" >/tmp/a
	has /tmp/a "^RX:[[:space:]]+$1" "^TX:[[:space:]]+$2"
	wait_links
	reach_all
done
ethtool -A "$A" autoneg on || true
wait_links
ethtool -I -a "$A" >/tmp/a
has /tmp/a "tx_pause_frames: [0-9]" "rx_pause_frames: [0-9]"
ethtool -I --show-fec "$A" >/tmp/a
has /tmp/a "corrected_blocks: [0-9]" "uncorrectable_blocks: [0-9]"
ethtool -I "$A" >/tmp/a
has /tmp/a "Link Down Events: [0-9]"
ethtool -I -T "$A" >/tmp/a
has /tmp/a "tx_pkts: [0-9]"
reach_all'
}
