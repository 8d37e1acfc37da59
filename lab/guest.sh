# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guests and cards for host scripts; needs lab/lib.sh. A guest or a card is a
# directory: what it was started with, its logs, its sockets, its pid.
#
# A guest has two serial ports. The first is the kernel's console, in
# DIR/console. The second is a channel: the host writes a line "ID COMMANDS" to
# the FIFO DIR/channel.in (the commands in base64), the guest gives them to a
# fresh sh and answers
#
#	@@RUN ID
#	what the commands printed
#	@@DONE ID STATUS
#
# which QEMU writes to DIR/output. The kernel prints nothing on that port, so
# the answer is the command's and only that.
#
# QEMU's monitor (QMP) works the same way: a line into DIR/monitor.in, answers and
# events in DIR/monitor.
#
# Only processes started here are ever killed, by pid; they also go away when
# the script which started them does.

# accel_of QEMU KERNEL: KVM where a kernel really starts with it, else TCG.
# Found out once per boot of the machine, by starting the kernel.
accel_of()
{
	local qemu=$1 kernel=$2 dir

	if [ -n "${OPENFBNIC_ACCEL:-}" ]; then
		echo "$OPENFBNIC_ACCEL"
	elif [ -r /dev/kvm ] && [ -w /dev/kvm ]; then
		dir=$(cached "accel-$(hash_of "$qemu" </proc/sys/kernel/random/boot_id)" \
			accel_probe "$qemu" "$kernel")
		cat "$dir/accel"
	else
		echo tcg,thread=multi
	fi
}

accel_probe()
{
	local qemu=$1 kernel=$2 dir=$3

	say "seeing whether KVM works here (at most 10 s)"
	# without a root file system the kernel ends in a panic, and QEMU with it
	timeout 10 "$qemu" -accel kvm -M q35 -m 256 -nodefaults -no-reboot \
		-display none -serial "file:$dir/console" -kernel "$kernel" \
		-append "console=ttyS0 panic=-1" </dev/null >/dev/null 2>&1 || true
	if grep -q 'Linux version' "$dir/console" 2>/dev/null; then
		echo kvm
	else
		say "it does not; guests run under TCG, an emulated processor"
		echo tcg,thread=multi
	fi >"$dir/accel"
}

# guest_archive DIR FILE...: DIR/initrd, the image with the files in /guest and
# the kernel's modules
guest_archive()
{
	local dir=$1 stage=$1/stage modules
	shift

	mkdir -p "$stage/guest" "$stage/usr/lib"
	cp -rL "$lab_dir/in-guest/lib.sh" "$@" "$stage/guest/"
	echo "patience=${OPENFBNIC_PATIENCE:-1}" >>"$stage/guest/lib.sh"
	[ -z "${guest_root:-}" ] || cp "$lab_dir/in-guest/to-root" "$stage/guest/"
	modules=${guest_modules:-$(dirname "$(kernel_path)")/modules}
	[ ! -d "$modules/lib/modules" ] || cp -r "$modules/lib/modules" "$stage/usr/lib/"
	cp "$(image_path)" "$dir/initrd"
	(
		cd "$stage" || exit
		find . -mindepth 1 | cpio --create --format=newc --owner=0:0 --quiet
	) >>"$dir/initrd"
	rm -rf "$stage"
}

# guest_tools [COMPILER]: the directory of the programs we bring into a guest,
# which are linked statically since the image has another release's libraries
guest_tools()
{
	local cc=${1:-cc} key dir

	key=$(cat "$top_dir"/tools/{xfer,netbench,pingsizes,phc,tsckhz}.c |
		hash_of "$("$cc" --version)" "$(declare -f tools_fill)")
	dir=$(cached "tools-$key" tools_fill "$cc")
	echo "$dir"
}

tools_fill()
{
	local cc=$1 t
	shift

	for t in xfer netbench pingsizes phc tsckhz; do
		"$cc" -std=c17 -O2 -Wall -Wextra -static -o "$1/$t" "$top_dir/tools/$t.c"
	done
}

# Paths of the three artefacts, asked for once
qemu_path()
{
	[ -n "${guest_qemu:-}" ] || guest_qemu=$("$lab_dir/qemu")
	echo "$guest_qemu"
}

