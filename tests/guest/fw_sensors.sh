# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Temperature and voltage through hwmon: values as measured, the firmware's limits both
# ways (the driver shows none: they are lines of its log), sensors that do not answer.

setup=user
drivers=latest
why="6.12 has no sensors"

find_hwmon='h=; for d in /sys/class/hwmon/hwmon*; do if [ "$(cat $d/name)" = fbnic ]; then h=$d; fi; done
[ -n "$h" ] || bad "no hwmon device"'

# reads TEMPERATURE VOLTAGE
reads()
{
	in_guest 20 "$find_hwmon"'
t=$(cat $h/temp1_input) v=$(cat $h/in0_input)
[ "$t $v" = "'"$1 $2"'" ] || bad "$t mC, $v mV, not '"$1 $2"'"'
}

# logged REGEX: is the log's last line about sensors
logged()
{
	in_guest 20 'last() { grep "sensor: " /sys/kernel/debug/fbnic/*/fw_log | tail -n 1 >/tmp/log; grep -Eq "'"$1"'" /tmp/log; }
poll 10 last || { cat /tmp/log; bad "the log does not say: '"$1"'"; }'
}

run_test()
{
	trap 'ask_card sensor 0 auto; ask_card fault 0 sensor 0' EXIT
	in_guest 30 "$find_hwmon"'
ls $h | grep -E "^(temp|in)" >/tmp/attributes
[ "$(sort /tmp/attributes | tr "\n" " ")" = "in0_input temp1_input " ] || { cat /tmp/attributes; bad "other sensors"; }
sensors >/tmp/sensors || { cat /tmp/sensors; bad "sensors"; }
cat /tmp/sensors
has /tmp/sensors "^fbnic-pci-" "^in0: +7[0-9][0-9]\.00 mV" "^temp1: +\+[2-9][0-9]\.[0-9]"'

	ask_card sensor 0 temp 43210
	ask_card sensor 0 volt 801
	reads 43210 801
	ask_card sensor 0 temp -12345
	reads -12345 801
	logged "temperature -12345 mC, beyond its limits"
	ask_card sensor 0 temp 95000
	reads 95000 801
	logged "temperature 95000 mC, within its limits again"
	ask_card sensor 0 temp 95001
	logged "temperature 95001 mC, beyond its limits"
	ask_card sensor 0 temp 50000
	ask_card sensor 0 volt 826
	logged "voltage 826 mV, beyond its limits"
	ask_card sensor 0 volt 674
	reads 50000 674
	ask_card sensor 0 volt 675
	logged "voltage 675 mV, within its limits again"

	# more than once: a program may read again what it could not read
	ask_card fault 0 sensor 100
	in_guest 20 "$find_hwmon"'
for f in temp1_input in0_input; do
	if cat $h/$f 2>/tmp/said; then bad "$f reads with no sensor"; fi
	has /tmp/said "I/O error|Input/output error"
done
dmesg >/tmp/log; has /tmp/log "Firmware returned error -5"
dmesg -c >/dev/null'
	ask_card fault 0 sensor 0
	reads 50000 675
	ask_card sensor 0 auto
}
