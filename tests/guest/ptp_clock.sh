# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The PTP clock runs: never backwards, and at the speed of time.

setup=user
drivers=latest
why="6.12 has no PTP clock"

run_test()
{
	in_guest 60 '
i=$(nic)
c=$(echo /sys/class/net/$i/device/ptp/ptp*)
[ -e "$c/clock_name" ] || bad "no clock below $i"
[ -c "/dev/$(basename "$c")" ] || bad "no device for the clock"
[ "$(cat "$c/max_adjustment")" -gt 0 ] || bad "max_adjustment"
ppm=$(phc "/dev/$(basename "$c")" 3) || bad "the clock cannot be read or went backwards"
echo "$ppm"
ppm=${ppm% ppm}
[ "${ppm#-}" -lt 2000 ] || bad "the clock is $ppm ppm off"'
}
