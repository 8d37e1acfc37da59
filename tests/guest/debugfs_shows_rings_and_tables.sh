# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# All of the driver's debugfs: the rings' pointers, which it reads from the card,
# agree with its own when nothing moves; the tables have the addresses and rules
# that were set.

setup=pair
drivers=latest
why="6.12 has no rings in debugfs"

run_test()
{
	in_guest 200 '
pair_up
random_file /tmp/file 1000001
streams out tcp 4 /tmp/file
streams in tcp 4 /tmp/file
cd /sys/kernel/debug/fbnic/$(pci_of "$A")
# nothing is sent meanwhile, by IPv6 neither
ip addr flush dev "$A"
peer ip addr flush dev "$B"
rings() { find . -type f -name "$1.???" | sort; }
for kind in twq0 twq1 tcq hpq ppq rcq; do
	[ -n "$(rings $kind)" ] || bad "no $kind in debugfs"
done
# The pointers of each ring, those of the driver (SW) before those of the card
# (HW). Heads of completion rings do not wrap at the size in the driver.
at_rest()
{
	grep -E "^(size_mask|SW|HW):" $(rings "*") | tr -s ": " " " >/tmp/pointers
	while read -r ring who mark h mark2 t x; do
		case $who in
		size_mask) mask=$mark; continue ;;
		SW) sw_head=$h sw_tail=$t; continue ;;
		esac
		case $ring in
		*/twq*) [ "$sw_head $sw_tail $h" = "$t $t $t" ] ;;
		*/[tr]cq*) [ $((sw_head & mask)) = $((t)) ] && [ "$h" = "$t" ] ;;
		*) [ "$sw_tail" = "$t" ] ;;
		esac || { echo "$ring: SW $sw_head $sw_tail, HW $h $t"; return 1; }
	done </tmp/pointers
}
poll 20 at_rest >/tmp/rest || { tail -n 1 /tmp/rest; bad "the pointers of a ring differ"; }
[ "$(wc -l </tmp/pointers)" -ge 18 ] || bad "$(wc -l </tmp/pointers) lines of pointers"
# all descriptors of each, but for rings that are not in use
grep -l "not allocated" $(rings "*") >/tmp/unused || true
grep "^size_mask:" $(rings "*") | tr -s ": " " " >/tmp/masks
grep -c "^[0-9a-f]\{4\} " $(rings "*") | tr ":" " " >/tmp/counts
while read -r ring x mask x; do
	read -r r n <&3
	[ "$n" -gt $(($mask)) ] || grep -q "$ring" /tmp/unused || bad "$ring shows $n descriptors, mask $mask"
done </tmp/masks 3</tmp/counts
# frames have been here
for kind in twq0 tcq hpq ppq rcq; do
	grep -qE "^[0-9a-f]{4} .*[1-9a-f]" $(rings $kind) || bad "nothing in any $kind"
done
cd /
up_a 1500
up_b 1500
wait_links'
	in_guest 100 '
d=/sys/kernel/debug/fbnic/$(pci_of "$A")
mac=$(cat /sys/class/net/$A/address)
has "$d/mac_addr" " $(echo "$mac" | tr -d :)$" " ffffffffffff$"
# rule FLOW...: adds it; its number is in $id
rule()
{
	ethtool -N "$A" flow-type "$@" >/tmp/said 2>&1 || { cat /tmp/said; bad "rule $*"; }
	id=$(sed -n "s/.*rule with ID //p" /tmp/said)
}
rule tcp4 src-ip 10.9.8.7 dst-ip 10.6.5.4 dst-port 7777 action 0
id4=$id
rule udp6 src-ip fd00:1234::5 dst-ip fd00:1234::6 action 0
has "$d/act_tcam" "1e61"
has "$d/ip_src" " [1-9] .*0a090807" " [1-9] .*fd001234[0-9a-f]*0005$"
has "$d/ip_dst" " [1-9] .*0a060504" " [1-9] .*fd001234[0-9a-f]*0006$"
has "$d/ipo_src" "^Idx"
has "$d/ipo_dst" "^Idx"
has "$d/tce_tcam" "^Idx"
ethtool -N "$A" delete "$id4"
ethtool -N "$A" delete "$id"
grep -E "^[0-9]+ +1 .*(0a090807|fd001234)" "$d/ip_src" && bad "the address of a deleted rule stays"
has "$d/fw_mbx" "^Rx" "^Tx" "^Rdy: 1 "
has "$d/fw_log" "host: took the card"
has "$d/pcie_stats" "ob_rd_tlp: [1-9]" "ob_wr_tlp: [1-9]"
rm /tmp/file'
}
