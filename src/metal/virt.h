/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine: qemu-system-aarch64 -M virt,highmem=off,gic-version=2.
 *
 * Its addresses have not moved since it exists.  With highmem=off all that we
 * need is below 4 GiB; a GICv2 comes with the MSI frame "v2m", a page to which
 * a write of n raises interrupt n.
 */
#ifndef OPENFBNIC_METAL_VIRT_H
#define OPENFBNIC_METAL_VIRT_H

#include <stdint.h>

#define GICD		0x08000000u	/* distributor */
#define GICC		0x08010000u	/* CPU interface */
#define V2M		0x08020000u	/* MSI frame */
#define UART		0x09000000u	/* PL011 */
#define PCI_MEM		0x10000000u	/* window for BARs */
#define PCI_MEM_END	0x3eff0000u
#define PCI_ECAM	0x3f000000u	/* bus 0 is the first MiB */
#define INTID_TIMER	27u		/* virtual timer, private to the CPU */

static inline uint32_t mmio_rd(uintptr_t addr)
{
	uint32_t val = *(volatile uint32_t *)addr;

	/* what we read after it was written before the register said so */
	__asm__ volatile("dmb oshld" ::: "memory");
	return val;
}

static inline void mmio_wr(uintptr_t addr, uint32_t val)
{
	__asm__ volatile("dmb oshst" ::: "memory");
	*(volatile uint32_t *)addr = val;
}

#endif
