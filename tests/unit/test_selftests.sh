#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What tests/selftests makes of a test program's output: nothing that is not
# the pass which the list wants may count as one. TAP on standard output.

set -uo pipefail
here=$(cd "$(dirname "$0")/../selftests" && pwd)
n=0

# is NAME WANTED COMMAND...: the command prints that for our standard input
is()
{
	local name=$1 want=$2 got
	shift 2

	n=$((n + 1))
	got=$("$@")
	if [ "$got" = "$want" ]; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		diff <(echo "$want") <(echo "$got") | sed 's/^/# /'
	fi
}

cases()
{
	awk -f "$here/ktap.awk" | tr '\t' '|'
}

# judged EXPECTED: as the runner sees them
judged()
{
	awk -f "$here/ktap.awk" | awk -v test=net:a.py -f "$here/compare.awk" <(echo "$1") - | tr '\t' '|'
}

# The programs in one of the two lists and not in the other
differing_programs()
{
	diff <(sed 's/#.*//' "$here/list" | awk 'NF { print $1 }' | sort) \
		<(awk '/^[a-z]/ { print $1 }' "$here/expected.txt" | sort -u) | grep '^[<>]'
}

# refused PROGRAM...: what the runner says of a name that it does not have; not a guest is booted for it
refused()
{
	"$here/run" --results /dev/null/none "$@" 2>&1
	echo "status $?"
}

# chosen NAME: which of the list it is
chosen()
{
	# shellcheck source=lab/lib.sh
	(. "$here/../../lab/lib.sh"; ending_in "$1" drivers/net:gro.py drivers/net/hw:gro.py net/hw:xgro.py; echo "status $?")
}

echo 1..14

is ktap_results 'a.one|pass|
a.two|skip|no such thing
a.three|xfail|netdevsim only
a.four|fail|' cases <<'EOF'
TAP version 13
1..4
# ok 7 a.not_a_result
ok 1 a.one
ok 2 a.two # SKIP no such thing
ok 3 a.three # XFAIL netdevsim only
not ok 4 a.four
# Totals: pass:1 fail:1 xfail:1 xpass:0 skip:1 error:0
EOF

is ktap_failure_has_its_reason 'a.one|fail|Check failed 1 != 2' cases <<'EOF'
# Check| At ./a.py, line 3, in one:
# Check|     ksft_eq(1, 2)
# Check failed 1 != 2
not ok 1 a.one
EOF

is ktap_directives_of_bash 'a.x-y|skip|
a.z|xfail|' cases <<'EOF'
ok 1 a.x-y # SKIP
ok 2 a.z # XFAIL
EOF

is forwarding_results 'ping|pass|
eth1:_Unicast_to_x|fail|reception succeeded, but should have failed
Multicast|xfail|reception failed
No_tool|skip|' cases <<'EOF'
TEST: ping                                                          [ OK ]
TEST: eth1: Unicast to x                                            [FAIL]
	reception succeeded, but should have failed
TEST: Multicast                                                     [XFAIL]
        reception failed
TEST: No tool                                                       [SKIP]
EOF

is a_pass_at_the_second_attempt_is_a_retry 'gro.a|retry|Attempt 1/6 failed, retrying...
gro.b|pass|' cases <<'EOF'
# Attempt 1/6 failed, retrying...
ok 1 gro.a
ok 2 gro.b
EOF

is a_pass_granted_to_a_slow_machine_is_a_retry \
	'gro.a|retry|Ignoring ipv4/large_max failure due to slow environment' cases <<'EOF'
# Ignoring ipv4/large_max failure due to slow environment
ok 1 gro.a
EOF

is as_listed 'net:a.py|a.one|pass|pass|' judged 'net:a.py a.one pass
net:b.py b.one pass' <<'EOF'
ok 1 a.one
EOF

is a_listed_case_that_is_not_there_is_missing 'net:a.py|a.two|xfail|pass/xfail|
net:a.py|a.one|missing|pass|' judged 'net:a.py a.one pass
net:a.py a.two pass/xfail  # why' <<'EOF'
ok 2 a.two # XFAIL
EOF

is a_case_that_is_not_listed_is_told 'net:a.py|a.one|pass|pass|
net:a.py|a.new|pass||' judged 'net:a.py a.one pass' <<'EOF'
ok 1 a.one
ok 2 a.new
EOF

is the_two_lists_have_the_same_programs '' differing_programs </dev/null

is a_name_that_is_in_no_list_is_said "run: there is no test 'no.py' in tests/selftests/list
status 1" refused csum.py no.py </dev/null
is the_end_of_a_name_is_enough 'drivers/net:gro.py
drivers/net/hw:gro.py
status 0' chosen gro.py </dev/null
is more_of_the_name_is_less 'drivers/net/hw:gro.py
status 0' chosen hw/gro.py </dev/null
is a_name_is_no_pattern 'status 1' chosen '*.py' </dev/null
