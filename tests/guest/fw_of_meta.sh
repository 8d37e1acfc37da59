# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Somebody else's firmware: Meta's public mock firmware, unmodified, as the card's.
# FBNIC_MOCK_FW is a checkout of github.com/facebook/fbnic-mock-fw; it wants a
# python3 that has scapy (FBNIC_MOCK_PYTHON is another python than the first in PATH).

setup=own
once=yes

python=${FBNIC_MOCK_PYTHON:-python3}

# Its pages of the module are files that it looks for where it runs
mock_start()
{
	mkdir -p "$work/mock"
	start_process "$work/mock" "$work/mock/log" env -C "$FBNIC_MOCK_FW/mock_fw_upstream" PYTHONDONTWRITEBYTECODE=1 \
		"$python" ./mock_fw.py "$work/mock/socket"
}

# It leaves a socket at a fixed place
mock_end()
{
	end_process "$work/mock" KILL
	rm -f /tmp/fbnic-fw-ctl
}

fw_state()
{
	"${FBNICCTL:-$top_dir/build/fbnicctl}" "$work/card/control" fw 0
}

is_ready()
{
	[[ $(fw_state) == *'"phase":"ready"'* ]]
}

# host_xfer send|recv FILE: listens on a free port, which goes to $port
host_xfer()
{
	local try

	for try in 1 2 3 4 5 6 7 8; do
		port=$((20000 + RANDOM % 12000))
		"$tools/xfer" -l "$1" 127.0.0.1 "$port" "$2" >"$work/xfer.log" 2>&1 &
		xfer_pid=$!
		wait_for 5 "$work/card" listens "$port" && return
		kill "$xfer_pid" 2>/dev/null || true
	done
	fail "no free port"
}

listens()
{
	grep -q "$(printf '0100007F:%04X 00000000:0000 0A' "$1")" /proc/net/tcp
}

# traffic: a file to the host and one from it, through the card, compared
traffic()
{
	local port xfer_pid want

	rm -f "$work"/{up,down}
	host_xfer recv "$work/up"
	in_guest 120 "random_file /tmp/up 3000001
xfer send 10.0.2.2 $port /tmp/up
sum /tmp/up"
	want=$(tail -n 1 <<<"$out")
	wait "$xfer_pid" || fail "$(cat "$work/xfer.log")"
	[ "$(sha256sum <"$work/up" | cut -d' ' -f1)" = "$want" ] || fail "SHA-256 differs on the way out"
	head -c 3000001 /dev/urandom >"$work/down"
	host_xfer send "$work/down"
	in_guest 120 "xfer recv 10.0.2.2 $port /tmp/down
sum /tmp/down"
	wait "$xfer_pid" || fail "$(cat "$work/xfer.log")"
	[ "$(sha256sum <"$work/down" | cut -d' ' -f1)" = "$(tail -n 1 <<<"$out")" ] || fail "SHA-256 differs on the way in"
}

run_test()
{
	[ -n "${FBNIC_MOCK_FW:-}" ] || skip "FBNIC_MOCK_FW is not set"
	[ -f "$FBNIC_MOCK_FW/mock_fw_upstream/mock_fw.py" ] || fail "FBNIC_MOCK_FW=$FBNIC_MOCK_FW is no checkout of fbnic-mock-fw"
	"$python" -c 'import scapy.all' 2>/dev/null || skip "$python has no scapy, which Meta's program needs"
	# fbnicd first: it has to find the program
	card_start "$work/card" --card "socket=$work/card/0,mac=$mac_a,wire=user" --fw "socket:$work/mock/socket" ||
		fail "fbnicd does not start"
	mock_start
	trap mock_end EXIT
	wait_for 60 "$work/mock" is_ready || fail "nobody connects: $(tail -n 1 "$work/mock/log")"
	guest_settings
	guest_cards=("$work/card/0")
	guest_start "$guest" -no-reboot || fail "the guest does not boot"
	in_guest 120 '
want "a card" poll 20 has_nics 1
i=$(nic)
ip link set "$i" up
want "link" poll 20 has_link "$i"
[ "$(lease "$i")" = 10.0.2.15 ] || bad "no lease of 10.0.2.15: $(tail -n 1 /tmp/lease.log)"
reach 10.0.2.2
devlink dev info >/tmp/info
cat /tmp/info
has /tmp/info "25\.07\.25-002"'
	traffic
	[ "$driver" = 6.12 ] || newer_driver
	alive "$work/mock" || fail "the program has ended: $(tail -n 1 "$work/mock/log")"
	[[ $(fw_state) != *'"fw_socket_refused_'*'":'[1-9]* ]] || fail "refused: $(fw_state)"
	fw_state
}

# What its answers look like to a driver that asks; then its death
newer_driver()
{
	in_guest 60 '
i=$(nic)
ethtool "$i" >/tmp/link
has /tmp/link "Speed: 100000Mb/s"
h=
for d in /sys/class/hwmon/hwmon*; do if [ "$(cat $d/name)" = fbnic ]; then h=$d; fi; done
[ -n "$h" ] || bad "no hwmon device"
[ "$(cat "$h/temp1_input") $(cat "$h/in0_input")" = "30000 750" ] || bad "not what it measures"
ethtool -m "$i" >/tmp/module || { cat /tmp/module; bad "ethtool -m"; }
cat /tmp/module
has /tmp/module "Identifier +: 0x11 \(QSFP28\)"
fw_may_crash "$i"
dmesg -c >/dev/null'
	mock_end
	wait_for 10 "$work/card" gone || fail "fbnicd does not notice"
	in_guest 60 'reach 10.0.2.2'
	mock_start
	wait_for 60 "$work/mock" is_ready || fail "it is not found again: $(fw_state)"
	in_guest 150 '
i=$(nic)
p=$(pci_of "$i")
want "the driver notices the crash" poll 60 sh -c "devlink health show pci/$p |
	grep -A1 \"reporter fw\" | grep -q \"error 1\""
want "heartbeats again" poll 60 sh -c "devlink health diagnose pci/$p reporter fw | grep -q fw_uptime"
devlink health dump show "pci/$p" reporter fw >/tmp/dump
has /tmp/dump "de ad be ef"
devlink health dump clear "pci/$p" reporter fw
dmesg -c | grep -E "fbnic.*(WARN|Oops|recovery failed)" && bad "recovery"
reach 10.0.2.2'
	traffic
}

gone()
{
	! is_ready
}
