# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ethtool -X while frames flow: the table and the key change, and frames go to the
# queues the table names and to no other.

setup=pair
drivers=latest
why="6.12 cannot change its RSS"

run_test()
{
	in_guest 60 'pair_up; ethtool -L "$A" combined 4; wait_links; random_file /tmp/file 4000001; traffic_start; sleep 1'
	in_guest 300 '
set_rss() {
	ethtool -X "$A" "$@" || bad "ethtool -X $*"
	reach_all
	streams in tcp 2 /tmp/file
}
set_rss equal 1
set_rss equal 2
set_rss weight 1 0 3 1
key=$(ethtool -x "$A" | sed -n "/^RSS hash key/{n;p}")
new=6d:5a:56:da:${key#*:*:*:*:}
[ "$new" != "$key" ] || bad "no RSS key: $key"
set_rss hkey "$new"
ethtool -x "$A" | grep -qx "$new" || bad "the key did not change"
set_rss default
traffic_stop'
	in_guest 120 '
# how many of the queues eight streams came through
queues_used() {
	streams in tcp 8 /tmp/file
	cat /tmp/recv.[0-7] | sed -n "s/.* napi //p" | sort -u | wc -l
}
ethtool -X "$A" start 3 equal 1
ethtool -x "$A" | grep -Eq "^[[:space:]]+0:([[:space:]]+3)+" || bad "the table does not name queue 3"
n=$(queues_used)
[ "$n" = 1 ] || bad "$n queues used, the table has one"
ethtool -X "$A" default
n=$(queues_used)
echo "$n queues used of 4"
[ "$n" -gt 1 ] || bad "eight streams used one queue of 4"
rm /tmp/file'
}