image_path()
{
	[ -n "${guest_image:-}" ] || guest_image=$("$lab_dir/image")
	echo "$guest_image"
}

kernel_path()
{
	[ -n "${guest_kernel:-}" ] || guest_kernel=$("$lab_dir/kernel" ${guest_root:+--flavour full})
	echo "$guest_kernel"
}

# guest_machine_ARCHITECTURE QEMU KERNEL: the machine, in guest_argv, the name of
# its serial ports, and what its kernel has to be told
guest_machine_x86_64()
{
	local accel khz cpu=max

	accel=$(accel_of "$1" "$2")
	# TCG says that "rep movsb" is fast and then moves byte by byte: 5 ns for each
	# byte that the guest's kernel copies
	[ "${accel%%,*}" != tcg ] || cpu=max,erms=off,fsrm=off
	guest_argv=("$1" -accel "$accel" -M q35 -cpu "$cpu")
	guest_tty=ttyS
	# The counter is this machine's. On a busy one the guest's own guess can be wrong ten
	# times over, and then it sees processors stand still.
	[ "${accel%%,*}" != tcg ] || khz=$("$(guest_tools)/tsckhz")
	[ -z "${khz:-}" ] || guest_boot="tsc_early_khz=$khz "
}

guest_machine_aarch64()
{
	guest_argv=("$1" -accel tcg,thread=multi -M "virt,gic-version=3" -cpu neoverse-n1)
	guest_tty=ttyAMA
}

# guest_command DIR CPUS MEMORY CARD...: QEMU's command line up to what the
# caller adds, in the array guest_argv, and what to add to the kernel's
# arguments in guest_boot. A CARD is a vfio-user socket.
guest_command()
{
	local dir=$1 cpus=$2 memory=$3 qemu kernel card
	shift 3

	qemu=$(qemu_path)
	kernel=$(kernel_path)
	guest_boot=
	"guest_machine_${guest_arch:-x86_64}" "$qemu" "$kernel"
	guest_argv+=(-m "$memory" -smp "$cpus" -nodefaults -display none
		-object "memory-backend-memfd,id=m,size=${memory}M,share=on" -numa node,memdev=m
		-kernel "$kernel" -initrd "$dir/initrd")
	for card in "$@"; do
		guest_argv+=(-device "{\"driver\":\"vfio-user-pci\",\"socket\":{\"path\":\"$card\",\"type\":\"unix\"}}")
	done
	if [ -n "${guest_root:-}" ]; then
		guest_argv+=(-drive "if=none,id=root,format=raw,readonly=on,file=$guest_root"
			-device virtio-blk-pci,drive=root)
		guest_boot+="rdinit=/guest/to-root "
	fi
}

# guest_size VARIABLE SMALL ROOTED: its value, or what is usual without and
# with a root on a disk
guest_size()
{
	if [ -n "${!1:-}" ]; then
		echo "${!1}"
	elif [ -n "${guest_root:-}" ]; then
		echo "$3"
	else
		echo "$2"
	fi
}

# guest_start DIR [QEMU ARGUMENTS...]: start a guest in the background and
# wait until its channel answers. Settings in variables: guest_cpus,
# guest_memory (MiB), guest_cards (array of sockets), guest_files (array),
# guest_timeout (s until it must be up), guest_append, guest_arch (x86_64 or
# aarch64, for which the paths must be set), guest_root (an image from
# lab/test-image as root file system), guest_modules (a directory with
# lib/modules; default: modules beside the kernel).
#
# no_timer_check: a machine that is busy with much else may give an emulated
# one no timer interrupt for the ticks which the kernel waits for it.
guest_start()
{
	local dir=$1
	shift

	guest_begin "$dir"
	guest_archive "$dir" ${guest_files[@]+"${guest_files[@]}"}
	guest_command "$dir" "$(guest_size guest_cpus 2 4)" "$(guest_size guest_memory 512 4096)" \
		${guest_cards[@]+"${guest_cards[@]}"}
	guest_launch "$dir" 1 "$@" \
		-append "console=${guest_tty}0 loglevel=5 panic=-1 no_timer_check tsc=nowatchdog \
openfbnic.channel=${guest_tty}1 $guest_boot${guest_append:-}"
}

