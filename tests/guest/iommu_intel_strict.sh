# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest behind an emulated Intel IOMMU in strict mode: each buffer is a DMA_MAP
# and a DMA_UNMAP to the card, and an access to anything else is refused and
# counted. With all traffic there must be none.

setup=own
long=yes

# bus_counter CARD NAME
bus_counter()
{
	ask_card bus "$1" | grep -o "\"$2\":[0-9]*" | cut -d: -f2
}

boot_iommu()
{
	card_start "$work/card" --card "socket=$work/card/0,mac=$mac_a,wire=pair:p" \
		--card "socket=$work/card/1,mac=$mac_b,wire=pair:p" || fail "fbnicd does not start"
	guest_settings
	guest_append="intel_iommu=on iommu=nopt iommu.passthrough=0 iommu.strict=1"
	# the IOMMU comes before what it serves
	guest_start "$guest" -no-reboot -device intel-iommu,caching-mode=on \
		-device "$(card_device "$work/card/0" card0)" \
		-device "$(card_device "$work/card/1" card1)" || fail "the guest does not boot"
}

traffic()
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

run_test()
{
	local card maps t0

	boot_iommu
	in_guest 20 '
for i in 1 2; do
	g=$(readlink -f /sys/class/net/$(nic $i)/device/iommu_group) || bad "card $i is in no IOMMU group"
	cat $g/type
	[ "$(cat $g/type)" = DMA ] || bad "not strict: $(cat $g/type)"
done'
	t0=$EPOCHREALTIME
	traffic
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
