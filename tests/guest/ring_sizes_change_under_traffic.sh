# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ethtool -G while frames flow: small, large and uneven rings all work.

setup=pair
drivers=latest
why="6.12 cannot change its rings"

run_test()
{
	in_guest 60 'pair_up; random_file /tmp/file 4000001; traffic_start; sleep 1'
	in_guest 400 '
old=$(ethtool -g "$A" | awk "/^Current/ { c = 1 } c && /^RX:/ { r = \$2 } c && /^TX:/ { t = \$2 } END { print \"rx\", r, \"tx\", t }")
for size in "rx 256 tx 256" "rx 4096 tx 64" "rx 512 tx 4096" "rx 8192 rx-mini 512 rx-jumbo 1024 tx 1024" "$old"; do
	ethtool -G "$A" $size || [ $? = 80 ] || bad "ethtool -G $size"
	wait_links
	reach_all
	streams out tcp 1 /tmp/file
	streams in tcp 1 /tmp/file
done
traffic_stop
rm /tmp/file'
}
