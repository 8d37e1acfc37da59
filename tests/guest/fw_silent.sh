# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Requests that the firmware reads and never answers: whoever asked is told after ten
# seconds, and the next request is answered. The interface is down, or heartbeats
# would come in between.

setup=user
long=yes
drivers=latest
why="6.12 asks the firmware for none of it"

# unanswered REGEX COMMAND: it fails and says so; then it is repeated, and succeeds
unanswered()
{
	ask_card fault 0 silent
	in_guest 60 'i=$(nic) d=pci/$(pci_of "$(nic)")
again() { '"$2"'; }
if again >/tmp/said 2>&1; then cat /tmp/said; bad "no answer is an answer"; fi
dmesg >>/tmp/said
grep -v "^\[" /tmp/said || true
has /tmp/said "'"$1"'"
dmesg -c >/dev/null
again >/tmp/said 2>&1 || { cat /tmp/said; bad "the next request"; }'
	[[ $(ask_card fault 0) == *'"silent":0'* ]] || fail "it was not asked"
}

run_test()
{
	trap 'ask_card fault 0 silent 0' EXIT
	in_guest 30 'ip link set "$(nic)" down'
	unanswered "Timed out waiting for firmware response" 'ethtool -m "$i"'
	unanswered "FW mailbox test .*[1-9]" 'ethtool -t "$i" online'
	unanswered "Timed out waiting on core dump info" 'devlink health dump show "$d" reporter fw'
	in_guest 20 'devlink health dump clear "pci/$(pci_of "$(nic)")" reporter fw'
	# the ownership, for which ip link waits
	unanswered "timed out|Timer expired" 'ip link set "$i" up'
	in_guest 40 'i=$(nic); want "link" poll 20 has_link "$i"'
}
