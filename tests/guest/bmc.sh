# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2120,SC2154	# shared with run, common.sh and the guests
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Words for the tests with a BMC, on the host. The BMC is in $work/bmc; the
# host, $guest, need not be there.

mac_bmc=02:fb:00:00:0c:01	# what the BMC is offered; Debian's kernel does not ask for it

# bmc_card [CARD OPTION [OPTIONS...]]: fbnicd with a BMC's port; by default on the user-mode network
bmc_card()
{
	card_start "$work/card" --trace=bmc --card "socket=$work/card/0,mac=$mac_a,bmcmac=$mac_bmc,${1:-wire=user;pcap=$work/wire.pcap},bmc=stream:unix:$work/card/bmc;server=on" "${@:2}" ||
		fail "fbnicd does not start"
}

# bmc_boot MACHINE debian|built [QEMU ARGUMENTS...]: with its interface up, so that
# NC-SI begins, and the files of the array bmc_more
bmc_boot()
{
	bmc_machine=$1
	bmc_kernel=$("$lab_dir/bmc-kernel" "$2") || fail "no kernel for a BMC"
	bmc_files=("$here/in-guest.sh" "$here/in-bmc.sh" ${bmc_more[@]+"${bmc_more[@]}"})
	guest_timeout=180
	bmc_start "$work/bmc" "$work/card/bmc" "${@:3}" || fail "the BMC does not boot"
	guests+=("$work/bmc")
	in_bmc 60 'ip link set eth0 up'
}

# bmc_address: sets bmc_ip, bmc_mac and bmc_link, its link-local address
bmc_address()
{
	in_bmc 150 bmc_lease
	bmc_ip=$out
	in_bmc 60 'echo "$(cat /sys/class/net/eth0/address) $(link_local eth0)"'
	read -r bmc_mac bmc_link <<<"$out"
}

# host_boot [QEMU ARGUMENTS...]
host_boot()
{
	guest_settings
	guest_cards=("$work/card/0")
	guest_start "$guest" "$@" || fail "the host does not boot"
}

# in_bmc SECONDS CODE: as in_guest
in_bmc()
{
	local guest=$work/bmc

	in_guest "$1" ". /guest/in-bmc.sh
$2"
}

# aens link|config|host: how many have been sent
aens()
{
	ask_card bmc 0 | grep -o "\"ncsi_channel0_aens_$1\":[0-9]*" | cut -d: -f2
}

# bmc_count NAME: a counter of the NC-SI channel
bmc_count()
{
	ask_card bmc 0 | grep -o "\"ncsi_channel0_$1\":[0-9]*" | cut -d: -f2
}

# channel_setups: how often Linux has set the channel up; it ends with this command
channel_setups()
{
	grep -c 'command 0x08 AEN Enable' "$work/card/log" || true
}

# want_setup NUMBER
want_setup()
{
	wait_for 120 "$work/card" at_least "$1" channel_setups || fail "Linux does not set the channel up again"
}

at_least()
{
	[ "$("${@:2}")" -ge "$1" ]
}

# want_aens link|config|host NUMBER
want_aens()
{
	wait_for 60 "$work/card" at_least "$2" aens "$1" || fail "$(aens "$1") AENs of kind $1, not $2"
}

# bmc_uptime: seconds on the BMC's own clock, which is an eighth slow
bmc_uptime()
{
	guest_run "$work/bmc" 20 'cut -d. -f1 /proc/uptime'
}

# through WHAT COMMAND...: do it while the BMC's stream of echo requests goes on, and
# note what that has seen of it, from before the command until all requests have answers
through()
{
	local what=$1 from
	shift

	from_now
	"$@"
	in_bmc 100 "stream_back $from 90"
	note "$what: $out"
}

# from_now: within through, count from here
from_now()
{
	in_bmc 60 'stream_at'
	from=$out
}

# frames FILE TO FROM: of these addresses in a capture
frames()
{
	local both="$2:$3"

	{ LC_ALL=C grep -obUaP "\\x${both//:/\\x}" "$1" || true; } | wc -l
}

# wire_transfer send|recv: a file between the BMC and the wire, that is this
# machine; both sides have the same at the end
wire_transfer()
{
	local port there=recv machine=$work/here

	port=$(free_port)
	rm -f "$machine"
	if [ "$1" = recv ]; then
		there=send
		head -c 1000003 /dev/urandom >"$machine"
	fi
	"$tools/xfer" -l "$there" 127.0.0.1 "$port" "$machine" >"$work/xfer.log" 2>&1 &
	wait_listening "$port" || fail "nobody listens on this machine"
	in_bmc 120 "[ $1 = recv ] || random_file /tmp/file 1000003
xfer $1 10.0.2.2 $port /tmp/file; sum /tmp/file"
	wait $! || fail "this machine's end of the transfer"
	[ "$(tail -n 1 <<<"$out")" = "$(sha256sum <"$machine" | cut -d' ' -f1)" ] ||
		fail "the file has another SHA-256 on the wire's side"
}