# guest_begin DIR: the files that QEMU and we write to
guest_begin()
{
	local dir=$1

	mkdir -p "$dir"
	rm -f "$dir"/{console,output,counts,channel.in,channel.out,monitor,monitor.in,monitor.out,pid,qemu.log}
	: >"$dir/output"
	ln -s output "$dir/channel.out"
	: >"$dir/monitor"
	ln -s monitor "$dir/monitor.out"
	mkfifo "$dir/channel.in" "$dir/monitor.in"
}

# guest_launch DIR PORT [QEMU ARGUMENTS...]: start what is in guest_argv, its
# channel the serial port PORT (0 is the console), and wait until it answers
guest_launch()
{
	local dir=$1 port=$2
	shift 2

	guest_argv+=(-serial "file:$dir/console")
	while ((--port > 0)); do
		guest_argv+=(-serial null)
	done
	guest_argv+=(-chardev "pipe,id=channel,path=$dir/channel" -serial chardev:channel
		-chardev "pipe,id=monitor,path=$dir/monitor" -qmp chardev:monitor "$@")
	start_process "$dir" "$dir/qemu.log" "${guest_argv[@]}"
	echo '{"execute":"qmp_capabilities"}' >"$dir/monitor.in"
	guest_wait_ready "$dir" 1
}

# start_process DIR LOG COMMAND...: in the background, its pid in DIR/pid; it
# is killed when this shell ends
start_process()
{
	local dir=$1 log=$2
	shift 2

	# shellcheck disable=SC2093	# the subshell becomes the command
	(
		[ -z "$tick_fd" ] || exec {tick_fd}>&-
		exec setpriv --pdeathsig KILL "$@" </dev/null >"$log" 2>&1
	) &
	echo $! >"$dir/pid"
}

alive()
{
	local pid

	pid=$(cat "$1/pid" 2>/dev/null) && kill -0 "$pid" 2>/dev/null
}

# wait_for SECONDS DIR COMMAND...: until the command succeeds; fails at the
# deadline, or when the process of DIR is gone. OPENFBNIC_PATIENCE multiplies
# the seconds, for a machine that has other work.
wait_for()
{
	local deadline=$((SECONDS + $1 * ${OPENFBNIC_PATIENCE:-1})) dir=$2
	shift 2

	until "$@"; do
		alive "$dir" || { "$@"; return; }
		((SECONDS < deadline)) || return 1
		sleep 0.05
	done
}

marks()
{
	local n

	n=$(grep -c "^$2" "$1" 2>/dev/null) || true
	[ "${n:-0}" -ge "$3" ]
}

# guest_wait_ready DIR TIMES: until the channel has come up so many times
guest_wait_ready()
{
	local t0=$SECONDS

	if ! wait_for "${guest_timeout:-120}" "$1" marks "$1/output" @@READY "$2"; then
		if alive "$1"; then
			say "guest: not up after $((SECONDS - t0)) s; its console ends with"
		else
			say "guest: QEMU ended before the guest was up"
		fi
		tail -n 15 "$1/console" "$1/qemu.log" >&2 || true
		return 1
	fi
}

# guest_run DIR SECONDS COMMAND LINE: run it in the guest, print what it
# prints, return its status; 124 at the deadline, 125 if the guest is gone
guest_run()
{
	local dir=$1 seconds=$2 id=$RANDOM$RANDOM status
	shift 2

	guest_send "$dir" "$id" "$*" || return 125
	if ! wait_for "$seconds" "$dir" guest_done "$dir" "$id"; then
		guest_slice "$dir" "$id"
		alive "$dir" && return 124
		return 125
	fi
	guest_slice "$dir" "$id"
	status=$(sed -n "s/^@@DONE $id //p" "$dir/output")
	return "$status"
}

# guest_done DIR ID: the line that says so is there, to its end: it comes a byte at a time
guest_done()
{
	marks "$1/output" "@@DONE $2 [0-9]" 1 && [ -z "$(tail -c 1 "$1/output")" ]
}

