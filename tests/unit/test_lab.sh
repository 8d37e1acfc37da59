#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fbnic-lab with shell scripts for machines: what it refuses, what it tells,
# that its status is true, and that whoever is killed, in whatever way, neither a process
# nor a file is left. TAP on standard output.
#
#	FBNIC_LAB=path FBNICD=path tests/unit/test_lab.sh
#
# shellcheck disable=SC2016	# other shells expand these

set -uo pipefail

n=0
dir=$(mktemp -d "${TMPDIR:-/tmp}/lab.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export TMPDIR=$dir/tmp ASAN_OPTIONS=${ASAN_OPTIONS:-}
mkdir "$TMPDIR"
here=$(cd "$(dirname "$0")" && pwd)
cd "$dir" || exit 1
status=

ok()	# STATUS NAME
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$dir"/{out,err} 2>/dev/null
	fi
}

# case NAME COMMAND...: in a clean directory
try()
{
	local name=$1 rc=0
	shift

	rm -rf "$dir"/{pids,log,screen}
	: >"$dir/out"; : >"$dir/err"
	: >"$dir/pids"
	"$@" || rc=1
	ok "$rc" "$name"
}

# until COMMAND...: succeeds within 20 s
until_true()
{
	local i

	for ((i = 0; i < 400; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	echo "never: $*" >>"$dir/err"
	return 1
}

# lab ARGUMENTS...: to its end; output in out and err, status in $status
lab()
{
	timeout -k 1 60 "$FBNIC_LAB" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
}

says()
{
	grep -qF -- "$1" "$dir/out" "$dir/err" || { echo "wanted: $1" >>"$dir/err"; return 1; }
}

ended()	# STATUS
{
	[ "$status" = "$1" ] || { echo "status $status, not $1" >>"$dir/err"; return 1; }
}

# All who wrote their pid are gone, and so are their parents' files
pids_gone()
{
	local p

	while read -r p; do
		[ ! -e "/proc/$p" ] || return 1
	done <"$dir/pids"
}

tmp_empty()
{
	[ -z "$(ls -A "$TMPDIR")" ]
}

nothing_left()
{
	pids_gone && tmp_empty
}

# A machine: tells its pid and that of a child in a session of its own, which nobody
# will end; runs commands as a guest's init does
cat >"$dir/machine" <<'EOS'
#!/bin/bash
exec 4<&3 5>&1
setsid sleep 600 3<&- 4<&- 5<&- &
echo $! $$ | tr ' ' '\n' >>"$PIDS"
echo "$1 boots"
echo @@READY >&3
while read -r id line <&4; do
	echo "@@RUN $id" >&3
	bash -c "$(base64 -d <<<"$line")" >&3 2>&1 </dev/null 3<&- 4<&-
	printf '\n@@DONE %s %s\n' "$id" "$?" >&3
done
EOS
chmod +x "$dir/machine"
export PIDS=$dir/pids

# two_machines: a card and two machines, the second one after the first
two_machines()
{
	cat >"$dir/two.lab" <<EOS
card nic
	option	wire=none
machine one
	kind	process
	command	exec $dir/machine one
	ready	channel
machine two
	kind	process
	command	exec $dir/machine two
	ready	console two boots
	after	one
EOS
}

checks()
{
	two_machines
	cat >>"$dir/two.lab"
}

# ---- texts ----

# refuses LINE:TEXT, the lab on standard input
refuses()
{
	cat >"$dir/bad.lab"
	lab run bad.lab
	ended 2 && says "bad.lab:$1" && [ ! -s "$dir/out" ] && tmp_empty
}

process=$'machine m\n\tkind process\n\tcommand true\n'

bad()	# NAME LINE:TEXT LAB
{
	try "refused: $1" refuses "$2" <<<"$3"
}

bad "nothing" '1: a lab has at least one machine' ''
bad "a word that begins nothing" '1: "router" begins nothing' "router x"
bad "an indented line first" '1: an indented line' $'\tkind host'
bad "a section without a name" '1: machine: a name is missing' "machine"
bad "a bad name" '1: machine "a/b": a name has' "machine a/b"
bad "a long name" '1: card "abcdefghijklmnopq": a name has' "card abcdefghijklmnopq"
bad "a taken name" '1: machine fbnicd: this name is taken' "machine fbnicd"
bad "two cards of a name" '2: card c: line 1 has a card' $'card c\ncard c\n'"$process"
bad "two machines of a name" '4: machine m: line 1 has a machine' "$process$process"
bad "two checks of a title" '6: check x: line 4' "$process"$'check x\n\there true\ncheck x\n\there true'
bad "an unknown key of a card" '2: a card has no key "speed"; it has: hosts' $'card c\n\tspeed 100\n'"$process"
bad "an unknown key of a machine" '4: a machine has no key "ram"; it has: kind' "$process"$'\tram 5'
bad "an unknown key of a check" '5: a check has no key "do"; it has: run' "$process"$'check x\n\tdo true'
bad "a key twice" '4: kind is given twice' "$process"$'\tkind host'
bad "a key of the lab twice" '2: about is given twice' $'about a\nabout b\n'"$process"
bad "a key without a value" '4: within: a value is missing' "$process"$'\twithin'
bad "an unknown kind" '2: kind switch: host, firmware' $'machine m\n\tkind switch'
bad "no kind" '1: machine m: kind is missing' $'machine m\n\tcpus 2'
bad "no command" '1: machine m: a process needs a command' $'machine m\n\tkind process'
bad "a process with memory" '1: machine m: a process has no memory' "$process"$'\tmemory 512'
bad "a host with a command" '1: machine m: only a process has a command' $'machine m\n\tkind host\n\tcommand x'
bad "too little memory" '3: memory 1: MiB from 16' $'machine m\n\tkind host\n\tmemory 1'
bad "memory that is no number" '3: memory 1G: MiB from 16' $'machine m\n\tkind host\n\tmemory 1G'
bad "too many processors" '3: cpus 257: a number from 1 to 256' $'machine m\n\tkind host\n\tcpus 257'
bad "a deadline of no time" '4: within 0: seconds from 1' "$process"$'\twithin 0'
bad "a card that is not there" '3: card c: there is no card' $'machine m\n\tkind host\n\tcard c'
bad "a host that the card has not" '4: card c has no host 1' $'card c\nmachine m\n\tkind host\n\tcard c/1'
bad "two hosts on one port" '7: host 0 of card c is taken by machine a (line 4)' \
	$'card c\nmachine a\n\tkind host\n\tcard c\nmachine b\n\tkind host\n\tcard c'
bad "two BMCs on one port" '8: the bmc of card c is machine a (line 5) already' \
	$'card c\n\tbmc yes\nmachine a\n\tkind bmc\n\tcard c\nmachine b\n\tkind bmc\n\tcard c'
bad "a BMC without a port" '4: card c has no port for a BMC' $'card c\nmachine a\n\tkind bmc\n\tcard c'
bad "a BMC without a card" '1: machine a: a bmc needs a card' $'machine a\n\tkind bmc'
bad "a firmware that the card does not want" '4: card c has its own firmware' $'card c\nmachine a\n\tkind firmware\n\tcard c'
bad "a card without the firmware it waits for" '1: card c: it says "firmware yes"' $'card c\n\tfirmware yes\n'"$process"
bad "a flag that is neither" '2: bmc maybe: yes or no' $'card c\n\tbmc maybe\n'"$process"
bad "a socket that the lab gives" "2: option socket=/x: socket is the lab's own" $'card c\n\toption socket=/x\n'"$process"
bad "an option without a value" '2: option fast: KEY=VALUE is wanted' $'card c\n\toption fast\n'"$process"
bad "two options in one" '2: option mac=1,speed=25: one KEY=VALUE' $'card c\n\toption mac=1,speed=25\n'"$process"
bad "fbnicd's own control" '1: fbnicd --control=/x: an option of fbnicd other' $'fbnicd --control=/x\n'"$process"
bad "two machines on one console" '7: console 2 is that of machine m (line 4)' \
	"$process"$'\tconsole 2\nmachine n\n\tkind process\n\tconsole 2\n\tcommand true'
bad "after nobody" '4: after x: there is no machine' "$process"$'\tafter x'
bad "after itself" '4: after m: a machine cannot wait for itself' "$process"$'\tafter m'
bad "an order that cannot be" '4: machine m waits for a machine that waits, in the end, for m' \
	"$process"$'\tafter n\nmachine n\n\tkind process\n\tcommand true\n\tafter m'
bad "an unknown way to be ready" '4: ready soon: started, channel' "$process"$'\tready soon'
bad "ready by a console without a text" '4: ready console: the text of a line' "$process"$'\tready console'
bad "ready by an answer without a text" '5: ready answer: REQUEST has TEXT' $'card c\n'"$process"$'\tready answer fw 0'
bad "an answer without a card" '4: ready answer: without a card' "$process"$'\tready answer fw 0 has x'
bad "a check that does nothing" '4: check x: it does nothing' "$process"$'check x'
bad "an expectation of nothing" '5: says: it belongs after the action' "$process"$'check x\n\tsays y\n\there true'
bad "an expectation of the speechless" '6: says: only run, here and ask' "$process"$'check x\n\tend m\n\tsays y'
bad "a status of the stateless" '6: status: only run and here' "$process"$'check x\n\tend m\n\tstatus 1'
bad "a status out of range" '6: status 256: a number from 0 to 255' "$process"$'check x\n\there true\n\tstatus 256'
bad "a step with a machine that is not there" '5: there is no machine "y"' "$process"$'check x\n\trun y true'
bad "a step without a command" '5: run m: a command is wanted' "$process"$'check x\n\trun m'
bad "a command for a firmware" '7: run f: a firmware has no channel' \
	$'card c\n\tfirmware yes\nmachine f\n\tkind firmware\n\tcard c\ncheck x\n\trun f ls'
bad "a question without a card" '5: ask: without a card' "$process"$'check x\n\task bugs 0'
bad "a line that goes on keeps its number" '6: after x: there is no machine' "$process"$'\tready console a \\\n  b\n\tafter x'

all_mistakes()
{
	printf 'card c\n\tx 1\n\ty 2\nmachine m\n\tkind host\n\tcpus x\n' >bad.lab
	lab run bad.lab
	ended 2 && says bad.lab:2: && says bad.lab:3: && says bad.lab:6:
}
try "all mistakes of a text are told at once" all_mistakes

zeros()
{
	printf 'machine m\0\n' >bad.lab
	lab run bad.lab
	ended 2 && says "bad.lab: this is not the text of a lab"
}
try "a file with zeros in it is refused" zeros

refused_line()	# TEXT ARGUMENTS...
{
	local text=$1
	shift
	lab "$@"
	ended 2 && says "$text"
}
try "no lab" refused_line "which lab?"
try "an unknown lab: the others are listed" refused_line "  pair " nonsense
try "an unknown option" refused_line "--fast: no such option" --fast host
try "an option without its value" refused_line "--log needs a value" --log
try "a file that is not there" refused_line "no.lab: No such file" run no.lab
two_machines
try "--set for nobody" refused_line "--set: x: there is no machine" --set x.cpus=1 run two.lab
try "--set without a value" refused_line "--set: one: MACHINE.KEY=VALUE is wanted" --set one run two.lab
try "--set out of range" refused_line "--set: within 0: seconds" --set one.within=0 run two.lab
try "--check without checks" refused_line "two.lab: --check: this lab has no check" --check run two.lab

built_ins()
{
	local name

	lab list
	ended 0 || return
	cp out names
	while read -r name _; do
		lab show "$name"
		ended 0 && [ -s out ] || return
	done <names
}
try "every built-in lab is a good text" built_ins

manual()
{
	sed -n '/^card a$/,/^\.fi/p' "$1" | sed '/^\.fi/d; s/\\-/-/g; s/\\e/\\/g' >manual.lab
	lab show ./manual.lab
	ended 0 && says "machine right"
}
try "the example in the manual is a good text" manual "$here/../../docs/fbnic-lab.1"

# ---- checks ----

good_checks()
{
	checks <<'EOS'
check commands
	run	one	echo first; echo second
	says	first
	lacks	third
	run	two	exit 7
	status	7
	run	one	for i in $(seq 20000); do echo line $i of many; done
	says	line 20000 of many
check here
	here	echo "in $(basename "$PWD")"; fbnicctl control link 0 down >&2
	says	in fbnic-lab.
check fbnicd
	ask	bugs 0
	says	"fw":0
check console
	run	one	echo "on the console" >&5
	console	one	on the console
check again
	kill	two
	start	two
	run	two	echo back
	says	back
check ends
	end	two
	end	one
EOS
	lab --check run two.lab
	ended 0 && says "6 checks passed, 0 failed" && nothing_left
}
try "checks that pass" good_checks

# bad_check NAME TEXT: the check on standard input fails with it, and the next one passes
bad_check()
{
	{ cat; printf 'check next\n\trun one true\n'; } | checks
	lab --check run two.lab
	ended 1 && says "$1" && says "1 checks passed, 1 failed" && nothing_left
}

failing()	# NAME TEXT STEPS
{
	try "fails: $1" bad_check "$2" <<<"check x
$3"
}
failing "a status" 'two.lab:13: run one: status 3, not 0' $'\trun one echo why; exit 3'
failing "what it said is shown" '      | why' $'\trun one echo why; exit 3'
failing "a text that is not said" 'it does not say "b"' $'\trun one echo a\n\tsays b'
failing "a text that is said" 'it says "a"' $'\trun one echo a\n\tlacks a'
failing "a command that has no end" 'no end within 1 s' $'\trun two echo x; sleep 600\n\twithin 1'
failing "a command here" 'here: status 1, not 0' $'\there false'
failing "a command here that has no end" 'here: no end within 1 s' $'\there sleep 600\n\twithin 1'
failing "a request that is refused" 'fbnicd refuses it' $'\task nonsense 0'
failing "an answer that never is" 'after 1 s the answer still lacks "happy"' $'\task bugs 0\n\tsays happy\n\twithin 1'
failing "a silent console" 'no line with "hello" within 1 s' $'\tconsole one hello\n\twithin 1'
failing "what was on the console before does not count" 'no line with "one boots"' $'\tconsole one one boots\n\twithin 1'
failing "start of what runs" 'start two: it runs' $'\tstart two'
failing "end of what has ended" 'end two: it has ended before' $'\tkill two\n\tend two'
failing "command to what has ended" 'run two: it has ended' $'\tkill two\n\trun two true'

busy()
{
	checks <<'EOS'
check x
	run	one	sleep 600
	within	1
check y
	run	one	true
EOS
	lab --check run two.lab
	ended 1 && says "still busy with the command of a step before" && says "0 checks passed, 2 failed" && nothing_left
}
try "a machine that is busy takes no other command" busy

# ---- starting ----

prefixes()
{
	two_machines
	start_lab run two.lab && kill -INT "$lab" && finish_lab
	grep -qx "fbnicd | fbnicd: ready" out && grep -qx "one    | one boots" out &&
		grep -q "^lab    | two is ready after" out && ! grep -vqE '^(fbnicd|lab   |one   |two   ) \| ' out
}

# start_lab ARGUMENTS...: in the background, until all is ready; its pid in $lab
start_lab()
{
	"$FBNIC_LAB" "$@" >"$dir/out" 2>"$dir/err" </dev/null &
	lab=$!
	until_true grep -qs "all ready" "$dir/out"
}

finish_lab()
{
	wait "$lab"
	status=$?
}
try "each line has the name of its machine before it" prefixes

escapes()
{
	cat >e.lab <<'EOS'
machine m
	kind	process
	command	printf 'a\033[31mred\033[0m\007\033]0;title\007 b\r\nno end'
EOS
	lab run e.lab
	ended 0 && grep -qx "m      | ared b" out && grep -qx "m      | no end" out
}
try "what a console sends does not reach the terminal as it is" escapes

never_ready()
{
	checks <<<$'check x\n\trun one true'
	lab --check --set two.within=1 --set "two.ready=console somewhere else" run two.lab
	ended 1 && says 'two was not ready within 1 s: "somewhere else" is not on its console' &&
		says "  two | two boots" && nothing_left
}
try "a machine that is never ready" never_ready

dies_early()
{
	cat >e.lab <<'EOS'
machine m
	kind	process
	command	echo "no disk"; exit 4
	ready	channel
EOS
	lab run e.lab
	ended 1 && says "m ended with status 4 before it was ready" && says "  m | no disk" && nothing_left
}
try "a machine that ends before it is ready" dies_early

no_fbnicd()
{
	two_machines
	FBNICD=/no/such/program lab run two.lab
	ended 1 && says "fbnicd cannot be started: /no/such/program: No such file" && nothing_left
}
try "no fbnicd" no_fbnicd

bad_card()
{
	two_machines
	sed -i 's/wire=none/wire=string/' two.lab
	lab run two.lab
	ended 1 && says "fbnicd ended with status 1 before it was ready" && says "  fbnicd | fbnicd: " && nothing_left
}
try "a card that fbnicd refuses" bad_card

ready_ways()
{
	cat >r.lab <<EOS
card nic
	option	wire=none
machine late
	kind	process
	command	exec $dir/machine late
	ready	answer link 0 up has {
	after	socket
machine socket
	kind	process
	command	read line; socat UNIX-LISTEN:{dir}/x.sock,fork PIPE & echo \$! >>\$PIDS; echo listens; exec sleep 600
	ready	socket {dir}/x.sock
	after	first
machine first
	kind	process
	command	echo login: ; exec sleep 600
	ready	console login:
check order
	here	true
EOS
	sed -i 's/read line; //' r.lab
	lab --check run r.lab
	ended 0 && [ "$(grep -o '^ok *[a-z]* *ready' out | tr -s ' ' | tr '\n' ' ')" = "ok fbnicd ready ok first ready ok socket ready ok late ready ok all ready " ] &&
		nothing_left
}
try "ready by console, socket and answer, in order" ready_ways

prepare()
{
	cat >e.lab <<'EOS'
prepare	echo made >{dir}/made
machine m
	kind	process
	command	cat made
EOS
	lab run e.lab
	ended 0 && says "m      | made" || return
	sed -i 's/^prepare.*/prepare exit 9/' e.lab
	lab run e.lab
	ended 1 && says "e.lab:1: prepare: the command ended with status 9" && nothing_left
}
try "prepare" prepare

logs()
{
	checks <<<$'check x\n\trun one true'
	lab --check --log log run two.lab
	ended 0 && grep -q "one boots" log/one.log && grep -q "fbnicd: ready" log/fbnicd.log && nothing_left
}
try "--log" logs

kept()
{
	local where

	checks <<<$'check x\n\trun one true'
	lab --check --keep run two.lab
	where=$(sed -n 's/^fbnic-lab: kept in //p' err)
	ended 0 && pids_gone && [ -e "$where/one.log" ] || return
	lab --check run two.lab		# and the next one lets it be
	[ -e "$where/one.log" ] && rm -rf "$where" && tmp_empty
}
try "--keep" kept

long_tmp()
{
	local long

	long=$dir/$(printf 'x%.0s' {1..90})
	mkdir -p "$long"
	two_machines
	TMPDIR=$long lab run two.lab
	ended 1 && says "too long for the names of sockets; set TMPDIR"
}
try "a directory with too long a name" long_tmp

# ---- ending ----

# The process that runs the lab, and that of a machine
inner()
{
	pgrep -P "$lab"
}

machine_pid()
{
	sed -n "$1p" "$dir/pids"
}

by_signal()	# SIGNAL STATUS
{
	two_machines
	start_lab run two.lab && kill "-$1" "$lab" && finish_lab
	ended "$2" && nothing_left
}
try "Ctrl-C" by_signal INT 130
try "SIGTERM" by_signal TERM 143
try "the terminal hangs up" by_signal HUP 129

kill_front()
{
	two_machines
	start_lab run two.lab && kill -KILL "$lab" && finish_lab
	ended 137 && until_true nothing_left && says "its keeper was killed"
}
try "kill -9 of fbnic-lab" kill_front 2>/dev/null

kill_inner()
{
	two_machines
	start_lab run two.lab && kill -KILL "$(inner)" && finish_lab
	ended 1 && nothing_left && says "the process that ran the lab was killed by signal 9"
}
try "kill -9 of the process that runs the lab" kill_inner

# The kernel kills their children; what those have left in sessions of their own has nobody
kill_both()
{
	two_machines
	sed -i "s,$dir/machine,$dir/loner," two.lab
	sed '/^setsid/d; s/\$! \$\$/$$/' machine >loner
	chmod +x loner
	start_lab run two.lab && kill -STOP "$lab" && kill -KILL "$(inner)" "$lab" && finish_lab
	ended 137 && until_true pids_gone && ! tmp_empty || return
	lab run e.lab			# any other one
	tmp_empty
}
printf 'machine m\n\tkind process\n\tcommand true\n' >e.lab
try "kill -9 of both: the next one tidies up" kill_both 2>/dev/null

kill_fbnicd()
{
	two_machines
	start_lab run two.lab && kill -KILL "$(pgrep -P "$(inner)" -f -- --control=)" && finish_lab
	ended 1 && nothing_left && says "fbnicd was killed by signal 9 (Killed); nobody had asked it to"
}
try "kill -9 of fbnicd" kill_fbnicd

kill_machine()
{
	two_machines
	start_lab run two.lab && kill -KILL "$(machine_pid 4)" && finish_lab
	ended 1 && nothing_left && says "two was killed by signal 9" && says "  two | two boots"
}
try "kill -9 of a machine" kill_machine

kill_in_check()
{
	checks <<'EOS'
check x
	run	one	kill -KILL $PPID; sleep 600
check y
	run	two	true
EOS
	lab --check run two.lab
	ended 1 && nothing_left && says "one was killed by signal 9" && says "0 checks passed, 0 failed, 2 not done"
}
try "a machine dies during a check" kill_in_check

all_end()
{
	cat >e.lab <<'EOS'
machine m
	kind	process
	command	true
machine n
	kind	process
	command	true
EOS
	lab run e.lab
	ended 0 && says "m has ended" && nothing_left
}
try "all machines end by themselves: that is the end" all_end

while_preparing()
{
	printf 'prepare\techo $$ >>%s/pids; echo begun >&2; sleep 600\n%s' "$dir" "$process" >e.lab
	"$FBNIC_LAB" run e.lab >out 2>err &
	lab=$!
	until_true grep -q begun err && kill -INT "$lab" && finish_lab
	ended 130 && nothing_left
}
try "Ctrl-C while it prepares" while_preparing

reader_gone()
{
	printf 'machine m\n\tkind process\n\tcommand while echo x; do :; done\n' >e.lab
	timeout 30 "$FBNIC_LAB" run e.lab 2>err | head -n 3 >out
	status=${PIPESTATUS[0]}
	ended 141 || return
	nothing_left
}
try "nobody reads its output any more" reader_gone

# ---- a QEMU that is a script ----

# It prints its arguments, and runs commands on descriptor 4
fake_qemu()
{
	cat >qemu <<'EOS'
#!/bin/bash
printf '%s\n' "$@" >"$ARGS"
echo "I am no QEMU" >&2
echo "console" >&3
echo @@READY >&4
exec 5<&4
while read -r id line <&5; do
	echo "@@RUN $id" >&4
	commands=$(base64 -d <<<"$line" | grep -v lib.sh)
	[ "$commands" != poweroff ] || exit 0
	bash -c "$commands" >&4 2>&1 </dev/null
	printf '\n@@DONE %s %s\n' "$id" "$?" >&4
done
EOS
	chmod +x qemu
	export ARGS=$dir/args
	printf 'image' >image
	: >kernel
}

qemu_host()
{
	fake_qemu
	cat >q.lab <<'EOS'
card nic
	option	wire=none
machine host
	kind	host
	card	nic
	cpus	3
	append	quiet debug
	qemu	-device virtio-rng-pci
	file	q.lab
check it
	here	tail -c +9 host.initrd | cpio -it 2>/dev/null
	says	guest/q.lab
	here	tail -c +9 host.initrd | cpio -i --to-stdout guest/lib.sh 2>/dev/null
	says	has_link
	run	host	echo hello
	says	hello
	end	host
EOS
	# the archive begins at a multiple of four, as an image ends at one
	printf 'imageimg' >image
	OPENFBNIC_ACCEL=tcg lab --check --verbose --qemu "$dir/qemu" --kernel ./kernel --image ./image --memory 99 run q.lab
	ended 0 && says "host   | I am no QEMU" && says "host   | console" && nothing_left &&
		grep -qx 99 args && grep -qx 3 args && grep -q '"path":"'"$TMPDIR"'/fbnic-lab\.[^/]*/nic"' args &&
		grep -q 'openfbnic.channel=ttyS1 .* quiet debug$' args && grep -qx virtio-rng-pci args &&
		grep -qx "$dir/kernel" args
}
try "the command line and the archive of a host" qemu_host

no_kernel()
{
	lab --check --qemu "$dir/qemu" --kernel ./no/kernel --image ./image run q.lab
	ended 1 && says "machine host: kernel ./no/kernel: No such file" && nothing_left
}
try "a kernel that is not there" no_kernel

no_scripts()
{
	FBNIC_LAB_SCRIPTS=$dir/nowhere lab --check --qemu "$dir/qemu" run q.lab
	ended 1 && says 'there is no script "lab/image" that could get one' && nothing_left
}
try "no scripts" no_scripts

# ---- panes ----

# on_terminal KEYS LAB: with a terminal of its own, whose settings before and after are in stty
on_terminal()
{
	cat >term <<EOS
stty rows 30 cols 90; stty -g >stty; "$FBNIC_LAB" run $2 2>err; echo "status \$?"; stty -g >>stty
EOS
	(until_true grep -qs "all ready" screen; eval "$1") | script -qfec "bash term" screen >/dev/null
	[ "$(sort -u stty | wc -l)" = 1 ] || { echo "the terminal is not as it was" >>err; return 1; }
	grep -q $'\033\\[?1049l' screen
}

panes()
{
	cat >p.lab <<'EOS'
machine one
	kind	process
	command	while read -r line; do echo "one has got $line"; done
machine two
	kind	process
	command	while read -r line; do echo "two has got $line"; done
EOS
	rm -f screen
	on_terminal 'printf "apple\n"; until_true grep -qs "one has got apple" screen
		printf "\001npear\n"; until_true grep -qs "two has got pear" screen; printf "\001q"' p.lab &&
		grep -q "status 0" screen && nothing_left
}
try "keys go to the pane that has the keyboard; Ctrl-A q ends the lab" panes

panes_killed()
{
	rm -f screen
	on_terminal 'kill -KILL "$(pgrep -P "$(pgrep -P "$(pgrep -f "^bash term$")" -x fbnic-lab)" -x fbnic-lab)"' p.lab &&
		grep -q "status 1" screen && nothing_left
}
try "the terminal is as it was after kill -9" panes_killed

echo "1..$n"
