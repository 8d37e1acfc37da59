# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154	# shared with bmc.sh, common.sh and the guests
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Words for the tests in which a BMC asks the card by PLDM, on the host. $by is the
# option with which fbnic-bmc finds the card; nothing for NC-SI.

. "$here/bmc.sh"

by=

pldm()
{
	"$(dirname "${FBNICD:-$here/../../build/fbnicd}")/fbnic-pldm" "$@" || fail "fbnic-pldm $*"
}

# packages: for the BMC and for devlink, the same files in both guests
packages()
{
	mkdir -p "$work/firmware"
	(
		cd "$work/firmware" || exit
		pldm build -o good.pldm boot1=27.01.00-001 boot2=27.01.02-003,commit=second option-rom=27.01.04-005,size=20000
		pldm build -o large.pldm "boot2=28.00.00-001,size=$1"
		pldm build -o newer.pldm --anti-rollback=2 boot2=29.00.00-001,commit=third
		pldm build -o other.pldm --device=1d9b:0014 boot2=30.00.00-001
		head -c 65000 good.pldm >short.pldm
		# one byte of a payload, which only the firmware's checksum covers
		pldm build -o rotten.pldm boot2=30.00.00-001
		printf X | dd of=rotten.pldm bs=1 seek=40000 conv=notrunc status=none
	)
	bmc_more=("$work/firmware")
}

# pldm_host: a host that can flash
pldm_host()
{
	guest_kernel=$("$lab_dir/kernel" --flavour "$(kernel_flavour full)") || fail "no full kernel"
	guest_settings
	guest_files+=("$work/firmware")
	guest_cards=("$work/card/0")
	guest_start "$guest" -no-reboot || fail "the host does not boot"
	in_guest 60 'want "a card is bound" poll 30 has_nics 1
mkdir -p /lib/firmware; cp /guest/firmware/* /lib/firmware/'
}

# bmc_discovers: the three types of PLDM and a record for each sensor
bmc_discovers()
{
	in_bmc 60 "fbnic-bmc $by discover >/tmp/known || { cat /tmp/known; bad discover; }
cat /tmp/known"'
has /tmp/known "^TID [0-9]" "^type 0, version 1\.[0-9.]*, commands .*0x04" "^type 2, .* 0x11 .*0x21 .*0x51" \
	"^type 5, .* 0x10 .*0x1a" "^record [0-9]*: terminus" "^record .*: name of sensor .*: temperature$" \
	"^record .*: name of sensor .*: link$"
n=$(sed -n "s/^\([0-9]*\) records, .*/\1/p" /tmp/known)
[ "$n" = "$(grep -c "^record " /tmp/known)" ] || bad "records are missing"'
}

# bmc_reads NAME: a sensor, without its unit
bmc_reads()
{
	in_bmc 60 "fbnic-bmc $by sensors >/tmp/sensors || { cat /tmp/sensors; bad sensors; }
sed -n 's/^[0-9]*	$1	\\([^ 	]*\\).*/\\1/p' /tmp/sensors"
}

same_number()
{
	awk "BEGIN { exit !(\"$1\" != \"\" && ($1) == ($2)) }"
}

# sensors_agree: each way of the host, hwmon and the module's pages, against the BMC's
sensors_agree()
{
	local name n values

	ask_card module 0 optic
	ask_card sensor 0 temp 61500
	ask_card sensor 0 volt 741
	in_guest 60 'i=$(nic)
ip link set "$i" up
for d in /sys/class/hwmon/hwmon*; do if [ "$(cat $d/name)" = fbnic ]; then h=$d; fi; done
told() { ethtool -m "$i" | sed -n "s/^[	 ]*$1 *: *\([0-9.]*\).*/\1/p"; }
warm() { told "Module temperature" | grep -q 38; }
want "the module is read" poll 30 warm
echo "$(cat $h/temp1_input)/1000 $(cat $h/in0_input)/1000 $(told "Module temperature") $(told "Module voltage")"'
	read -ra values <<<"$out"
	n=0
	for name in temperature "core voltage" "module temperature" "module voltage"; do
		bmc_reads "$name"
		same_number "$out" "${values[n]}" || fail "$name: the host says ${values[n]}, the BMC '$out'"
		n=$((n + 1))
	done
	[ "${values[0]}" = 61500/1000 ] || fail "the temperature is not what it was set to: ${values[0]}"
	bmc_reads 'module presence'
	[ "$out" = present ] || fail "the module is '$out'"
	ask_card module 0 none
	bmc_reads 'module presence'
	[ "$out" = not ] || fail "no module is '$out'"
	bmc_reads 'module temperature'
	[ "$out" = unavailable ] || fail "the temperature of no module is '$out'"
	ask_card module 0 dac
	ask_card sensor 0 auto
}

# versions RUNNING STORED: of boot2, by devlink on the host and by PLDM on the BMC, where
# nothing is pending if both are the same
versions()
{
	local pending=$2

	[ "$1" != "$2" ] || pending=-
	in_guest 60 '
devlink dev info "pci/$(pci_of "$(nic)")" | tr -s " \n" " " >/tmp/info
has /tmp/info "running: fw '"$1"'[^:]*stored: fw '"$2"'"'
	in_bmc 60 "fbnic-bmc $by info >/tmp/info || { cat /tmp/info; bad info; }
cat /tmp/info
has /tmp/info '^identifier 0x0000: 9b 1d' '^component 1, .*: active $1, pending $pending,'"
}

# bmc_update FILE: it is taken
bmc_update()
{
	in_bmc 300 "s=\$(cut -d' ' -f1 /proc/uptime)
fbnic-bmc -q $by update /guest/firmware/$1 >/tmp/said 2>&1 || { cat /tmp/said; bad '$1'; }
cat /tmp/said
has /tmp/said 'stored; it runs after the next power cycle'
echo \"\$s \$(cut -d' ' -f1 /proc/uptime)\" | awk '{ print \$2 - \$1 }'"
	note "update of $(stat -c %s "$work/firmware/$1") bytes: $(tail -n 1 <<<"$out") s on the BMC's clock"
}

# bmc_refused FILE REGEX: it is not, and nothing changes
bmc_refused()
{
	in_bmc 240 "if fbnic-bmc -q $by update /guest/firmware/$1 >/tmp/said 2>&1; then cat /tmp/said; bad '$1 was taken'; fi
cat /tmp/said
has /tmp/said '$2'"
}

# begin_update: of large.pldm, in the background; end_update STATUS REGEX: how it has ended
begin_update()
{
	in_bmc 60 "rm -f /run/updated /tmp/updating
{ fbnic-bmc $by update /guest/firmware/large.pldm >/tmp/updating 2>&1 &
echo \$! >/run/update
s=0; wait \$! || s=\$?
echo \$s >/run/updated; } &"'
want "the update is under way" poll 30 grep -qs "[1-9]%" /tmp/updating'
}

# update_signal STOP|CONT: to the one that was begun
update_signal()
{
	in_bmc 60 "kill -$1 \"\$(cat /run/update)\" || { cat /tmp/updating; bad 'the update has ended too early'; }"
}

end_update()
{
	in_bmc 300 'want "the end of the update" poll 280 test -e /run/updated
tr "\r" "\n" </tmp/updating | tail -n 3
has /tmp/updating "'"$2"'"; [ "$(cat /run/updated)" = '"$1 ]"
}

# power: the machine's; the BMC goes on
power()
{
	guest_stop "$guest"
	ask_card power 0
	pldm_host
}
