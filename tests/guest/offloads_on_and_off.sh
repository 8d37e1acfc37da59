# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# TCP is the same with each of the offloads switched off, on either side.

setup=pair

run_test()
{
	in_guest 300 '
pair_up
random_file /tmp/file 4000001
tested=
for f in tso=tcp-segmentation-offload gso=generic-segmentation-offload tx=tx-checksumming \
	rx=rx-checksumming gro=generic-receive-offload sg=scatter-gather; do
	o=${f%=*}
	# 6.12 has no TSO to switch off
	ethtool -k "$A" | grep -q "^${f#*=}: on$" || continue
	tested="$tested $o"
	ethtool -K "$A" $o off >/dev/null || bad "ethtool -K $o off"
	peer ethtool -K "$B" $o off >/dev/null
	wait_links
	streams out tcp 2 /tmp/file
	streams in tcp 2 /tmp/file
	streams out udp 2 /tmp/file 4000
	ethtool -K "$A" $o on >/dev/null
	peer ethtool -K "$B" $o on >/dev/null
done
echo "tested:$tested"
set -- $tested
[ $# -ge 5 ] || bad "of the offloads there are only$tested"
rm -f /tmp/file'
}
