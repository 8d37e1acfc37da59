# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the firmware tells: the module in the cage, temperature and voltage, its log.

setup=user
drivers=latest
why="6.12 asks the firmware for none of it"

run_test()
{
	in_guest 60 '
i=$(nic)
ip link set "$i" up
ethtool -m "$i" >/tmp/module || { cat /tmp/module; bad "ethtool -m"; }
cat /tmp/module
has /tmp/module "Identifier +: 0x11 \(QSFP28\)" "Vendor name +: OPENFBNIC" "Vendor PN +: OFB" "Vendor SN +: OFB"
h=
for d in /sys/class/hwmon/hwmon*; do if [ "$(cat $d/name)" = fbnic ]; then h=$d; fi; done
[ -n "$h" ] || bad "no hwmon device"
t=$(cat "$h/temp1_input") v=$(cat "$h/in0_input")
[ "$t" -ge 20000 ] && [ "$t" -le 95000 ] || bad "temperature $t"
[ "$v" -ge 675 ] && [ "$v" -le 825 ] || bad "voltage $v"
cat /sys/kernel/debug/fbnic/*/fw_log >/tmp/log
cat /tmp/log
has /tmp/log "boot: control firmware 26\.11\.00-001" "host: driver connected" "host: took the card"'
}
