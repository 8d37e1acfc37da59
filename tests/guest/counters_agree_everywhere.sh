# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# All counters that the driver shows, against the card's registers and an
# independent count: the capture of the cable.  ethtool's groups and its own
# statistics, and the PCIe counters of debugfs.

setup=own
drivers=latest
why="it reads a few of the MAC's counters only"

# ethtool's name, the register
names='
eth-mac-FramesTransmittedOK MAC_STAT_TX_TRANSMITTED_OK
eth-mac-FramesReceivedOK MAC_STAT_RX_RECEIVED_OK
eth-mac-FrameCheckSequenceErrors MAC_STAT_RX_PACKET_BAD_FCS
eth-mac-AlignmentErrors MAC_STAT_RX_ALIGN_ERROR
eth-mac-OctetsTransmittedOK MAC_STAT_TX_BYTE_COUNT
eth-mac-FramesLostDueToIntMACXmitError MAC_STAT_TX_IFOUTERRORS
eth-mac-OctetsReceivedOK MAC_STAT_RX_BYTE_COUNT
eth-mac-FramesLostDueToIntMACRcvError MAC_STAT_RX_IFINERRORS
eth-mac-MulticastFramesXmittedOK MAC_STAT_TX_MULTICAST
eth-mac-BroadcastFramesXmittedOK MAC_STAT_TX_BROADCAST
eth-mac-MulticastFramesReceivedOK MAC_STAT_RX_MULTICAST
eth-mac-BroadcastFramesReceivedOK MAC_STAT_RX_BROADCAST
eth-mac-FrameTooLongErrors MAC_STAT_RX_TOOLONG
eth-ctrl-MACControlFramesTransmitted MAC_STAT_TX_CONTROL_FRAMES
eth-ctrl-MACControlFramesReceived MAC_STAT_RX_CONTROL_FRAMES
rmon-etherStatsUndersizePkts MAC_STAT_RX_UNDERSIZE
rmon-etherStatsOversizePkts MAC_STAT_RX_OVERSIZE
rmon-etherStatsFragments MAC_STAT_RX_FRAGMENT
rmon-etherStatsJabbers MAC_STAT_RX_JABBER
rx-64 MAC_STAT_RX_PACKET_64_BYTES
rx-65 MAC_STAT_RX_PACKET_65_127_BYTES
rx-128 MAC_STAT_RX_PACKET_128_255_BYTES
rx-256 MAC_STAT_RX_PACKET_256_511_BYTES
rx-512 MAC_STAT_RX_PACKET_512_1023_BYTES
rx-1024 MAC_STAT_RX_PACKET_1024_1518_BYTES
rx-1519 RPC_STAT_RX_PACKET_1519_2047_BYTES
rx-2048 RPC_STAT_RX_PACKET_2048_4095_BYTES
rx-4096 RPC_STAT_RX_PACKET_4096_8191_BYTES
rx-8192 RPC_STAT_RX_PACKET_8192_9216_BYTES
rx-9217 RPC_STAT_RX_PACKET_9217_MAX_BYTES
tx-64 MAC_STAT_TX_PACKET_64_BYTES
tx-65 MAC_STAT_TX_PACKET_65_127_BYTES
tx-128 MAC_STAT_TX_PACKET_128_255_BYTES
tx-256 MAC_STAT_TX_PACKET_256_511_BYTES
tx-512 MAC_STAT_TX_PACKET_512_1023_BYTES
tx-1024 MAC_STAT_TX_PACKET_1024_1518_BYTES
tx-1519 TMI_STAT_TX_PACKET_1519_2047_BYTES
tx-2048 TMI_STAT_TX_PACKET_2048_4095_BYTES
tx-4096 TMI_STAT_TX_PACKET_4096_8191_BYTES
tx-8192 TMI_STAT_TX_PACKET_8192_9216_BYTES
tx-9217 TMI_STAT_TX_PACKET_9217_MAX_BYTES
ptp_illegal_req TMI_ILLEGAL_PTP_REQS
ptp_good_ts TMI_GOOD_PTP_TS
ptp_bad_ts TMI_BAD_PTP_TS
tti_cm_drop_frames TCE_TTI_CM_DROP_PKTS
tti_cm_drop_bytes TCE_TTI_CM_DROP_BYTE
tti_frame_drop_frames TCE_TTI_FRAME_DROP_PKTS
tti_frame_drop_bytes TCE_TTI_FRAME_DROP_BYTE
tti_tbi_drop_frames TCE_TBI_DROP_PKTS
tti_tbi_drop_bytes TCE_TBI_DROP_BYTE
rpc_unkn_etype RPC_CNTR_UNKN_ETYPE
rpc_unkn_ext_hdr RPC_CNTR_UNKN_EXT_HDR
rpc_ipv4_frag RPC_CNTR_IPV4_FRAG
rpc_ipv6_frag RPC_CNTR_IPV6_FRAG
rpc_ipv4_esp RPC_CNTR_IPV4_ESP
rpc_ipv6_esp RPC_CNTR_IPV6_ESP
rpc_tcp_opt_err RPC_CNTR_TCP_OPT_ERR
rpc_out_of_hdr_err RPC_CNTR_OUT_OF_HDR_ERR'

