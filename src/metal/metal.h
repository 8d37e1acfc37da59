/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pieces of the bare-metal port */
#ifndef OPENFBNIC_METAL_H
#define OPENFBNIC_METAL_H

#include <stdbool.h>
#include <stdint.h>

/* uart.c: the console */
void say(const char *text);
void say_hex(uint32_t val);
void say_dec(uint32_t val, unsigned int width);

/* irq.c: interrupt controller and timer */
#define IRQ_NONE	1023u
void irq_init(void);
/* An MSI of ours: where a device writes what.  False: the machine has no frame for it */
bool irq_msi(uint64_t *addr, uint32_t *data);
uint64_t time_now(void);			/* nanoseconds since power-on */
/* Sleeps until an interrupt comes or time_now() is @when; what came is acknowledged */
void sleep_until(uint64_t when);

/* pci.c */
struct pci_dev {
	uintptr_t	cfg;			/* its configuration space */
	uintptr_t	bar[6];			/* 0: not there */
};

/* Finds the first device of that kind on bus 0, gives its BARs addresses, turns it on */
bool pci_find(struct pci_dev *d, uint16_t vendor, uint16_t device);
/* MSI-X on, vector 0 to @addr; false: it has no MSI-X */
bool pci_msix(const struct pci_dev *d, uint64_t addr, uint32_t data);

/* start.S, main.c */
void power_off(void) __attribute__((noreturn));
void fault(uint64_t esr, uint64_t elr, uint64_t far) __attribute__((noreturn));
void metal_main(void) __attribute__((noreturn));

#endif
