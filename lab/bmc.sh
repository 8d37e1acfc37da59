# shellcheck shell=bash disable=SC2034,SC2054,SC2154	# shared with lib.sh and guest.sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A BMC: one of QEMU's AST2600 machines, its network card connected to fbnicd's
# bmc= socket. Needs lab/lib.sh and lab/guest.sh, whose words (guest_run,
# guest_wait_ready, guest_qmp, guest_stop, guest_kill) work on it as on a host.
#
# fbnicd must listen before the BMC's interface comes up: Linux looks for an
# NC-SI package once.

# Our programs in a BMC's image: the name and the sources
bmc_programs='xfer tools/xfer.c
fbnic-bmc tools/fbnic-bmc.c tools/bmc_*.c tools/pldm.c tools/tool.c'
bmc_headers='tools/*.h src/fw/crc.h'

bmc_cc=arm-linux-gnueabihf-gcc

# bmc_tools: the directory with them, linked statically
bmc_tools()
{
	local key sources

	sources=$(cut -d' ' -f2- <<<"$bmc_programs")
	# shellcheck disable=SC2086	# words on purpose
	key=$(cd "$top_dir" && cat $sources $bmc_headers | hash_of "$("$bmc_cc" --version)" "$bmc_programs" "$(declare -f bmc_tools_fill)")
	cached "bmc-tools-$key" bmc_tools_fill
}

bmc_tools_fill()
{
	local dir=$1 name sources

	while read -r name sources; do
		# shellcheck disable=SC2086
		(cd "$top_dir" && "$bmc_cc" -std=c17 -D_GNU_SOURCE= -O2 -Wall -Wextra -static -o "$dir/$name" $sources)
	done <<<"$bmc_programs"
}

# bmc_board MACHINE KERNEL: sets bmc_tree and bmc_uart
bmc_board()
{
	local board

	board=$(grep "^$1 " "$(dirname "$2")/boards") || die "$2 has no device tree for $1"
	bmc_uart=${board##* }
	board=${board#* }
	bmc_tree=$(dirname "$2")/${board% *}.dtb
}

# bmc_command DIR SOCKET [FILE...]: QEMU's command line in guest_argv, and the
# archive with FILE... in /guest
bmc_command()
{
	local dir=$1 socket=$2 guest_image guest_root='' guest_modules
	shift 2

	[ -n "${bmc_qemu:-}" ] || bmc_qemu=$("$lab_dir/qemu" --arch arm)
	[ -n "${bmc_kernel:-}" ] || bmc_kernel=$("$lab_dir/bmc-kernel")
	guest_image=$("$lab_dir/bmc-image")
	guest_modules=$(dirname "$bmc_kernel")/modules
	mkdir -p "$dir"
	guest_archive "$dir" "$@"
	bmc_board "${bmc_machine:-fby35-bmc}" "$bmc_kernel"
	guest_argv=("$bmc_qemu" -M "${bmc_machine:-fby35-bmc}" -nodefaults -display none
		-kernel "$bmc_kernel" -dtb "$bmc_tree" -initrd "$dir/initrd"
		-netdev "stream,id=nc,server=off,addr.type=unix,addr.path=$socket,reconnect-ms=200"
		-net nic,netdev=nc)
}

# bmc_start DIR SOCKET [QEMU ARGUMENTS...]: start a BMC and wait until its channel
# answers; its interface is still down. Settings in variables: bmc_machine (fby35-bmc,
# catalina-bmc), bmc_kernel (see lab/bmc-kernel), bmc_files (array), bmc_append,
# guest_timeout.
bmc_start()
{
	local dir=$1 socket=$2
	shift 2

	guest_begin "$dir"
	bmc_command "$dir" "$socket" ${bmc_files[@]+"${bmc_files[@]}"}
	guest_launch "$dir" "$bmc_uart" "$@" \
		-append "console=ttyS4,115200 loglevel=5 panic=-1 openfbnic.channel=ttyS$((bmc_uart - 1)) ${bmc_append:-}"
}
