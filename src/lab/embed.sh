#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# embed.sh FILE...: C on standard output, a "struct lab_text" for each file. Labs come as
# NAME.lab and are lab_texts[]; lib.sh, the words of a guest, is lab_guest_words.

set -eu

literal()
{
	sed 's/\\/\\\\/g; s/"/\\"/g; s/	/\\t/g; s/^/	"/; s/$/\\n"/' "$1"
}

echo '#include "lab.h"'
echo 'const struct lab_text lab_texts[] = {'
for f; do
	case $f in
	*.lab)
		name=${f##*/}
		echo "{ \"${name%.lab}\","
		literal "$f"
		echo '},'
		;;
	esac
done
echo '{ 0, 0 } };'
for f; do
	case $f in
	*.sh)
		echo 'const char lab_guest_words[] ='
		literal "$f"
		echo ';'
		;;
	esac
done
