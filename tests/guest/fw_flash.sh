# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# devlink dev flash: good packages, which run after a power cycle and not before; bad
# ones of every kind, and a firmware that refuses, fails or is cancelled; a guest that is
# killed in the middle; a rollback. With the full kernel: the small one can't load firmware
# files. What is interrupted by other deaths: fw_flash_interrupted.

setup=own
drivers=latest
why="6.12 can't flash"

pldm()
{
	"$(dirname "${FBNICD:-$here/../../build/fbnicd}")/fbnic-pldm" "$@" || fail "fbnic-pldm $*"
}

packages()
{
	mkdir -p "$work/firmware"
	(
		cd "$work/firmware" || exit
		pldm build -o good.pldm boot1=27.01.00-001,commit=first boot2=27.01.02-003,commit=second \
			option-rom=27.01.04-005,commit=third,size=20000
		pldm build -o boot1.pldm boot1=26.12.00-001,commit=b1
		pldm build -o rom.pldm option-rom=26.12.00-003,commit=rom
		pldm build -o large.pldm boot2=28.00.00-001,size=4000000
		pldm build -o newer.pldm --anti-rollback=2 boot2=29.00.00-001
		pldm build -o other.pldm --device=1d9b:0014 boot2=30.00.00-001
		head -c 65000 good.pldm >short.pldm
		head -c 100 good.pldm >stub.pldm
		head -c 65600 /dev/zero >zeros
		pldm build -o raw.pldm boot2=30.00.00-001,raw=zeros
		# one byte of a payload, which only the firmware's checksum covers
		pldm build -o rotten.pldm boot2=30.00.00-001
		printf X | dd of=rotten.pldm bs=1 seek=40000 conv=notrunc status=none
	)
}

boot()
{
	guest_start "$guest" -no-reboot || fail "the guest does not boot"
	in_guest 60 '
want "a card is bound" poll 30 has_nics 1
mkdir -p /lib/firmware; cp /guest/firmware/* /lib/firmware/'
}

# info RUNNING STORED
info()
{
	in_guest 30 '
devlink dev info "pci/$(pci_of "$(nic)")" | tr -s " \n" " " >/tmp/info
has /tmp/info "running: fw '"$1"'[^:]*stored: fw '"$2"'"'
}

# refused FILE REGEX: flash fails, and says so; nothing has changed
refused()
{
	in_guest 90 'd=pci/$(pci_of "$(nic)")
if devlink dev flash "$d" file '"$1"' >/tmp/said 2>&1; then cat /tmp/said; bad "'"$1"' was taken"; fi
cat /tmp/said
has /tmp/said "'"$2"'"
dmesg -c >/dev/null'
}

# stuck FAULT ERROR: the firmware does not do it, the driver names the error, all is as it was
stuck()
{
	ask_card fault 0 "$1" || fail "fbnicctl fault $1"
	refused good.pldm "error: $2\\)"
	info 26.11.00-001 26.11.00-001
}

# garbled MESSAGE CHANGE REGEX: flash fails of a message that is not what it should be
garbled()
{
	ask_card garble 0 "$1" "$2" || fail "fbnicctl garble $1 $2"
	refused good.pldm "$3"
}

# flashed FILE COMPONENT: it is taken, with the lines that devlink shows meanwhile on a terminal
flashed()
{
	in_guest 120 'printf "#!/bin/sh\nexec devlink dev flash pci/%s file '"$1"'\n" "$(pci_of "$(nic)")" >/tmp/flash
chmod +x /tmp/flash
socat -u EXEC:/tmp/flash,pty,stderr OPEN:/tmp/said,creat,trunc
tr "\r\b" "\n\n" </tmp/said >/tmp/lines
sort -u /tmp/lines | head -n 20
has /tmp/lines "^.'"$2"'. Initializing" "^.'"$2"'. Flashing" "^ +[3-7][0-9]%" "^ 100%"'
}

run_test()
{
	guest_kernel=$("$lab_dir/kernel" --flavour "$(kernel_flavour full)") || fail "no full kernel"
	packages
	mkdir -p "$work/state"
	card_start "$work/card" --card "socket=$work/card/0,mac=$mac_a,wire=user,state=$work/state" ||
		fail "fbnicd does not start"
	guest_settings
	guest_files+=("$work/firmware")
	guest_memory=2048
	guest_cards=("$work/card/0")
	boot
	info 26.11.00-001 26.11.00-001
	refused other.pldm "No matching record"
	refused short.pldm "Invalid header"
	refused stub.pldm "Invalid header"
	refused raw.pldm "Invalid image"
	refused rotten.pldm "error"
	info 26.11.00-001 26.11.00-001
	stuck update-start -16
	stuck update-chunk -5
	stuck update-order -14
	stuck flash -5
	garbled write_chunk_req length=5000 "Invalid header"
	info 26.11.00-001 26.11.00-001
	# each component alone leaves the others as they are
	flashed boot1.pldm boot1
	flashed rom.pldm option-rom
	in_guest 30 'devlink dev info "pci/$(pci_of "$(nic)")" | tr -s " \n" " " >/tmp/info
has /tmp/info "stored: fw 26.11.00-001 fw.commit openfbnic fw.bootloader 26.12.00-001 fw.bootloader.commit b1 fw.undi 26.12.00-003 fw.undi.commit rom"'
	flashed good.pldm boot2
	in_guest 30 'd=pci/$(pci_of "$(nic)")
devlink dev info "$d" | tr -s " \n" " " >/tmp/info
has /tmp/info "running: fw 26.11.00-001 fw.commit openfbnic fw.bootloader 26.11.00-001" \
	"stored: fw 27.01.02-003 fw.commit second fw.bootloader 27.01.00-001 fw.bootloader.commit first fw.undi 27.01.04-005 fw.undi.commit third"'

	# a new kernel is no new power
	guest_stop "$guest"
	boot
	info 26.11.00-001 27.01.02-003
	# to the firmware the first of these has begun, and the next ones are too many; power ends it
	garbled start_upgrade_resp error=-95 "Unsupported image"
	garbled start_upgrade_resp error=-12 "Out of memory"
	garbled start_upgrade_resp error=-19 "No matching device"
	guest_stop "$guest"
	ask_card power 0
	boot
	info 27.01.02-003 27.01.02-003

	# QEMU dies in the middle of an update
	in_guest 60 'd=pci/$(pci_of "$(nic)")
devlink dev flash "$d" file large.pldm >/tmp/said 2>&1 &
want "the update is under way" poll 30 grep -q "Flashing" /tmp/said'
	guest_kill "$guest"
	boot
	info 27.01.02-003 27.01.02-003
	in_guest 300 'devlink dev flash "pci/$(pci_of "$(nic)")" file large.pldm >/tmp/said 2>&1 ||
		{ cat /tmp/said; bad "large.pldm"; }'
	info 27.01.02-003 28.00.00-001

	# what may not be taken back is not
	in_guest 120 'devlink dev flash "pci/$(pci_of "$(nic)")" file newer.pldm >/tmp/said 2>&1 ||
		{ cat /tmp/said; bad "newer.pldm"; }'
	guest_stop "$guest"
	ask_card power 0
	boot
	info 29.00.00-001 29.00.00-001
	refused good.pldm "No matching record"
	info 29.00.00-001 29.00.00-001
}
