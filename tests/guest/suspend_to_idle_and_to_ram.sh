# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest sleeps, to idle and to RAM, with the interfaces up, and QEMU wakes it: the
# driver gives the card up and takes it back (D3hot and D0; after RAM a reset, too),
# and frames flow as before.

setup=own
long=yes

# idle_times N: the guest has said so often that it is asleep
idle_times()
{
	[ "$(grep -c '[]] PM: suspend-to-idle' "$guest/console")" -ge "$1" ]
}

# The firmware has to give the chipset its ACPI registers back after RAM (Linux does not know these two of the
# LPC bridge: PMBASE and ACPI_CNTL), and SeaBIOS under this QEMU does not: without them the next order to
# sleep goes nowhere, and Linux takes what it reads there, all ones, for having slept.
acpi_back='lpc=/sys/bus/pci/devices/0000:00:1f.0/config
printf "\\001\\006\\000\\000\\200" | dd of=$lpc bs=1 seek=64 conv=notrunc 2>/dev/null
[ "$(od -A n -t x1 -j 64 -N 5 $lpc)" = " 01 06 00 00 80" ] || bad "the ACPI registers are not back"'

# slept s2idle|deep N: for the Nth time in this way
slept()
{
	local id=$RANDOM$RANDOM

	guest_send "$guest" "$id" "echo $1 >/sys/power/mem_sleep; echo mem >/sys/power/state"
	if [ "$1" = s2idle ]; then
		wait_for 200 "$guest" idle_times "$2" || fail "it does not sleep to idle"
		guest_qmp "$guest" system_powerdown	# the button; nobody listens but the sleep
	else
		wait_for 200 "$guest" guest_event "$guest" SUSPEND "$2" || fail "it does not sleep to RAM"
		guest_qmp "$guest" system_wakeup
	fi
	wait_for 200 "$guest" marks "$guest/output" "@@DONE $id 0" 1 || fail "it does not wake ($1)"
	[ "$1" != deep ] || in_guest 20 "$acpi_back"
	# A processor gets ten seconds to come back. With fewer of them the driver comes back with fewer queues, and
	# with the RSS table that it had: what is for the others is lost (fbnic_reset_queues() in __fbnic_pm_resume()).
	in_guest 20 '[ "$(nproc)" = '"$guest_cpus"' ] || bad "only $(nproc) processors came back: the machine is too busy"'
	in_guest 200 '[ "$(cat /sys/power/suspend_stats/fail)" = 0 ] || bad "a sleep failed"
wait_links
reach_all
streams out tcp 1 /tmp/file
streams in tcp 1 /tmp/file
# The driver cancels its service task without waiting for it, so one that runs arms itself
# again and finds the mailbox closed (fbnic_service_task_stop(), fbnic_pm_suspend())
dmesg() { command dmesg "$@" | grep -Ev "NIC failed to take ownership|Firmware recovery failed after crash"; }
said=$(set +e; bad_messages) || bad "kernel log: $said"
command dmesg -c >/dev/null'
}

run_test()
{
	full_kernel
	guest_append=no_console_suspend
	boot_pair "$work" -no-reboot -global ICH9-LPC.disable_s3=0 || fail "the guest does not boot"
	in_guest 200 'pair_up; random_file /tmp/file 2000001
has /sys/power/mem_sleep s2idle deep
echo 8 >/proc/sys/kernel/printk
echo 1 >/sys/power/pm_debug_messages'
	slept s2idle 1
	slept s2idle 2
	guest_coverage "$guest"		# counts would be lost with a guest that does not wake
	slept deep 1	# (after it, the power button wakes nobody: what it raises is off)
	slept deep 2
	in_guest 60 '[ "$(cat /sys/power/suspend_stats/success)" = 4 ] || bad "$(cat /sys/power/suspend_stats/success) sleeps"'
}