# The same for arrays: ethtool's name around the index, register, elements
arrays='
rxb_integrity_err@ RXB_INTEGRITY_ERR 2
rxb_mac_err@ RXB_MAC_ERR 2
rxb_parser_err@ RXB_PARSER_ERR 2
rxb_frm_err@ RXB_FRM_ERR 2
rxb_drbo@_frames RXB_DRBO_FRM_CNT_SRC 2
rxb_drbo@_bytes RXB_DRBO_BYTE_CNT_SRC 2
rxb_intf@_frames RXB_INTF_FRM_CNT_DST 4
rxb_intf@_bytes RXB_INTF_BYTE_CNT_DST 4
rxb_pbuf@_frames RXB_PBUF_FRM_CNT_DST 4
rxb_pbuf@_bytes RXB_PBUF_BYTE_CNT_DST 4
rxb_fifo@_drop RXB_TRANS_DROP_STS 8
rxb_fifo@_dropped_frames RXB_DROP_FRMS_STS 8
rxb_fifo@_ecn RXB_TRANS_ECN_STS 8
rde_@_pkt_err QUEUE_RDE_PKT_ERR_CNT 16
rde_@_pkt_cq_drop QUEUE_RDE_CQ_DROP_CNT 16
rde_@_pkt_bdq_drop QUEUE_RDE_BDQ_DROP_CNT 16'

# "REGISTER VALUE" of both sides of the cable as the capture at card 0 has it
from_capture()
{
	od -An -v -tu1 -w1 "$1" | awk -v mac="$2" '
BEGIN {
	split("64 127 255 511 1023 1518 2047 4095 8191 9216 99999", last, " ")
	split("64 65_127 128_255 256_511 512_1023 1024_1518 1519_2047 2048_4095 4096_8191 8192_9216 9217_MAX", name, " ")
}
function bin(n,    i) {
	for (i = 1; n > last[i] + 0; )
		i++
	return name[i]
}
function frame(    way, big) {
	way = sa == mac ? "TX" : "RX"
	big = way == "TX" ? "TMI_STAT_TX" : "RPC_STAT_RX"
	c["MAC_STAT_" way (way == "TX" ? "_TRANSMITTED_OK" : "_RECEIVED_OK")]++
	c["MAC_STAT_" way "_BYTE_COUNT"] += len + 4
	if (first % 2)
		c["MAC_STAT_" way (da == "ff:ff:ff:ff:ff:ff" ? "_BROADCAST" : "_MULTICAST")]++
	c[(len + 4 > 1518 ? big : "MAC_STAT_" way) "_PACKET_" bin(len + 4) "_BYTES"]++
}
NR <= 24 { next }
!left && ++h <= 16 {				# record header: length at 8..11, little endian
	if (h > 8 && h <= 12)
		len += $1 * 256 ^ (h - 9)
	if (h == 16) { left = len; at = 0; da = sa = "" }
	next
}
{
	if (at == 0) first = $1
	if (at < 6) da = da (at ? ":" : "") sprintf("%02x", $1)
	else if (at < 12) sa = sa (at > 6 ? ":" : "") sprintf("%02x", $1)
	at++
	if (!--left) { frame(); h = len = 0 }
}
END { for (k in c) print k, c[k] }'
}

