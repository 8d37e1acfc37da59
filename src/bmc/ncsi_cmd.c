// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All commands as one table: what the reader checks a command against, where
 * traces get names from, and what docs/ncsi.md is made of (tools/ncsidoc.c).
 * Offsets in the texts count from the start of the payload, in an answer from
 * behind the two codes.
 */
#include "ncsi_int.h"

#define CH	TO_CHANNEL
#define PKG	TO_PACKAGE
#define BOTH	(TO_CHANNEL | TO_PACKAGE)

const struct ncsi_cmd ncsi_cmds[] = {
	{ 0x00, "Clear Initial State", 0, 0, 4, CH | IN_INITIAL | SILENT_RANGE, ncsi_clear_initial,
	  "", "" },
	{ 0x01, "Select Package", 4, 4, 4, PKG, ncsi_select,
	  "[3] bit 0: hardware arbitration off", "" },
	{ 0x02, "Deselect Package", 0, 0, 4, PKG, ncsi_deselect, "", "" },
	{ 0x03, "Enable Channel", 0, 0, 4, CH, ncsi_enable_channel, "", "" },
	{ 0x04, "Disable Channel", 4, 4, 4, CH, ncsi_disable_channel,
	  "[3] bit 0: the link may go down", "" },
	{ 0x05, "Reset Channel", 4, 4, 4, CH, ncsi_reset_channel, "[0..3] 0", "" },
	{ 0x06, "Enable Channel Network Tx", 0, 0, 4, CH, ncsi_enable_tx, "", "" },
	{ 0x07, "Disable Channel Network Tx", 0, 0, 4, CH, ncsi_disable_tx, "", "" },
	{ 0x08, "AEN Enable", 8, 8, 4, CH, ncsi_aen_enable,
	  "[3] MC id for AENs, [4..7] bits: 0 link, 1 configuration required, 2 host driver", "" },
	{ 0x09, "Set Link", 8, 8, 4, CH, ncsi_set_link,
	  "[0..3] settings, [4..7] OEM; 1/0x0901 while the host's driver runs, 1/0x0905 for a speed the port is not at", "" },
	{ 0x0a, "Get Link Status", 0, 0, 16, CH, ncsi_get_link, "",
	  "[0..3] link status, [4..7] bit 0: host driver runs, [8..11] OEM, 0" },
	{ 0x0b, "Set VLAN Filter", 8, 8, 4, CH, ncsi_set_vlan,
	  "[2,3] VLAN id, [6] index from 1, [7] bit 0: enable; 1/0x0b07 for an id outside 1..4094", "" },
	{ 0x0c, "Enable VLAN", 4, 4, 4, CH, ncsi_enable_vlan,
	  "[3] mode: 1 listed VLANs, 2 listed and untagged, 3 any and untagged", "" },
	{ 0x0d, "Disable VLAN", 0, 0, 4, CH, ncsi_disable_vlan, "untagged frames only", "" },
	{ 0x0e, "Set MAC Address", 8, 8, 4, CH, ncsi_set_mac,
	  "[0..5] address, [6] index from 1: first unicast, then multicast, [7] 7:5 kind (0 unicast, 1 multicast), "
	  "0 enable; 1/0x0e08 for address zero", "" },
	{ 0x10, "Enable Broadcast Filter", 4, 4, 4, CH, ncsi_enable_bc,
	  "[0..3] let through: 1 ARP, 2 DHCP client, 4 DHCP server, 8 NetBIOS", "" },
	{ 0x11, "Disable Broadcast Filter", 0, 0, 4, CH, ncsi_disable_bc, "all broadcast passes", "" },
	{ 0x12, "Enable Global Multicast Filter", 4, 4, 4, CH, ncsi_enable_mc,
	  "[0..3] let through: 1 neighbour advertisement, 2 router advertisement, 4 DHCPv6 relay, "
	  "8 DHCPv6 well-known, 0x10 MLD, 0x20 neighbour solicitation", "" },
	{ 0x13, "Disable Global Multicast Filter", 0, 0, 4, CH, ncsi_disable_mc, "all multicast passes", "" },
	{ 0x14, "Set NC-SI Flow Control", 4, 4, 4, CH, ncsi_set_flow,
	  "[3] mode 0 to 3; kept, and without effect on a socket", "" },
	{ 0x15, "Get Version ID", 0, 0, 40, CH | IN_INITIAL, ncsi_get_version, "",
	  "[0..3] NC-SI version, [7] alpha2, [8..19] firmware name, [20..23] firmware version, [24..31] PCI ids, "
	  "[32..35] manufacturer 0x00001d9b" },
	{ 0x16, "Get Capabilities", 0, 0, 32, CH | IN_INITIAL, ncsi_get_caps, "",
	  "[0..3] flags, [4..7] broadcast, [8..11] multicast kinds, [12..15] buffer, [16..19] AENs, [20] VLAN, "
	  "[21] mixed, [22] multicast, [23] unicast filters, [26] VLAN modes, [27] channels" },
	{ 0x17, "Get Parameters", 0, 0, -1, CH, ncsi_get_params, "",
	  "[0] addresses n, [3] enabled, [4] VLANs m, [6,7] enabled, [8..11] Set Link, [12..15] broadcast kinds, "
	  "[16..19] 1 broadcast filter, 2 channel, 4 Tx, 8 multicast filter, [20] VLAN mode, [21] flow control, "
	  "[24..27] AENs, [28..] n addresses, m ids" },
	{ 0x18, "Get Controller Packet Statistics", 0, 0, 204, CH, ncsi_get_port_stats, "",
	  "the port's counters; those of 32 bits wrap" },
	{ 0x19, "Get NC-SI Statistics", 0, 0, 32, CH, ncsi_get_ncsi_stats, "",
	  "7 words: commands, dropped, type errors, checksum errors, received, sent, AENs" },
	{ 0x1a, "Get NC-SI Pass-through Statistics", 0, 0, 48, CH, ncsi_get_pass_stats, "",
	  "[0..7] Tx frames; words: Tx dropped, state errors, undersize, oversize, Rx frames, dropped, state errors, "
	  "undersize, oversize" },
	{ 0x1b, "Get Package Status", 0, 0, 8, PKG, ncsi_package_status, "", "[0..3] bit 0: hardware arbitration, 0" },
	{ 0x48, "Get ASIC Temperature", 0, 0, 8, BOTH, ncsi_get_temperature, "", "[0,1] maximum, [2,3] now, degrees Celsius" },
	{ 0x4a, "Get Transceiver Temperature", 0, 0, 12, CH, ncsi_get_module_temperature, "",
	  "[0,1] high alarm, [2,3] high warning, 0 if it tells none, [4,5] now, degrees Celsius" },
	{ 0x50, "OEM", 4, PAYLOAD_MAX, -1, BOTH, ncsi_oem,
	  "[0..3] manufacturer; Meta's Get Debug Data, all else 3/0x7fff", "" },
	{ 0x51, "PLDM Request", 3, PAYLOAD_MAX, -1, BOTH, ncsi_pldm_request, "a PLDM request", "the PLDM response" },
	{ 0x52, "Get Package UUID", 0, 0, 20, BOTH | IN_INITIAL, ncsi_get_uuid, "", "[0..15] UUID" },
	{ 0x56, "Query Pending NC PLDM Request", 0, 0, -1, BOTH, ncsi_pldm_pending, "", "a PLDM request, or nothing" },
	{ 0x57, "Send NC PLDM Reply", 3, PAYLOAD_MAX, 4, BOTH, ncsi_pldm_reply, "a PLDM response", "" },
	{ 0x58, "Get MC MAC Address", 0, 0, -1, CH, ncsi_get_mc_mac, "", "[0] count, [4..] addresses" },
};

const size_t ncsi_cmd_count = sizeof(ncsi_cmds) / sizeof(ncsi_cmds[0]);

const char *const ncsi_aen_names[AEN_KINDS] = {
	[AEN_LINK] = "link status change",
	[AEN_CONFIG] = "configuration required",
	[AEN_HOST] = "host driver status change",
};

const struct ncsi_cmd *ncsi_cmd_find(unsigned int type)
{
	for (size_t i = 0; i < ncsi_cmd_count; i++)
		if (ncsi_cmds[i].type == type)
			return &ncsi_cmds[i];
	return NULL;
}
