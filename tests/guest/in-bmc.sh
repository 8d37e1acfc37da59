# shellcheck shell=dash disable=SC1091,SC2034,SC2086,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Inside a BMC: words for the tests (/guest/in-bmc.sh). There is busybox only.

. /guest/in-guest.sh

# bmc_lease: an address by DHCP, which is how it shows that NC-SI is up; Linux
# first asks for seven packages that are not there
bmc_lease()
{
	lease eth0 120 || { dmesg | tail -n 5; bad "the BMC gets no address"; }
}

# link_local: the address that every interface has
link_local()
{
	ip -6 -o addr show dev "$1" | sed -n 's/.* inet6 \(fe80[^/]*\).*/\1/p'
}

# A stream of echo requests, five a second. It is the measure of whether, and
# for how long, the BMC is without network.
stream_start()
{
	ping -i 0.2 "$1" >/run/stream 2>&1 &
	echo $! >/run/stream.pid
	want "an answer from $1" poll 20 grep -q seq= /run/stream
}

stream_stop()
{
	kill "$(cat /run/stream.pid)" || bad "the stream has ended by itself: $(tail -n 1 /run/stream)"
}

# The number of the last request with an answer
stream_at()
{
	sed -n 's/.*seq=\([0-9]*\) .*/\1/p' /run/stream | tail -n 1
}

# stream_more COUNT: until so many more have come
stream_more()
{
	upto=$(($(stream_at) + $1))
	want "$1 more answers" poll 60 stream_past "$upto"
}

stream_past()
{
	[ "$(stream_at)" -ge "$1" ]
}

# stream_flows FROM: the last fifteen since FROM all have an answer
stream_flows()
{
	stream_holes "$1" >/run/holes
	[ -s /run/holes ]
}

# stream_holes FROM: "LOST OF LONGEST BACK", once it flows: requests since FROM
# without an answer, the longest run of them, and after how many of the requests
# since FROM all have one
stream_holes()
{
	sed -n 's/.*seq=\([0-9]*\) .*/\1/p' /run/stream | sort -n | uniq | awk -v from="$1" '
		BEGIN { next_one = from + 1 }
		$1 > from {
			gap = $1 - next_one
			lost += gap
			if (gap) { row = 0; back = $1 - from - 1 }
			if (gap > longest) longest = gap
			row++
			next_one = $1 + 1
		}
		END { if (row >= 15) print lost + 0, next_one - 1 - from, longest + 0, back + 0 }'
}

# stream_back FROM SECONDS: the stream flows again; tells what it lost since FROM
stream_back()
{
	want "the BMC's network is back" poll "$2" stream_flows "$1"
	awk '{ printf "%d of %d requests lost, at most %.1f s in a row; back after %.1f s\n", $1, $2, $3 * 0.2, $4 * 0.2 }' /run/holes
}

# first_answer ADDRESS: after how many seconds it has answered a request
first_answer()
{
	read -r t0 _ </proc/uptime
	want "an answer from $1" poll 60 ping -q -c 1 -W 1 "$1" >/run/first
	read -r t1 _ </proc/uptime
	echo "$t0 $t1" | awk '{ printf "%.1f\n", $2 - $1 }'
}

# what Linux tells of AENs, if it is asked to
debug_ncsi()
{
	echo 'file net/ncsi/ncsi-aen.c +p' >/sys/kernel/debug/dynamic_debug/control
}
