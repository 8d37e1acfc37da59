# shellcheck shell=bash disable=SC2016,SC2034,SC2154	# shared with run, guest.sh and the guest
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Words for the files of tests/guest, on the host. A test is a file here with
#
#	setup=user|pair|port|own	one card on the user-mode network; two cards back
#				to back in one guest; the same with the second one
#				behind a root port, as "card1"; or it boots guests
#				itself
#	long=yes		not by default: only by name or with --long
#	once=yes		not on every build and with every driver: see run --again
#	drivers=latest		if the older driver cannot do it, and
#	why="..."		what that driver lacks
#	run_test()		fails by fail or by any command's status
#
# Tests of one setup share a guest, in which $guest is set. After each of them
# the kernel's log is looked at, and then cleared.

fail()
{
	echo "$*" >"$work/reason"
	exit 1
}

skip()
{
	echo "$*" >"$work/reason"
	exit 77
}

# note TEXT: printed under the test's line if it passes
note()
{
	echo "$*" | tee -a "$work/notes"
}

# in_guest SECONDS CODE: run by the guest's sh with in-guest.sh; a failure is
# the test's
in_guest()
{
	local rc=0

	out=$(guest_run "$guest" "$1" ". /guest/in-guest.sh
set -e
$2" 2>&1) || rc=$?
	[ -z "$out" ] || printf '%s\n' "$out"
	case $rc in
	0) ;;
	124) fail "no end after $1 s" ;;
	125) fail "the guest is gone" ;;
	*) fail "$(reason_in "$rc" <<<"$out")" ;;
	esac
}

reason_in()
{
	awk -v rc="$1" '/^FAILED: / { r = substr($0, 9) } NF { last = $0 }
		END { print r ? r : "status " rc ": " last }'
}

# check_log GUEST: fail if the guest's kernel has complained
check_log()
{
	local rc=0 said

	said=$(guest_run "$1" 20 '. /guest/lib.sh; bad_messages; r=$?; dmesg >/run/dmesg; dmesg -c >/dev/null; exit $r') || rc=$?
	((rc == 0)) && return
	printf '%s\n' "kernel log:" "$said"
	[ "$rc" = 1 ] || fail "the guest does not answer"
	fail "kernel log: $(head -n 1 <<<"$said")"
}

guest_settings()
{
	guest_cards=()
	guest_files=("$here/in-guest.sh" "$tools"/{xfer,netbench,pingsizes,phc})
	guest_memory=1024
	guest_cpus=${OPENFBNIC_CPUS:-4}
	guest_timeout=180
}

# boot_user DIR [QEMU ARGUMENTS...]: a fresh card and a guest
boot_user()
{
	card_start "$1/card" --card "socket=$1/card/0,mac=$mac_a,wire=user" || return 1
	guest_settings
	guest_cards=("$1/card/0")
	guest_start "$1/guest" "${@:2}"
}

boot_pair()
{
	card_start "$1/card" --card "socket=$1/card/0,mac=$mac_a,wire=pair:p" \
		--card "socket=$1/card/1,mac=$mac_b,wire=pair:p" || return 1
	guest_settings
	guest_cards=("$1/card/0" "$1/card/1")
	guest_start "$1/guest" "${@:2}"
}

# card_device SOCKET ID [MORE]: a card for QEMU's command line, or for device_add
card_device()
{
	printf '{"driver":"vfio-user-pci","id":"%s","socket":{"path":"%s","type":"unix"}%s}' "$2" "$1" "${3:+,$3}"
}

# boot_port DIR [QEMU ARGUMENTS...]: a pair whose second card can be unplugged and
# has a port to send errors to. Without ACPI's hot plug Linux uses PCIe's own.
boot_port()
{
	boot_port_only "$1" -device "$(card_device "$1/card/1" card1 '"bus":"rootport"')" "${@:2}"
}

