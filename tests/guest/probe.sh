# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The driver binds to the card and finds what it looks for: its identity, BARs, MSI-X,
# PCIe, the serial number made from the MAC, the firmware's version.

setup=user

run_test()
{
	in_guest 60 '
want "a card is bound" poll 20 has_nics 1
i=$(nic)
p=$(pci_of "$i")
[ "$(cat /sys/class/net/$i/address)" = '"$mac_a"' ] || bad "MAC address $(cat /sys/class/net/$i/address)"
lspci -nvvv -s "$p" >/tmp/lspci
has /tmp/lspci "1d9b:0013" "Region 0: Memory at .* \(64-bit" "Region 4: Memory at" \
	"MSI-X: Enable\+" "Capabilities: .* Express" "Power Management" "Advanced Error Reporting" \
	"Device Serial Number 02-fb-00" "FLReset\+"
devlink dev info "pci/$p" >/tmp/info
has /tmp/info "driver fbnic" "serial_number" "fw [0-9]"
ls /sys/kernel/debug/fbnic >/dev/null 2>&1 || true'
}