# host_transfer send|recv: the same between the BMC and the host, which is at $host_ip
host_transfer()
{
	local there=recv sum

	[ "$1" = send ] || there=send
	in_guest 60 "random_file /tmp/file 1000003
rm -f /tmp/moved
xfer -l $there $host_ip 5000 /tmp/file >/tmp/xfer.log 2>&1 && touch /tmp/moved &
want 'somebody listens' poll 20 listening tcp 5000"
	in_bmc 120 "random_file /tmp/file 1000003
xfer $1 $host_ip 5000 /tmp/file; sum /tmp/file"
	sum=$(tail -n 1 <<<"$out")
	in_guest 60 'poll 20 test -e /tmp/moved || { cat /tmp/xfer.log; bad "the end of the transfer"; }; sum /tmp/file'
	[ "$sum" = "$out" ] || fail "the file has another SHA-256 on the host"
}

# watch_host, then host_saw_none: what is only for the BMC or only from it to
# the wire does not come to the host
watch_host()
{
	in_guest 60 "i=\$(nic)
tcpdump -Z root -p -n -U -i \$i -w /run/seen 'ether host $bmc_mac' >/run/tcpdump 2>&1 &
poll 20 grep -q 'listening on' /run/tcpdump || { cat /run/tcpdump; bad 'tcpdump does not listen'; }"
}

# What was seen comes to the file in blocks, so that of the one last sent to the host is waited for
host_saw_none()
{
	in_guest 60 "i=\$(nic)
seen() { tcpdump -Z root -n -r /run/seen \"\$@\" 2>/dev/null; }
from_bmc() { seen 'ether src $bmc_mac and ether dst $mac_a' | grep -q .; }
want 'frames from the BMC in the capture of the host' poll 10 from_bmc
killall tcpdump
seen 'ether dst $bmc_mac and not ether src $mac_a' | wc -l"
	[ "$out" = 0 ] || fail "the host got $out frames for the BMC"
}

# bmc_meets_wire_and_host MACHINE KERNEL: the short test of a machine
bmc_meets_wire_and_host()
{
	local t0=$SECONDS

	bmc_card
	bmc_boot "$1" "$2" -no-reboot
	in_bmc 60 debug_ncsi
	host_boot -no-reboot
	in_guest 60 'i=$(nic); ip link set "$i" up; lease "$i"'
	host_ip=$out
	bmc_address
	note "the BMC has an address $((SECONDS - t0)) s after its start, $(bmc_uptime) of them its own"
	[ "$2" != built ] || [ "$bmc_mac" = "$mac_bmc" ] || fail "the BMC has not taken the address it was offered: $bmc_mac"
	watch_host

	in_bmc 60 "reach 10.0.2.2; reach $host_ip; reach fe80::2%eth0"
	in_guest 60 "reach $bmc_ip; reach $bmc_link%\$(nic); reach 10.0.2.2"
	in_bmc 60 'fbnic-bmc sensors >/tmp/sensors; has /tmp/sensors "temperature.*normal" "link.*connected"'
	wire_transfer send
	wire_transfer recv
	host_transfer send
	host_transfer recv
	host_saw_none
	[ "$(frames "$work/wire.pcap" ff:ff:ff:ff:ff:ff "$bmc_mac")" -gt 0 ] || fail "the wire's capture has nothing of the BMC"
	[ "$(frames "$work/wire.pcap" "$bmc_mac" "$mac_a")" = 0 ] || fail "the host's frames for the BMC are on the wire"
	[ "$(frames "$work/wire.pcap" "$mac_a" "$bmc_mac")" = 0 ] || fail "the BMC's frames for the host are on the wire"

	in_bmc 60 'stream_start 10.0.2.2'
	through "the cable in again" cable_out_and_in
	through "the host's interface down and up" host_down_and_up
	in_bmc 60 "stream_stop
dmesg | grep ' AEN \\|host driver' >/tmp/aens
has /tmp/aens 'LSC AEN.* down' 'LSC AEN.* up' 'host driver not running' 'host driver running'
reach $host_ip"
	in_guest 60 "reach $bmc_ip"
}

# Each change of the link is an AEN. After the first Linux disables the channel, and no AEN
# comes from it until it is set up again.
cable_out_and_in()
{
	local n setups

	n=$(aens link) setups=$(channel_setups)
	ask_card link 0 down
	want_aens link $((n + 1))
	want_setup $((setups + 1))
	from_now
	ask_card link 0 up
	want_aens link $((n + 2))
	# Linux 7 leaves the MAC in reset for four seconds after the signal comes, before it says "Link is Up"
	in_guest 60 'want "a link" poll 20 has_link "$(nic)"'
	in_bmc 100 'first_answer 10.0.2.2'
	note "the BMC has an answer $out s after the host has its link"
}

host_down_and_up()
{
	local n

	n=$(aens host)
	in_guest 60 'ip link set $(nic) down'
	want_aens host $((n + 1))
	in_guest 60 'i=$(nic); ip link set $i up; want "a link" poll 20 has_link $i; reach 10.0.2.2'
	want_aens host $((n + 2))
}
