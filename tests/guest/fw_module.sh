# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ethtool -m of every module that can be in the cage, decoded by the real ethtool;
# pages by number; a module that is pulled and put in while the interface is up; one
# that does not answer.

setup=user
drivers=latest
why="6.12 reads no modules"

# decoded REGEX...: by ethtool -m, each on a line
decoded()
{
	in_guest 40 'look()
{
	ethtool -m "$(nic)" >/tmp/module 2>&1 || return 1
	for re; do grep -Eq -e "$re" /tmp/module || return 1; done
}
# a firmware on its own computer hears of a module a little later
poll 5 look '"$(printf "'%s' " "$@")"' || has /tmp/module '"$(printf "'%s' " "$@")"
}

# no_module_page WHAT ETHTOOL-ARGUMENTS...: refused; the driver prints a dump of the answer, and only of that
no_module_page()
{
	local what=$1
	shift

	in_guest 30 'if ethtool -m "$(nic)" '"$*"' >/tmp/module 2>&1; then cat /tmp/module; bad "ethtool -m '"$*"'"; fi
cat /tmp/module
has /tmp/module "'"$what"'"
dmesg -c | grep "fbnic.*\(WARN\|Oops\)" && bad "the kernel complains" || true'
}

run_test()
{
	trap 'ask_card module 0 dac; ask_card fault 0 module 0' EXIT
	in_guest 60 'ip link set "$(nic)" up; want "link" poll 20 has_link "$(nic)"'

	decoded "Identifier +: 0x11 \(QSFP28\)" "Connector +: 0x23 \(No separable connector\)" \
		"Transmitter technology +: 0xa0 \(Copper cable,? unequalized\)" "Revision Compliance +: .*2\.7" \
		"Transceiver type +: 50GBASE-CR, 100GBASE-CR2" "Length \(Copper or Active cable\) +: 1m" "Vendor name +: OPENFBNIC" "Vendor PN +: OFB-DAC-100G-1M" \
		"Vendor rev +: A1" "Vendor SN +: OFB000001" "Date code +: 261122" "Encoding +: 0x08" \
		"Attenuation at 2.5GHz +: 4db" "Module temperature +: 28\.00 degrees C" "Module voltage +: 3\.3000 V"
	no_module_page "Input/output error|netlink error" page 3 offset 128 length 128
	no_module_page "Invalid i2c|netlink error" page 0 offset 0 length 16 i2c 0x51

	ask_card module 0 optic
	decoded "Connector +: 0x0c \(MPO Parallel Optic\)" "Vendor PN +: OFB-SR2-100G" \
		"Transmitter technology +: 0x00 \(850 nm VCSEL\)" "Laser wavelength +: 850\.000+nm" \
		"Length \(OM3[^)]*\) +: 70m" "Module temperature +: 38\.50 degrees C" "Module voltage +: 3\.2900 V" \
		"Laser tx bias current \(Channel 4\) +: 7\.200 mA" \
		"Transmit avg optical power \(Channel 1\) +: 1\.1000 mW / 0\.41 dBm" \
		"Rcvr signal avg optical power ?\(Channel 2\) +: 0\.7000 mW / -1\.55 dBm" \
		"Laser bias current high alarm threshold +: 13\.000 mA" \
		"Laser output power low warning threshold +: 0\.2000 mW / -6\.99 dBm" \
		"Module temperature high alarm threshold +: 75\.00 degrees C" \
		"Module temperature low alarm threshold +: -5\.00 degrees C" \
		"Module voltage high warning threshold +: 3\.4650 V" \
		"Laser rx power low alarm threshold +: 0\.0400 mW / -13\.98 dBm" \
		"Module temperature high alarm +: Off"
	in_guest 20 'ethtool -m "$(nic)" page 3 offset 128 length 16 hex on >/tmp/module
has /tmp/module "^0x0080:?[[:space:]]+4b 00 fb 00 46 00 00 00"'

	ask_card module 0 cmis
	decoded "Identifier +: 0x18 \(QSFP-DD" "Revision compliance +: Rev\. 4\.0" "Module [Ss]tate +: 0x03 \(ModuleReady\)" \
		"Connector +: 0x0c \(MPO Parallel Optic\)" "Max power +: 3\.50*W" "Active firmware version +: 1\.0" "Vendor PN +: OFB-SR2-DD-100G" \
		"Vendor SN +: OFB000002" "Laser wavelength +: 850\.000+nm" "Length \(OM4[^)]*\) +: 100m" \
		"Module temperature +: 41\.00 degrees C" "Module voltage +: 3\.2850 V" \
		"Laser tx bias current \(Channel 1\) +: 7\.600 mA" \
		"Transmit avg optical power \(Channel 2\) +: 1\.2000 mW / 0\.79 dBm" \
		"Rcvr signal avg optical power \(Channel 1\) +: 0\.7000 mW / -1\.55 dBm" \
		"Module voltage low alarm threshold +: 2\.9700 V" "Laser bias current low warning threshold +: 4\.000 mA" \
		"Rx loss of signal +: (None|No)"
	ask_card link 0 dark
	decoded "Rcvr signal avg optical power \(Channel 1\) +: 0\.0000 mW / -inf dBm" "Rx loss of signal +: .*Yes"
	ask_card link 0 light

	# the bus to the module fails once
	ask_card fault 0 module
	no_module_page "Input/output error|netlink error" page 0 offset 0 length 128
	decoded "Vendor PN +: OFB-SR2-DD-100G"

	# pulled and put in again while the interface is up
	ask_card module 0 none
	in_guest 30 'dark() { ! has_link "$(nic)"; }; want "no link without a module" poll 20 dark'
	no_module_page "No such device|netlink error"
	ask_card module 0 dac
	in_guest 30 'want "link with the module back" poll 20 has_link "$(nic)"
grep -E "module: (removed|inserted)" /sys/kernel/debug/fbnic/*/fw_log | tail -n 2 >/tmp/log
has /tmp/log "removed" "inserted"'
	decoded "Vendor PN +: OFB-DAC-100G-1M"
}
