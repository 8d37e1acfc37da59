# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ethtool -S: the counters are there, those of the MAC count what is sent, and
# nothing is counted as dropped or wrong.

setup=pair

run_test()
{
	in_guest 90 '
pair_up
before=$(mac_frames "$A")
ping -q -f -c 500 "$V4B" >/tmp/ping
has /tmp/ping "500 received"
after=$(mac_frames "$A")
echo "rx tx before $before, after $after"
set -- $before $after
[ $(($3 - $1)) -ge 500 ] && [ $(($4 - $2)) -ge 500 ] || bad "the MAC counted rx $(($3 - $1)) tx $(($4 - $2)) of 500"
[ $(($3 - $1)) -le 520 ] && [ $(($4 - $2)) -le 520 ] || bad "the MAC counted rx $(($3 - $1)) tx $(($4 - $2)), 500 were sent"'
	[ "$driver" != 6.12 ] || return 0
	in_guest 60 '
# other tests have used this card: what counts is what is added
wrong() { ethtool -S "$A" | grep -E "(_err|_drop|drop_frames|dropped_frames|drop_bytes|illegal_req|bad_ts)[0-9]*:" | grep -v ": 0$" || true; }
wrong >/tmp/before
ethtool -S "$A" >/tmp/s
[ "$(wc -l </tmp/s)" -gt 400 ] || bad "$(wc -l </tmp/s) lines of statistics"
has /tmp/s "tti_cm_drop_frames: [0-9]" "rpc_out_of_hdr_err: [0-9]" "rde_0_pkt_err: [0-9]" "rxb_integrity_err0: [0-9]"
sum_of() { ethtool -S "$A" | awk -v re="$1" "\$1 ~ re { n += \$2 } END { print n + 0 }"; }
frames=$(sum_of "^rxb_intf[0-9]+_frames:")
ping -q -f -c 500 -s 1000 "$V4B" >/tmp/ping
has /tmp/ping " 500 received"
sleep 1.5
added=$(($(sum_of "^rxb_intf[0-9]+_frames:") - frames))
[ "$added" -ge 500 ] && [ "$added" -le 520 ] || bad "RXB counted $added of 500 frames"
wrong >/tmp/after
diff /tmp/before /tmp/after >/tmp/diff || { cat /tmp/diff; bad "counted as wrong: $(grep "^>" /tmp/diff | head -n 1)"; }
ethtool -S "$A" --all-groups >/tmp/g
has /tmp/g "FramesTransmittedOK: [1-9]" "FramesReceivedOK: [1-9]" "OctetsReceivedOK: [1-9]" "etherStatsPkts1024to1518Octets: [1-9]"'
}
