# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fbnic-lab brings up the labs with a host or two, with this kernel and this QEMU; their checks
# pass, and nothing is left of them. The firmware's is one of them where it was built.

setup=own
once=yes

# fbnic-lab's guests are gone, and their kernels' logs were among its checks
check_log()
{
	:
}

one_lab()
{
	local rc=0

	"$(dirname "${FBNICD:-$here/../../build/fbnicd}")/fbnic-lab" "$1" --check --log "$work/$1" \
		--qemu "$guest_qemu" --image "$guest_image" --kernel "$guest_kernel" >"$work/$1.out" 2>&1 || rc=$?
	cat "$work/$1.out"
	[ "$rc" = 0 ] || fail "fbnic-lab $1: $(grep -m 1 -e ^FAIL -e '^fbnic-lab:' "$work/$1.out")"
	grep -q '^[0-9]* checks passed, 0 failed' "$work/$1.out" || fail "fbnic-lab $1 has checked nothing"
	[ -z "$(ls -A "$TMPDIR")" ] || fail "fbnic-lab $1 left $(ls -A "$TMPDIR")"
}

run_test()
{
	# sockets have short names only
	TMPDIR=$(mktemp -d /tmp/openfbnic-lab.XXXXXX)
	export TMPDIR
	trap 'rm -rf "$TMPDIR"' EXIT
	one_lab host
	one_lab pair
	[ ! -e "$(dirname "${FBNICD:-$here/../../build/fbnicd}")/src/metal/fbnic-firmware.elf" ] || one_lab firmware
}
