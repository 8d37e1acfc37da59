#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# msend and mreceive, as the net/forwarding tests of Linux call them: what is
# sent to a group arrives where the group was joined, and nowhere else. Runs in
# a network of its own. TAP on standard output.
#
#	MCAST=path/to/mcast tests/unit/test_mcast.sh

set -uo pipefail

n=0
dir=

ok()	# STATUS NAME
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

# received FILE TEXT: within 5 s
received()
{
	local i

	for ((i = 0; i < 100; i++)); do
		grep -qs -e "$2" "$1" && return 0
		sleep 0.05
	done
	return 1
}

joined()	# GROUP, as /proc/net/igmp or igmp6 writes it
{
	local i

	for ((i = 0; i < 100; i++)); do
		cat /proc/net/igmp /proc/net/igmp6 | grep -qi -e "$1" && return 0
		sleep 0.05
	done
	return 1
}

# delivers GROUP OTHER_GROUP PROC_NAME
delivers()
{
	local pid rc=0

	mreceive -g "$1" -I v0 >"$dir/got" 2>"$dir/err" &
	pid=$!
	joined "$3" || rc=1
	msend -g "$2" -I v0 -c 1 -text other >"$dir/sent" || rc=1
	msend -g "$1" -I v0 -c 2 -P 10 -text hello >>"$dir/sent" || rc=1
	received "$dir/got" 'msg 2 .*hello' || rc=1
	kill "$pid"
	wait "$pid" 2>/dev/null
	! grep -q other "$dir/got" || rc=1
	[ "$(grep -c . "$dir/got")" = 2 ] || rc=1
	[ "$rc" = 0 ] || sed 's/^/# /' "$dir"/{got,err,sent}
	return "$rc"
}

# fails STATUS COMMAND...: with that status and one line that says why
fails()
{
	local want=$1 rc=0
	shift

	"$@" >"$dir/out" 2>&1 || rc=$?
	[ "$rc" = "$want" ] && [ -s "$dir/out" ]
}

leaves()
{
	local pid

	mreceive -g 239.1.2.5 -I v0 >/dev/null 2>&1 &
	pid=$!
	joined 050201EF || return 1
	kill "$pid"
	wait "$pid" 2>/dev/null
	! grep -qi 050201EF /proc/net/igmp
}

if [ -z "${1:-}" ]; then
	echo 1..9
	if ! unshare -rn ip link add v0 type veth peer name v1 2>/dev/null; then
		for n in 1 2 3 4 5 6 7 8 9; do
			echo "ok $n - mcast # SKIP no network namespaces for us here"
		done
		exit 0
	fi
	exec unshare -rn "$0" inside
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
ln -s "$MCAST" "$dir/msend"
ln -s "$MCAST" "$dir/mreceive"
PATH=$dir:$PATH
ip link add v0 type veth peer name v1
ip addr add 192.0.2.1/24 dev v0
ip -6 addr add 2001:db8::1/64 dev v0 nodad
ip link set v0 up
ip link set v1 up
ip -6 route add ff2e::/64 dev v0

version=$(msend -v)
[ "${version##msend version }" != "$version" ] && [ "$(echo "${version##msend version }" | cut -d. -f1)" -ge 3 ]
ok $? msend_says_a_version_that_lib_sh_accepts
[ "$(mreceive -v)" = "mreceive version 3.0" ]
ok $? mreceive_says_its_name
delivers 239.1.2.3 239.1.2.4 030201EF
ok $? ipv4_group_and_only_that
delivers ff2e::102:304 ff2e::102:305 ff2e0000000000000000000001020304
ok $? ipv6_group_and_only_that
leaves
ok $? a_killed_receiver_has_left_the_group
fails 2 msend -g
ok $? an_option_without_its_value_is_refused
fails 2 mreceive -c 1
ok $? an_option_of_the_other_program_is_refused
fails 1 msend -g 192.0.2.1 -I v0 -c 1
ok $? an_address_that_is_no_group_is_refused
fails 1 mreceive -I nonesuch
ok $? an_interface_that_is_not_there_is_refused
