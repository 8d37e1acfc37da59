# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ethtool -t: registers, MSI-X and the firmware's mailbox, online and offline; and what it
# says when the firmware sends a message back changed.

setup=user
drivers=latest
why="6.12 has no self test"

run_test()
{
	in_guest 120 '
i=$(nic)
for mode in online offline; do
	ethtool -t "$i" $mode >/tmp/t || { cat /tmp/t; bad "ethtool -t $mode"; }
	has /tmp/t "test result is PASS" "^Register test \(offline\)[[:space:]]+0$" \
		"^MSI-X Interrupt test \(offline\)[[:space:]]+0$" "^FW mailbox test \(on/offline\)[[:space:]]+0$"
done
ip link set "$i" up
want "link" poll 20 has_link "$i"
ethtool -t "$i" offline >/tmp/t || { cat /tmp/t; bad "ethtool -t offline with the interface up"; }
want "link after the test" poll 20 has_link "$i"'
	ask_card fault 0 test
	in_guest 30 'if ethtool -t "$(nic)" online >/tmp/t; then cat /tmp/t; bad "a changed message passes"; fi
has /tmp/t "test result is FAIL" "^FW mailbox test \(on/offline\)[[:space:]]+[1-9]"
dmesg -c >/dev/null
ethtool -t "$(nic)" online >/tmp/t || { cat /tmp/t; bad "the test after that"; }
has /tmp/t "test result is PASS"'
}
