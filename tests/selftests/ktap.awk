# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a test program printed, case by case: "CASE <tab> RESULT <tab> WHY" with
# RESULT pass, fail, skip, xfail, or retry: a pass that the test itself only
# got at a second attempt, or that it granted to a slow machine.
#
# Two languages are spoken: KTAP ("ok 1 name.case # SKIP why") and that of
# net/forwarding ("TEST: name   [ OK ]", with the reason on the next line).

function out(name, result, why)
{
	gsub(/\t/, " ", why)
	gsub(/[ \t]+/, "_", name)
	if (result == "pass" && again != "") {
		result = "retry"
		why = again
	}
	printf "%s\t%s\t%s\n", name, result, why
	again = ""
	said = ""
}

function flush_test()
{
	if (test_name != "")
		out(test_name, test_result, test_why)
	test_name = ""
}

/^(not )?ok [0-9]+/ {
	flush_test()
	result = $1 == "ok" ? "pass" : "fail"
	line = $0
	sub(/^(not )?ok [0-9]+ *(- )?/, "", line)
	why = ""
	if (match(line, / *# */)) {
		why = substr(line, RSTART + RLENGTH)
		line = substr(line, 1, RSTART - 1)
	}
	if (why ~ /^SKIP/) {
		result = "skip"
		sub(/^SKIP */, "", why)
	} else if (why ~ /^XFAIL/) {
		result = "xfail"
		sub(/^XFAIL */, "", why)
	}
	if (result == "fail" && why == "")
		why = said
	out(line, result, why)
	next
}

/^TEST: .*\[.*\]$/ {
	flush_test()
	line = $0
	match(line, /\[[^[]*\]$/)
	word = substr(line, RSTART, RLENGTH)
	test_name = substr(line, 7, RSTART - 7)
	sub(/[ \t]+$/, "", test_name)
	test_result = word ~ /OK/ ? "pass" : word ~ /XFAIL/ ? "xfail" : word ~ /SKIP/ ? "skip" : "fail"
	test_why = ""
	next
}

# the reason, indented under its test
test_name != "" && /^[ \t]+[^ \t]/ {
	if (test_why == "") {
		test_why = $0
		sub(/^[ \t]+/, "", test_why)
	}
	next
}

/^# +Attempt [0-9]+\/[0-9]+ failed, retrying/ || /^# +Skewed queue distribution, attempt/ ||
/^# +Ignoring .* failure due to slow environment/ {
	again = $0
	sub(/^# +/, "", again)
}

# the last thing a failing case says tells the most
/^# (Check failed|Exception\| [A-Za-z.]*(Error|Exception|Failure|Ex|Expired)\>)/ {
	said = $0
	sub(/^# (Exception\| )?/, "", said)
}


END { flush_test() }
