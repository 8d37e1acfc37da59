#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How lab/guest.sh talks with a guest, without one: the channel is a FIFO and a
# file, and what is at the other end is a shell. TAP on standard output.
#
# shellcheck disable=SC1091,SC2154

set -uo pipefail
. "$(dirname "$0")/../../lab/lib.sh"
. "$lab_dir/guest.sh"
n=0
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/pid")" 2>/dev/null; rm -rf "$dir"' EXIT

# is NAME WANTED GOT
is()
{
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '# wanted %q, got %q\n' "$2" "$3"
	fi
}

# ran COMMAND: "STATUS:OUTPUT" of it
ran()
{
	local rc=0 said

	said=$(guest_run "$dir" 20 "$1") || rc=$?
	echo "$rc:$said"
}

# A guest whose serial line is slow: its last line comes in three parts
slow_guest()
{
	local id line status

	while read -r id line; do
		echo "@@RUN $id"
		bash -c "$(base64 -d <<<"$line")" 2>&1 </dev/null
		status=$?
		printf '\n@@DONE %s ' "$id"
		sleep 0.2
		printf '%s' "${status:0:1}"
		sleep 0.2
		printf '%s\n' "${status:1}"
	done
}

mkfifo "$dir/channel.in"
: >"$dir/output"
slow_guest <>"$dir/channel.in" >>"$dir/output" &
echo $! >"$dir/pid"

echo 1..5
is a_command_has_its_output '0:hello' "$(ran 'echo hello')"
is a_status_is_read_when_all_of_it_is_there '124:' "$(ran 'exit 124')"
is a_failure_is_told 3:no "$(ran 'echo no; exit 3')"
is what_looks_like_an_end_is_output '0:@@DONE 1' "$(ran 'echo @@DONE 1')"
kill "$(cat "$dir/pid")"
wait 2>/dev/null
is a_guest_that_is_gone 125: "$(ran 'echo hello')"
