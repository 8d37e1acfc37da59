# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The driver lets go of the card and takes it again, 20 times, with the interface up
# and traffic; each time it comes back and frames flow.

setup=pair

run_test()
{
	in_guest 600 '
pair_up
p=$(pci_of "$A")
n=0
while [ $n -lt 20 ]; do
	n=$((n + 1))
	ping -q -f -w 20 "$V4B" >/dev/null 2>&1 &
	echo "$p" >/sys/bus/pci/drivers/fbnic/unbind
	echo "$p" >/sys/bus/pci/drivers/fbnic/bind || bad "bind, round $n"
	kill $! 2>/dev/null || true
	want "an interface after bind, round $n" poll 20 has_nics 1
	A=$(nic)
	echo "A=$A B=$B" >/run/pair
	up_a 1500
	wait_links
	reach "$V4B"
done
reach_all
random_file /tmp/file 4000001
streams out tcp 1 /tmp/file
streams in tcp 1 /tmp/file
rm /tmp/file'
}
