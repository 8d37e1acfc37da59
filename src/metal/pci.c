// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PCI: bus 0 by its configuration window (ECAM).  Each device that is there is
 * named; the one that is looked for gets addresses for its BARs and is turned
 * on.  Sizes are found as usual, by writing ones.
 */
#include "metal.h"
#include "virt.h"

#define DEVICES		32u
#define CFG_STRIDE	0x8000u		/* device to device, function 0 */
#define CFG_COMMAND	0x04u
#define CFG_BAR		0x10u
#define CFG_CAP		0x34u
#define COMMAND_ON	0x0406u		/* memory, master, no INTx */
#define BAR_IO		1u
#define BAR_64		4u
#define CAP_ID_MSIX	0x11u
#define MSIX_ON		0x80000000u	/* in the word with the capability's id */
#define MSIX_FMASK	0x40000000u

static uintptr_t next_mem = PCI_MEM;

static void place(struct pci_dev *d, unsigned int i)
{
	uintptr_t reg = d->cfg + CFG_BAR + 4 * i;
	uint32_t size;

	mmio_wr(reg, ~0u);
	size = ~(mmio_rd(reg) & ~0xfu) + 1;
	if (!size || size > PCI_MEM_END - PCI_MEM)
		return;
	next_mem = (next_mem + size - 1) & ~(uintptr_t)(size - 1);
	if (size > PCI_MEM_END - next_mem)
		return;
	mmio_wr(reg, (uint32_t)next_mem);
	d->bar[i] = next_mem;
	next_mem += size;
}

static void place_all(struct pci_dev *d)
{
	mmio_wr(d->cfg + CFG_COMMAND, 0);
	for (unsigned int i = 0; i < 6; i++) {
		uint32_t kind = mmio_rd(d->cfg + CFG_BAR + 4 * i);

		d->bar[i] = 0;
		if (kind & BAR_IO)
			continue;
		place(d, i);
		if (kind & BAR_64 && i < 5) {
			mmio_wr(d->cfg + CFG_BAR + 4 * ++i, 0);
			d->bar[i] = 0;
		}
	}
	mmio_wr(d->cfg + CFG_COMMAND, COMMAND_ON);
}

bool pci_find(struct pci_dev *d, uint16_t vendor, uint16_t device)
{
	uint32_t want = vendor | (uint32_t)device << 16;

	for (unsigned int i = 0; i < DEVICES; i++) {
		uint32_t id;

		d->cfg = PCI_ECAM + i * CFG_STRIDE;
		id = mmio_rd(d->cfg);
		if ((id & 0xffff) == 0xffff)
			continue;
		say("pci 00:");
		say_dec(i, 2);
		say(".0 ");
		say_hex(id);
		say("\n");
		if (id != want)
			continue;
		place_all(d);
		return true;
	}
	return false;
}

static uintptr_t find_cap(const struct pci_dev *d, uint8_t id)
{
	uint32_t off = mmio_rd(d->cfg + CFG_CAP) & 0xfc;

	for (unsigned int n = 0; off && n < 48; n++) {
		uint32_t cap = mmio_rd(d->cfg + off);

		if ((cap & 0xff) == id)
			return d->cfg + off;
		off = cap >> 8 & 0xfc;
	}
	return 0;
}

bool pci_msix(const struct pci_dev *d, uint64_t addr, uint32_t data)
{
	uintptr_t cap = find_cap(d, CAP_ID_MSIX), table;
	uint32_t where;

	if (!cap)
		return false;
	where = mmio_rd(cap + 4);
	if ((where & 7) > 5 || !d->bar[where & 7])
		return false;
	table = d->bar[where & 7] + (where & ~7u);
	mmio_wr(cap, (mmio_rd(cap) | MSIX_ON) & ~MSIX_FMASK);
	mmio_wr(table, (uint32_t)addr);
	mmio_wr(table + 4, (uint32_t)(addr >> 32));
	mmio_wr(table + 8, data);
	mmio_wr(table + 12, 0);
	return true;
}
