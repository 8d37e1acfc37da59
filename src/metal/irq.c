// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interrupt controller (GICv2 with its MSI frame) and the processor's timer.
 *
 * Nothing is ever interrupted.  sleep_until() waits with interrupts masked,
 * which ends as soon as one is pending, also if it came just before; then all
 * are acknowledged.  What they were about, main() finds out by looking.
 */
#include "metal.h"
#include "virt.h"

#define GICD_CTLR	0x000u
#define GICD_ISENABLER	0x100u
#define GICD_IPRIORITYR	0x400u
#define GICD_ITARGETSR	0x800u
#define GICD_ICFGR	0xc00u
#define GICC_CTLR	0x00u
#define GICC_PMR	0x04u
#define GICC_IAR	0x0cu
#define GICC_EOIR	0x10u
#define V2M_TYPER	0x008u
#define V2M_SETSPI	0x040u

static uint64_t ticks_per_s;

static uint64_t ticks(void)
{
	uint64_t t;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(t) :: "memory");
	return t;
}

static void enable(unsigned int intid)
{
	uint32_t reg = GICD + GICD_IPRIORITYR + intid / 4 * 4, shift = intid % 4 * 8;

	mmio_wr(reg, (mmio_rd(reg) & ~(0xffu << shift)) | 0x80u << shift);
	if (intid >= 32) {
		reg = GICD + GICD_ITARGETSR + intid / 4 * 4;
		mmio_wr(reg, (mmio_rd(reg) & ~(0xffu << shift)) | 1u << shift);
	}
	mmio_wr(GICD + GICD_ISENABLER + intid / 32 * 4, 1u << intid % 32);
}

void irq_init(void)
{
	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(ticks_per_s));
	__asm__ volatile("msr cntv_ctl_el0, xzr; isb");
	mmio_wr(GICC + GICC_PMR, 0xff);
	mmio_wr(GICC + GICC_CTLR, 1);
	mmio_wr(GICD + GICD_CTLR, 1);
	enable(INTID_TIMER);
}

bool irq_msi(uint64_t *addr, uint32_t *data)
{
	uint32_t typer = mmio_rd(V2M + V2M_TYPER), intid = typer >> 16 & 0x3ff, reg;

	if (!(typer & 0x3ff) || intid < 32)
		return false;
	reg = GICD + GICD_ICFGR + intid / 16 * 4;
	mmio_wr(reg, mmio_rd(reg) | 2u << intid % 16 * 2);	/* an edge */
	enable(intid);
	*addr = V2M + V2M_SETSPI;
	*data = intid;
	return true;
}

/* a * b / c without 128 bits: c and b are far below 2^32 */
static uint64_t scale(uint64_t a, uint64_t b, uint64_t c)
{
	return a / c * b + a % c * b / c;
}

uint64_t time_now(void)
{
	return scale(ticks(), 1000000000u, ticks_per_s);
}

static void timer_set(uint64_t when)
{
	if (when == UINT64_MAX) {
		__asm__ volatile("msr cntv_ctl_el0, xzr; isb" ::: "memory");
		return;
	}
	/* a tick late rather than early */
	__asm__ volatile("msr cntv_cval_el0, %0; msr cntv_ctl_el0, %1; isb"
			 :: "r"(scale(when, ticks_per_s, 1000000000u) + 1), "r"((uint64_t)1) : "memory");
}

void sleep_until(uint64_t when)
{
	uint32_t iar;

	timer_set(when);
	__asm__ volatile("dsb sy; wfi" ::: "memory");
	timer_set(UINT64_MAX);
	for (;;) {
		iar = mmio_rd(GICC + GICC_IAR);
		if ((iar & 0x3ff) >= 1020)
			return;
		mmio_wr(GICC + GICC_EOIR, iar);
	}
}
