# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same behind a virtio-iommu, which needs the full kernel.

setup=own
long=yes

run_test()
{
	full_kernel
	iommu_strict virtio-iommu-pci ""
}
