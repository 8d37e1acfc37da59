// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware on its own computer: finds the function, boots the firmware
 * over it, and sleeps whenever there is nothing to do.
 *
 * A card that goes away sends no interrupt: every LOOK_NS it is looked for.
 */
#include "metal.h"
#include "remote.h"

#include "../fw/err.h"
#include "../fw/fw_core.h"
#include "virt.h"

#define LOOK_NS	10000000000u

static struct pci_dev dev;
static struct fw fw;
static struct remote remote;
static struct remote_mem shared __attribute__((aligned(64)));

static uint32_t bus_rd(void *ctx, unsigned int bar, uint32_t off)
{
	(void)ctx;
	return mmio_rd(dev.bar[bar] + off);
}

static void bus_wr(void *ctx, unsigned int bar, uint32_t off, uint32_t val)
{
	(void)ctx;
	mmio_wr(dev.bar[bar] + off, val);
}

static uint64_t bus_now(void *ctx)
{
	(void)ctx;
	return time_now();
}

static const struct remote_bus bus = { NULL, bus_rd, bus_wr, bus_now };

__attribute__((noreturn)) static void stop(const char *why)
{
	say("fbnic firmware: ");
	say(why);
	say("\n");
	power_off();
}

void fault(uint64_t esr, uint64_t elr, uint64_t far)
{
	say("fbnic firmware: fault, esr ");
	say_hex((uint32_t)esr);
	say(" at ");
	say_hex((uint32_t)elr);
	say(", address ");
	say_hex((uint32_t)far);
	say("\n");
	power_off();
}

static void say_version(uint32_t v)
{
	say_dec(v >> 24, 2);
	say(".");
	say_dec(v >> 16 & 0xff, 2);
	say(".");
	say_dec(v >> 8 & 0xff, 2);
	say("-");
	say_dec(v & 0xff, 3);
}

/* "fbnic firmware 26.11.00-001 ready, 12 ms" */
static void say_phase(enum fw_phase phase)
{
	say("fbnic firmware ");
	say_version(fw.running[PART_CONTROL].version);
	say(" ");
	say(fw_phase_names[phase]);
	say(", ");
	say_dec((uint32_t)(time_now() / 1000000), 0);
	say(" ms\n");
}

static void boot(void)
{
	struct fw_config cfg;
	struct fw_env env;
	uint64_t addr;
	uint32_t data;

	if (!pci_find(&dev, MGMT_VENDOR, MGMT_DEVICE))
		stop("there is no management function on the bus");
	if (!dev.bar[0] || !dev.bar[2] || !dev.bar[4])
		stop("its BARs have no place");
	if (!irq_msi(&addr, &data) || !pci_msix(&dev, addr, data))
		stop("no MSI-X");
	if (remote_init(&remote, &bus, &shared, (uintptr_t)&shared))
		stop("the function is another revision than this firmware's");
	remote_config(&remote, &cfg);
	remote_env(&remote, &env);
	if (fw_init(&fw, &cfg, &env))
		stop("the function's straps make no sense");
	remote_start(&remote, &fw);
}

static void sleep(void)
{
	uint64_t look = time_now() + LOOK_NS;

	sleep_until(remote.deadline < look ? remote.deadline : look);
}

void metal_main(void)
{
	enum fw_phase last = FW_OFF;

	irq_init();
	boot();
	for (;;) {
		do {
			if (fw_phase(&fw) != last) {
				last = fw_phase(&fw);
				say_phase(last);
			}
		} while (remote_poll(&remote));
		if (remote.gone)
			stop("the card is gone");
		sleep();
	}
}