guest_counters()
{
	in_guest 60 '
show() {
	"$@" ethtool -S "$dev" --all-groups | sed -n "s/^ *\([rt]x\)-rmon-etherStatsPkts\([0-9]*\).*: /\1-\2 /p;
		s/^ *\(\(eth-mac\|eth-ctrl\|rmon\)-[A-Za-z]*\): /\1 /p"
	"$@" ethtool -S "$dev" | sed -n "s/^ *\([a-z0-9_]*\): /\1 /p"
	pci=$("$@" ethtool -i "$dev" | sed -n "s/^bus-info: //p")
	sed -n "s/^ *\(ob_[a-z_]*\): */\1 /p" "/sys/kernel/debug/fbnic/$pci/pcie_stats"
}
echo A; dev=$A; show
echo B; dev=$B; show peer
echo end' >/dev/null
	awk '/^B$/ { on = 1 } on && !/^(B|end)$/' <<<"$out" >"$work/guest.1.$1"
	awk '/^B$/ { exit } on { print } /^A$/ { on = 1 }' <<<"$out" >"$work/guest.0.$1"
}

# moment N: registers, capture and what the driver shows, with no frame on the cable meanwhile
moment()
{
	local i try

	for try in 1 2 3 4 5 6 7 8 9 10; do
		sleep 2
		for i in 0 1; do card_stats "$work/card" $i >"$work/card.$i.$1"; done
		guest_counters "$1"
		from_capture "$work/a.pcap" "$mac_a" >"$work/cable.0.$1"
		for i in 0 1; do card_stats "$work/card" $i >"$work/later.$i.$1"; done
		if same_frames 0 "$1" && same_frames 1 "$1"; then break; fi
		[ "$try" != 10 ] || fail "the cable does not get quiet"
	done
	# what one card sends the other receives
	sed 's/TMI_STAT_TX/rpc_stat_rx/; s/RPC_STAT_RX/tmi_stat_tx/; s/TX_TRANSMITTED/rx_received/
		s/RX_RECEIVED/tx_transmitted/; s/_TX_/_rx_/; s/_RX_/_tx_/; s/.*/\U&/' "$work/cable.0.$1" >"$work/cable.1.$1"
}

# All but the PCIe counters, which never rest
same_frames()
{
	cmp -s <(grep -v '^PUL_' "$work/card.$1.$2") <(grep -v '^PUL_' "$work/later.$1.$2")
}

# added FILE FILE: "NAME VALUE" lines, what the second has more than the first
added()
{
	awk 'NR == FNR { was[$1] = $2; next } { print $1, $2 - was[$1] }' "$1" "$2"
}

# The PCIe counters go on with the firmware's messages and the driver's own
# reads: debugfs must show a value between those before and after it was asked
pcie()
{
	local i name reg lo hi shown

	for i in 0 1; do
		for name in rd_tlp rd_dword wr_tlp wr_dword cpl_tlp cpl_dword; do
			reg=PUL_USER_OB_${name^^}_CNT
			lo=$(($(value "$reg" "$work/card.$i.2") - $(value "$reg" "$work/later.$i.1")))
			hi=$(($(value "$reg" "$work/later.$i.2") - $(value "$reg" "$work/card.$i.1")))
			shown=$(($(value "ob_$name" "$work/guest.$i.2") - $(value "ob_$name" "$work/guest.$i.1")))
			echo "card $i: ob_$name $shown, between $lo and $hi"
			((shown >= lo && shown <= hi && shown > 0)) || fail "card $i: debugfs shows $shown more ob_$name, the card has $lo to $hi"
		done
	done
}

