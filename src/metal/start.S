/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From reset to C: one processor at EL1, as QEMU starts an ELF.
 *
 * Memory is mapped one to one, a GiB an entry: the first is devices, the next
 * two are memory with caches.  (Without a map all memory is device memory, on
 * which unaligned accesses fault.)
 *
 * Interrupts are never taken: main() sleeps in wfi, which a pending interrupt
 * ends although it is masked, and asks the controller which.  All that the
 * vectors do is to report what must not happen.
 */
#define MAIR		0xff04		/* 0: device-nGnRE, 1: normal, write-back */
#define TCR		0x80803519	/* 39 bits, 4 KiB granule, inner shareable write-back, no TTBR1 */
#define DEVICE		0x0060000000000401	/* block, access flag, attribute 0, execute never */
#define NORMAL		0x705			/* block, access flag, inner shareable, attribute 1 */
#define GIB		0x40000000
#define SCTLR_MCI	0x1005		/* map, data and instruction caches */

	.section .text.start, "ax"
	.global _start
_start:
	msr	daifset, #15
	ldr	x0, =vectors
	msr	vbar_el1, x0
	mov	x0, #3 << 20		/* floating point registers: the compiler is told not to, but a fault would be silly */
	msr	cpacr_el1, x0
	ldr	x0, =stack_top
	mov	sp, x0

	ldr	x0, =bss_start
	ldr	x1, =bss_end
0:	cmp	x0, x1
	b.hs	1f
	stp	xzr, xzr, [x0], #16
	b	0b

1:	ldr	x0, =map
	ldr	x1, =DEVICE
	str	x1, [x0]
	ldr	x1, =NORMAL + GIB
	str	x1, [x0, #8]
	ldr	x1, =NORMAL + 2 * GIB
	str	x1, [x0, #16]
	ldr	x1, =MAIR
	msr	mair_el1, x1
	ldr	x1, =TCR
	msr	tcr_el1, x1
	msr	ttbr0_el1, x0
	tlbi	vmalle1
	dsb	sy
	isb
	mrs	x0, sctlr_el1
	ldr	x1, =SCTLR_MCI
	orr	x0, x0, x1
	msr	sctlr_el1, x0
	isb
	bl	metal_main

	.global power_off
power_off:				/* PSCI SYSTEM_OFF */
	ldr	x0, =0x84000008
	hvc	#0
2:	wfi
	b	2b

	.balign 2048
vectors:
	.rept	16
	.balign 128
	mrs	x0, esr_el1
	mrs	x1, elr_el1
	mrs	x2, far_el1
	ldr	x3, =stack_top
	mov	sp, x3
	b	fault
	.endr
	.ltorg

	.section .bss.map, "aw", %nobits
	.balign 4096
map:	.skip	4096
