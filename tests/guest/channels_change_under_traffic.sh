# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ethtool -L while frames flow: combined and separate queues, up to more than there
# are vectors.

setup=pair
drivers=latest
why="6.12 cannot change its channels"

run_test()
{
	in_guest 60 'pair_up; random_file /tmp/file 4000001; traffic_start; sleep 1'
	in_guest 400 '
set_channels() {
	ethtool -L "$A" "$@" || bad "ethtool -L $*"
	wait_links
	reach_all
	streams out tcp 2 /tmp/file
	streams in tcp 2 /tmp/file
}
set_channels combined 1
set_channels combined 4
set_channels combined 8
set_channels rx 2 tx 2 combined 0
set_channels rx 0 tx 1 combined 2
set_channels rx 0 tx 0 combined 2
traffic_stop
rm /tmp/file'
}
