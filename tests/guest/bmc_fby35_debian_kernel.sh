# shellcheck shell=bash disable=SC1091,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# QEMU's fby35-bmc with Debian's own kernel for armhf and a device tree of that package: NC-SI
# comes up, the BMC reaches the wire and the host, and its link's changes.

setup=own
once=yes
drivers=latest
why="it does not tell firmware the host's addresses"

run_test()
{
	. "$here/bmc.sh"
	bmc_meets_wire_and_host fby35-bmc debian
}