# boot_port_only DIR [QEMU ARGUMENTS...]: the same, nothing plugged into the port
boot_port_only()
{
	card_start "$1/card" --card "socket=$1/card/0,mac=$mac_a,wire=pair:p" \
		--card "socket=$1/card/1,mac=$mac_b,wire=pair:p" || return 1
	guest_settings
	guest_cards=("$1/card/0")
	guest_start "$1/guest" -global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off \
		-device pcie-root-port,id=rootport,chassis=1,slot=1 "${@:2}"
}

# ask_card REQUEST...: of fbnicctl, to the shared cards; prints the answer
ask_card()
{
	"${FBNICCTL:-$top_dir/build/fbnicctl}" "${shared:-$work}/card/control" "$@"
}

# bus_counter CARD NAME: of the card's vfio-user server
bus_counter()
{
	ask_card bus "$1" | grep -o "\"$2\":[0-9]*" | cut -d: -f2
}

# iommu_traffic: of every kind, on a pair
iommu_traffic()
{
	in_guest 60 'pair_up; reach_all; random_file /tmp/file 4000001'
	in_guest 400 'streams out tcp 2 /tmp/file
streams in tcp 2 /tmp/file
streams out udp 1 /tmp/file 1400'
	in_guest 120 'ip link set $A down; ip link set $A up; up_a 1500; wait_links; reach_all
peer ip link set $B down; peer ip link set $B up; up_b 1500; wait_links; reach_all
p=$(pci_of $A); echo $p >/sys/bus/pci/drivers/fbnic/unbind; echo $p >/sys/bus/pci/drivers/fbnic/bind
want "an interface after bind" poll 20 has_nics 1
pair_up; reach_all'
}

# iommu_strict DEVICE KERNEL-ARGUMENTS: a pair behind that IOMMU; maps and unmaps
# come by the thousand, and no access goes to what is not mapped
iommu_strict()
{
	local card maps t0

	card_start "$work/card" --card "socket=$work/card/0,mac=$mac_a,wire=pair:p" \
		--card "socket=$work/card/1,mac=$mac_b,wire=pair:p" || fail "fbnicd does not start"
	guest_settings
	guest_append="iommu.passthrough=0 iommu.strict=1 $2"
	# the IOMMU comes before what it serves
	guest_start "$guest" -no-reboot -device "$1" \
		-device "$(card_device "$work/card/0" card0)" \
		-device "$(card_device "$work/card/1" card1)" || fail "the guest does not boot"
	in_guest 20 '
for i in 1 2; do
	g=$(readlink -f /sys/class/net/$(nic $i)/device/iommu_group) || bad "card $i is in no IOMMU group"
	[ "$(cat $g/type)" = DMA ] || bad "not strict: $(cat $g/type)"
done'
	t0=$EPOCHREALTIME
	iommu_traffic
	for card in 0 1; do
		maps=$(bus_counter $card windows_mapped)
		echo "card $card: $maps maps, $(bus_counter $card windows_unmapped) unmaps, $(bus_counter $card windows) windows," \
			"$(bus_counter $card messages) messages, $(bus_counter $card errors) errors"
		[ "$maps" -gt 2000 ] || fail "card $card saw $maps maps only: that is not strict"
		[ "$(bus_counter $card dma_misses)" = 0 ] ||
			fail "card $card: $(bus_counter $card dma_misses) accesses to memory that was not mapped"
		[ "$(bus_counter $card errors)" = 0 ] || fail "card $card refused $(bus_counter $card errors) messages"
		[ "$(bus_counter $card windows_unmapped)" -gt 2000 ] || fail "card $card: no unmaps"
	done
	echo "in $(awk "BEGIN { print $EPOCHREALTIME - $t0 }") s of traffic; fbnicd used $(awk '{ print ($14 + $15) / 100 }' "/proc/$(cat "$work/card/pid")/stat") s of CPU"
	check_log "$guest"
}

# full_kernel: the guests of this test boot it, if it is there or may be built
full_kernel()
{
	[ "$driver" != 6.12 ] || skip "only with the newest driver"
	guest_kernel=$("$lab_dir/kernel" --flavour "$(kernel_flavour full)") || fail "no full kernel"
}

mac_a=02:fb:00:00:0a:01
mac_b=02:fb:00:00:0b:01