guest_send()
{
	alive "$1" && printf '%s %s\n' "$2" "$(base64 -w 0 <<<"$3")" >"$1/channel.in"
}

# guest_qmp DIR COMMAND [ARGUMENTS]: a command to QEMU's monitor, the arguments as
# JSON; prints the answer, which is a failure if it is an error
guest_qmp()
{
	local dir=$1 id=$RANDOM$RANDOM answer

	alive "$dir" || return 125
	printf '{"execute":"%s","id":"%s"%s}\n' "$2" "$id" "${3:+,\"arguments\":$3}" >"$dir/monitor.in"
	wait_for 60 "$dir" grep -q "\"id\": \"$id\"" "$dir/monitor" || return 124
	answer=$(grep "\"id\": \"$id\"" "$dir/monitor")
	echo "$answer"
	[[ $answer != *'"error": '* ]]
}

# guest_hmp DIR COMMAND LINE: of the monitor for people; what it prints is only
# printed in case of an error
guest_hmp()
{
	local dir=$1 answer
	shift

	answer=$(guest_qmp "$dir" human-monitor-command "{\"command-line\":\"$*\"}") || return
	[[ $answer == *'"return": ""'* || $answer == *'"return": "OK'* ]] && return
	echo "$answer"
	return 1
}

# guest_event DIR NAME NUMBER: so many events of this name have come
guest_event()
{
	[ "$(grep -c "\"event\": \"$2\"" "$1/monitor")" -ge "$3" ]
}

# What a command printed, without the newline that sets the last marker apart
guest_slice()
{
	awk -v id="$2" '
		$1 == "@@DONE" && $2 == id { exit }
		on { if (held) print line; line = $0; held = 1 }
		$1 == "@@RUN" && $2 == id { on = 1 }
		END { if (held && line != "") print line }' "$1/output"
}

# end_process DIR SIGNAL [SECONDS]: and SIGKILL when it takes too long
end_process()
{
	local pid

	pid=$(cat "$1/pid" 2>/dev/null) || return 0
	kill -"$2" "$pid" 2>/dev/null || true
	wait_for "${3:-5}" "$1" not alive "$1" || kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	rm -f "$1/pid"
}

not()
{
	! "$@"
}

# kernel_flavour FLAVOUR: or, where coverage is wanted, the one that counts
kernel_flavour()
{
	if [ -n "${OPENFBNIC_COVERAGE:-}" ]; then
		echo gcov
	else
		echo "$1"
	fi
}

# guest_coverage DIR [ends]: with OPENFBNIC_COVERAGE=COUNTS, what the guest's
# driver has counted since it started, in a directory in COUNTS, of which each
# kernel that a guest boots has one; "ends": this one boots another now. The
# kernel's files have no size until they are read.
guest_coverage()
{
	local objects to

	[ -n "${OPENFBNIC_COVERAGE:-}" ] && [ -d "$1" ] || return 0
	objects=$(cat "$(dirname "$(kernel_path)")/objects")
	[ -e "$1/counts" ] || mktemp -d "$OPENFBNIC_COVERAGE/guest.XXXXXX" >"$1/counts"
	to=$(cat "$1/counts")
	[ -z "${2:-}" ] || rm -f "$1/counts"
	echo "${OPENFBNIC_COVERAGE_OF:-other tests}" >"$to/who"
	guest_run "$1" 60 "mkdir -p /tmp/gcda; cd /sys/kernel/debug/gcov/$objects || exit
		for f in *.gcda; do cat \$f >/tmp/gcda/\$f; done
		tar -C /tmp/gcda -c . | gzip | base64; rm -rf /tmp/gcda" | base64 -d | tar xzm -C "$to" ||
		say "guest: no counts from it"
}

# guest_stop DIR: power off; by force if it does not
guest_stop()
{
	alive "$1" || { rm -f "$1/pid"; return 0; }
	guest_coverage "$1"
	guest_send "$1" 0 ". /guest/lib.sh; poweroff" || true
	wait_for 20 "$1" not alive "$1" || say "guest: did not power off"
	end_process "$1" KILL
}

guest_kill()
{
	end_process "$1" KILL
}

