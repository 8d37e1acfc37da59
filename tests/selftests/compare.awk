# SPDX-License-Identifier: GPL-2.0-or-later
#
# awk -v test=DIR:PROGRAM -f compare.awk expected.txt CASES: what came out
# (from ktap.awk) beside what the list allows: "TEST CASE RESULT LISTED WHY",
# separated by tabs. A listed case that did not show up is "missing", one
# which is not in the list has nothing in LISTED.

BEGIN { OFS = "\t" }

NR == FNR {
	if ($1 == test)
		listed[$2] = $3
	next
}

{
	split($0, f, "\t")
	print test, f[1], f[2], listed[f[1]], f[3]
	seen[f[1]] = 1
}

END {
	for (c in listed)
		if (!(c in seen))
			print test, c, "missing", listed[c], ""
}
