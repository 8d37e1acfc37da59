# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest behind an emulated Intel IOMMU in strict mode: each buffer is a DMA_MAP
# and a DMA_UNMAP to the card, and an access to anything else is refused and
# counted. With all traffic there must be none.

setup=own
long=yes

run_test()
{
	iommu_strict intel-iommu,caching-mode=on "intel_iommu=on iommu=nopt"
}