# firmware_elf: the path of the firmware for a computer of its own, built beside fbnicd
firmware_elf()
{
	local elf=${FBNIC_FIRMWARE:-$(dirname "${FBNICD:-$top_dir/build/fbnicd}")/src/metal/fbnic-firmware.elf}

	[ -e "$elf" ] || die "$elf is not there: run 'make build' (it wants gcc-aarch64-linux-gnu)"
	echo "$elf"
}

# firmware_command SOCKET: QEMU's command line for the firmware's computer, in
# the array firmware_argv; its console is the chardev "console", which the caller adds.
# Its memory is shared: fbnicd maps it.
firmware_command()
{
	local elf

	elf=$(firmware_elf)
	[ -n "${firmware_qemu:-}" ] || firmware_qemu=$("$lab_dir/qemu" --arch aarch64)
	firmware_argv=("$firmware_qemu" -M virt,highmem=off,gic-version=2,memory-backend=m -cpu cortex-a53
		-object memory-backend-memfd,id=m,size=16M,share=on -m 16 -nodefaults -display none
		-kernel "$elf" -serial chardev:console
		-device "{\"driver\":\"vfio-user-pci\",\"socket\":{\"path\":\"$1\",\"type\":\"unix\"}}")
}

# firmware_start DIR SOCKET: the firmware on its own computer, in the background,
# ready when it returns; its console is DIR/console
firmware_start()
{
	local dir=$1

	firmware_command "$2"
	mkdir -p "$dir"
	rm -f "$dir/console"
	start_process "$dir" "$dir/qemu.log" "${firmware_argv[@]}" -chardev "file,id=console,path=$dir/console"
	if ! wait_for 60 "$dir" grep -qs '^fbnic firmware .* ready' "$dir/console"; then
		cat "$dir/console" "$dir/qemu.log" >&2 || true
		return 1
	fi
}

# card_start DIR OPTIONS...: fbnicd with --control in DIR, up when it returns;
# DIR/card0, card1 ... are meant for the sockets.  With firmware_home=metal each card
# whose options do not say where its firmware lives gets it on a computer of its own.
card_start()
{
	local dir=$1 fbnicd=${FBNICD:-$top_dir/build/fbnicd} args=() sockets=() arg s i
	shift

	[ -x "$fbnicd" ] || die "$fbnicd is not there: run 'make build'"
	mkdir -p "$dir"
	for arg in "$@"; do
		if [[ ${firmware_home:-inside} = metal && $arg = *socket=* && ,$arg != *,fw=* ]]; then
			s=${arg##*socket=}
			s=${s%%,*}.fw
			arg+=,fw=function:$s
			sockets+=("$s")
		fi
		args+=("$arg")
	done
	start_process "$dir" "$dir/log" "$fbnicd" "--control=$dir/control" "${args[@]}"
	if ! wait_for 10 "$dir" grep -q '^fbnicd: ready' "$dir/log"; then
		cat "$dir/log" >&2
		return 1
	fi
	for i in "${!sockets[@]}"; do
		firmware_start "$dir/firmware$i" "${sockets[i]}" || return 1
	done
}

# card_stats DIR INDEX: the card's own counters, "NAME VALUE" a line
card_stats()
{
	"${FBNICCTL:-$top_dir/build/fbnicctl}" "$1/control" stats "$2" |
		tr ',{}' '\n' | sed -n 's/^ *"\([^"]*\)": *\([0-9]*\) *$/\1 \2/p'
}

# free_port: a TCP port of this machine that nobody listens on
free_port()
{
	local p

	while :; do
		p=$((20000 + RANDOM % 20000))
		[ -n "$(ss -Htln "sport = :$p")" ] || break
	done
	echo "$p"
}

# wait_listening PORT: until somebody does
wait_listening()
{
	local tries=100

	while ((tries--)); do
		[ -z "$(ss -Htln "sport = :$1")" ] || return 0
		sleep 0.05
	done
	return 1
}

card_stop()
{
	local d

	for d in "$1"/firmware*; do
		[ ! -e "$d/pid" ] || end_process "$d" TERM
	done
	end_process "$1" TERM
}
