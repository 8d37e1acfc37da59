# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ethtool -i: driver, bus and the firmware's version.

setup=user

run_test()
{
	in_guest 30 '
i=$(nic)
ethtool -i "$i" >/tmp/t
has /tmp/t "^driver: fbnic$" "^version: [0-9]" "^firmware-version: .*[0-9]+\.[0-9]+" "^bus-info: $(pci_of "$i")$"'
}