value()
{
	awk -v k="$1" '$1 == k { print $2 }' "$2"
}

# same WHAT WANTED FOUND: of the registers in WANTED
same()
{
	awk -v what="$1" '
NR == FNR { want[$1] = $2; next }
{ found[$1] = $2 }
END {
	for (k in want)
		if (want[k] + 0 != found[k] + 0) { print what ": " k " is " found[k] + 0 ", should be " want[k]; bad = 1 }
	exit bad
}' "$2" "$3" || fail "$1: the counts differ"
}

run_test()
{
	local i

	card_start "$work/card" --card "socket=$work/card/0,mac=$mac_a,wire=pair:p,pcap=$work/a.pcap" \
		--card "socket=$work/card/1,mac=$mac_b,wire=pair:p" || fail "fbnicd does not start"
	guest_settings
	guest_cards=("$work/card/0" "$work/card/1")
	guest_start "$guest" || fail "the guest does not boot"
	in_guest 100 'mount -t debugfs none /sys/kernel/debug 2>/dev/null || true; pair_up 9000; reach_all'
	moment 1
	in_guest 300 '
for size in 0 10 18 19 60 100 200 300 600 1000 1472 1473 1600 3000 5000 8000 8900 8972; do
	ping -q -c 10 -i 0.02 -s $size "$V4B" >/tmp/ping || { cat /tmp/ping; bad "ping of $size bytes"; }
	ping -q -c 5 -i 0.02 -s $size "$V6A" -I "$V6A" >/dev/null
	ping -q -c 5 -i 0.02 -s $size "$V6B" >/tmp/ping || { cat /tmp/ping; bad "ping of $size bytes"; }
done
ping -q -c 2 -s 20000 "$V4B" >/dev/null || bad "ping in fragments"
ping -q -c 3 -b 192.168.77.255 >/dev/null 2>&1 || true
ping -q -c 3 ff02::1%$A >/dev/null 2>&1 || true
random_file /tmp/file 300001
streams out tcp 2 /tmp/file
streams in tcp 2 /tmp/file
streams out udp 2 /tmp/file 4000'

	moment 2

	# the driver shows what is in the registers
	for i in 0 1; do
		{
			awk 'NF == 2' <<<"$names"
			awk 'NF == 3 { for (i = 0; i < $3; i++) { e = $1; sub(/@/, i, e); print e, $2 "[" i "]" } }' <<<"$arrays"
		} | awk -v file="$work/guest.$i.2" '
BEGIN { while ((getline <file) > 0) v[$1] = $2 }
!($1 in v) { print "the driver shows no " $1 >"/dev/stderr"; exit 1 }
{ print $2, v[$1] }' >"$work/shown.$i" || fail "a counter is not shown"
		echo "card $i: $(wc -l <"$work/shown.$i") counters, $(awk '$2' "$work/shown.$i" | wc -l) not 0"
		same "card $i, driver and registers" "$work/shown.$i" "$work/card.$i.2"
		[ "$(awk '$2' "$work/shown.$i" | wc -l)" -ge 30 ] || fail "too few counters moved"
	done

	# and the registers have what was on the cable since the first moment, when both links were up
	for i in 0 1; do
		added "$work/cable.$i.1" "$work/cable.$i.2" >"$work/cable.$i"
		added "$work/card.$i.1" "$work/card.$i.2" >"$work/card.$i"
		echo "cable, card $i: $(awk '/_OK/ { n += $2 } END { print n }' "$work/cable.$i") frames"
		same "card $i, capture and registers" "$work/cable.$i" "$work/card.$i"
	done
	pcie
}
