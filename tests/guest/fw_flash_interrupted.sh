# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An update that ends in the middle: the firmware crashes, or hangs so that the driver
# cancels; fbnicd is killed with -9 and started again. Each time what ran before boots again after
# a power cycle, and the same update then succeeds. The dump of the crash is still there
# after power; and a firmware that takes its time to boot is waited for. With the full
# kernel, as fw_flash.

setup=own
long=yes
drivers=latest
why="6.12 can't flash"

ctl()
{
	"${FBNICCTL:-$top_dir/build/fbnicctl}" "$work/card/control" "$@" || fail "fbnicctl $*"
}

counter()
{
	ctl fw 0 | grep -o "\"$1\":[0-9]*" | cut -d: -f2
}

cards()
{
	card_start "$work/card" --card "socket=$work/card/0,mac=$mac_a,wire=user,state=$work/state,fw-boot=1000:2000" ||
		fail "fbnicd does not start"
}

boot()
{
	guest_start "$guest" -no-reboot || fail "the guest does not boot"
	in_guest 60 'want "a card is bound" poll 30 has_nics 1
mkdir -p /lib/firmware; cp /guest/firmware/* /lib/firmware/'
}

power_cycle()
{
	guest_stop "$guest"
	ctl power 0
	boot
}

# info RUNNING STORED
info()
{
	in_guest 30 '
devlink dev info "pci/$(pci_of "$(nic)")" | tr -s " \n" " " >/tmp/info
has /tmp/info "running: fw '"$1"'[^:]*stored: fw '"$2"'"'
}

# Returns with an update under way: some of it written, most not
begin()
{
	in_guest 60 'd=pci/$(pci_of "$(nic)")
(rc=0; devlink dev flash "$d" file large.pldm >/run/said 2>&1 || rc=$?; echo "
status $rc" >>/run/said) &
want "the update is under way" poll 30 grep -q "Flashing" /run/said'
	[ "$(counter fw_updates)" = "$1" ] || fail "the update was over before it could be interrupted"
}

# failed REGEX: devlink has given up, and says so
failed()
{
	in_guest 60 'want "devlink to end" poll 50 grep -q "^status" /run/said
tr "\r" "\n" </run/said | tail -n 4 >/tmp/said; cat /tmp/said
has /tmp/said "'"$1"'" "status [1-9]"
dmesg -c >/dev/null'
}

good()
{
	in_guest 400 'devlink dev flash "pci/$(pci_of "$(nic)")" file large.pldm >/tmp/said 2>&1 || { cat /tmp/said; bad "large.pldm"; }'
}

run_test()
{
	guest_kernel=$("$lab_dir/kernel" --flavour "$(kernel_flavour full)") || fail "no full kernel"
	mkdir -p "$work/state" "$work/firmware"
	"$(dirname "${FBNICD:-$top_dir/build/fbnicd}")/fbnic-pldm" build -o "$work/firmware/large.pldm" \
		boot2=28.00.00-001,commit=large,size=4000000 || fail "fbnic-pldm"
	cards
	guest_settings
	guest_files+=("$work/firmware")
	guest_memory=2048
	guest_cards=("$work/card/0")
	boot

	# the firmware crashes: the driver waits in vain, and cancels what is no more
	begin 0
	ctl fw 0 crash
	failed "Timed out|error"
	[ "$(counter fw_updates_failed)" = 1 ] || fail "the update did not fail"
	info 26.11.00-001 26.11.00-001
	power_cycle
	info 26.11.00-001 26.11.00-001
	in_guest 60 'devlink health dump show "pci/$(pci_of "$(nic)")" reporter fw || bad "no dump"' >"$work/dump.hex"
	"$(dirname "${FBNICD:-$top_dir/build/fbnicd}")/fbnic-dump" "$work/dump.hex" >"$work/dump" ||
		fail "the dump is not whole"
	grep -q "bytes: crash, " "$work/dump" || fail "not the dump of the crash"
	grep -q "from host 0x25 write_chunk_resp" "$work/dump" || fail "the dump knows nothing of the update"

	# it hangs until the driver has cancelled
	begin 0
	ctl fw 0 hang
	failed "Timed out|error"
	ctl fw 0 restart
	power_cycle
	info 26.11.00-001 26.11.00-001
	[ "$(counter fw_updates)" = 0 ] || fail "an update that nobody made"

	# the card's process is killed; QEMU can't go on without it
	begin 0
	end_process "$work/card" KILL
	guest_kill "$guest"
	cards
	boot
	info 26.11.00-001 26.11.00-001

	good
	info 26.11.00-001 28.00.00-001
	# killed again, with the update stored: it is what runs next
	end_process "$work/card" KILL
	guest_kill "$guest"
	cards
	boot
	info 28.00.00-001 28.00.00-001

	# a driver that comes while it boots waits for it
	in_guest 30 'i=$(nic) p=$(pci_of "$(nic)"); echo "$p" >/run/pci; echo "$p" >/sys/bus/pci/drivers/fbnic/unbind'
	ctl fw 0 restart
	[[ $(ctl fw 0) != *'"phase":"ready"'* ]] || fail "it was ready at once"
	in_guest 40 'cat /run/pci >/sys/bus/pci/drivers/fbnic/bind
want "an interface" poll 20 has_nics 1
i=$(nic); ip link set "$i" up; want "link" poll 20 has_link "$i"; want "a lease" lease "$i"'
	[[ $(ctl fw 0) == *'"phase":"ready"'* ]] || fail "it is not ready"
}
