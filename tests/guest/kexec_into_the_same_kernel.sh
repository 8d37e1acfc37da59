# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest's kernel starts another one by kexec, first with cards at rest, then
# with frames coming all the time. There is no reset between the two (QEMU would
# end at one): what keeps the cards away from the new kernel's memory is the old
# driver's shutdown, what makes them work again is the new one's probe.

setup=own
long=yes

# again N COMMANDS: kexec for the Nth time, with these just before it
again()
{
	in_guest 120 'touch /run/old
cd / && find . -xdev | cpio -o -H newc >/tmp/initrd
want "kexec -l" kexec --kexec-file-syscall -l /guest/bzImage --initrd=/tmp/initrd \
	--command-line="$(sed "s/ kexecs=.*//" /proc/cmdline) kexecs='"$1"'"
rm /tmp/initrd'
	guest_coverage "$guest" ends	# what this kernel has counted goes with it
	in_guest 100 "$2"
	guest_send "$guest" 0 'kexec -e --no-ifdown'
	guest_wait_ready "$guest" $((1 + $1)) || fail "kernel $1 does not come up"
	in_guest 300 'grep -q " kexecs='"$1"'$" /proc/cmdline || bad "another kernel: $(cat /proc/cmdline)"
[ ! -e /run/old ] || bad "the same kernel"
pair_up
[ "$(cat /sys/class/net/$A/address)" = '"$mac_a"' ] || bad "MAC address after kexec"
reach_all
random_file /tmp/file 2000001
streams out tcp 2 /tmp/file
streams in tcp 2 /tmp/file
rm /tmp/file'
	check_log "$guest"
}

run_test()
{
	full_kernel
	card_start "$work/card" --card "socket=$work/card/0,mac=$mac_a,wire=pair:p" \
		--card "socket=$work/card/1,mac=$mac_b,wire=pair:p" || fail "no cards"
	guest_settings
	guest_files+=("$guest_kernel")
	guest_cards=("$work/card/0" "$work/card/1")
	guest_start "$work/guest" -no-reboot || fail "the guest does not boot"
	in_guest 60 'pair_up; reach_all'
	again 1 :
	again 2 traffic_start
}
