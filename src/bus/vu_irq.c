/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfio-user server: interrupts
 *
 * A client receives MSI-X messages as writes to eventfds, one per vector, which
 * it hands over with SET_IRQS; QEMU at most 16 at a time and those that it takes
 * away (in its own interface: -1) in messages of their own without descriptors.
 * A VFIO client does not show us the guest's MSI-X table.  That a vector has an
 * eventfd is what "unmasked" means here, and the card is told by
 * card_msix_mask(): taking a trigger away masks, what happens meanwhile stays
 * pending in the card, giving a trigger sends it.  The MASK and UNMASK actions
 * do the same without touching the eventfd.
 *
 * Index 4, "req", is one eventfd by which a device asks to be unplugged.  Index
 * 3, "err", would report a fatal error, upon which QEMU stops the guest: it is
 * never used, but QEMU prints a warning about devices that do not have it.
 *
 * An eventfd keeps no order with the replies on the socket: QEMU reads it when its
 * main loop comes to it, and a guest that has had a reply since can have masked the
 * vector, freed the interrupt and asked for it again.  PCIe keeps that order, and
 * drivers rely on it; so a message that is still in the eventfd when the guest
 * masks its vector is taken back (card.h, irq_recall).
 *
 * Writing to a descriptor that somebody gave us must neither block nor kill:
 * only anonymous inodes are taken (an eventfd is one; sockets, pipes and files
 * are not) and they are made non-blocking.  A full counter is no error, the
 * client has an interrupt pending then anyway.
 */
#include "vu_int.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

uint32_t vu_irq_count(const struct vu *v, uint32_t index)
{
	if (index == VU_IRQ_MSIX)
		return v->vectors;
	return index == VU_IRQ_ERR || index == VU_IRQ_REQ ? 1 : 0;
}

static bool fire(int fd)
{
	static const uint64_t one = 1;

	return fd >= 0 && (write(fd, &one, sizeof(one)) == sizeof(one) || errno == EAGAIN);
}

void vu_irq(struct vu *v, unsigned int vector)
{
	if (fire(v->irq_fd[vector]))
		v->stat[VU_ST_IRQS]++;
	else
		v->stat[VU_ST_IRQS_LOST]++;
}

/* What the client has not read of its eventfd yet is ours to read, too */
bool vu_irq_recall(struct vu *v, unsigned int vector)
{
	uint64_t n;

	if (v->irq_fd[vector] < 0 || read(v->irq_fd[vector], &n, sizeof(n)) != sizeof(n))
		return false;
	v->stat[VU_ST_IRQS_RECALLED]++;
	return true;
}

bool vu_request_unplug(struct vu *v)
{
	return fire(v->req_fd);
}

static void tell_card(struct vu *v, uint32_t i)
{
	v->fn->msix_mask(v->fn_ctx, i, v->irq_fd[i] < 0 || v->irq_masked[i]);
}

/* A reset of the card, also one that the guest wrote into configuration space, masks all */
void vu_irq_sync(struct vu *v)
{
	for (unsigned int i = 0; v->fn && i < v->vectors; i++)
		tell_card(v, i);
}

static int *slot(struct vu *v, uint32_t index, uint32_t i)
{
	if (index == VU_IRQ_MSIX)
		return &v->irq_fd[i];
	return index == VU_IRQ_ERR ? &v->err_fd : &v->req_fd;
}

/* Gives vector @i of @index the trigger @fd, -1: takes it away */
static void assign(struct vu *v, uint32_t index, uint32_t i, int fd)
{
	int *p = slot(v, index, i);

	if (*p >= 0)
		close(*p);
	*p = fd;
	if (index == VU_IRQ_MSIX) {
		v->irq_masked[i] = false;
		tell_card(v, i);
	}
}

void vu_irq_drop_all(struct vu *v)
{
	for (unsigned int i = 0; i < v->vectors; i++)
		if (v->irq_fd[i] >= 0)
			assign(v, VU_IRQ_MSIX, i, -1);
	assign(v, VU_IRQ_ERR, 0, -1);
	assign(v, VU_IRQ_REQ, 0, -1);
}

static bool fd_ok(int fd)
{
	struct stat st;
	int fl = fcntl(fd, F_GETFL);

	if (fl < 0 || fstat(fd, &st) || st.st_mode & S_IFMT)
		return false;
	return fl & O_NONBLOCK || !fcntl(fd, F_SETFL, fl | O_NONBLOCK);
}

static int set_triggers(struct vu *v, const struct vu_irq_set *s, struct vu_msg *m)
{
	if (m->nfds && m->nfds != s->count)
		return -EINVAL;
	for (unsigned int i = 0; i < m->nfds; i++)
		if (!fd_ok(m->fd[i]))
			return -EINVAL;
	for (uint32_t i = 0; i < s->count; i++) {
		assign(v, s->index, s->start + i, m->nfds ? m->fd[i] : -1);
		if (m->nfds)
			m->fd[i] = -1;	/* ours now */
	}
	return 0;
}

static void act(struct vu *v, const struct vu_irq_set *s, uint32_t i)
{
	if (s->flags & VU_ACTION_TRIGGER)
		fire(*slot(v, s->index, i));
	if (s->index != VU_IRQ_MSIX || s->flags & VU_ACTION_TRIGGER)
		return;
	v->irq_masked[i] = s->flags & VU_ACTION_MASK;
	tell_card(v, i);
}

static bool one_bit(uint32_t flags)
{
	return flags && !(flags & (flags - 1));
}

int vu_set_irqs(struct vu *v, struct vu_msg *m)
{
	const uint32_t datas = VU_DATA_NONE | VU_DATA_BOOL | VU_DATA_EVENTFD;
	const uint32_t actions = VU_ACTION_MASK | VU_ACTION_UNMASK | VU_ACTION_TRIGGER;
	const uint8_t *bools = m->body + sizeof(struct vu_irq_set);
	uint32_t extra = m->len - (uint32_t)sizeof(struct vu_irq_set);
	struct vu_irq_set s;

	memcpy(&s, m->body, sizeof(s));
	if (s.argsz < sizeof(s) || s.index >= VU_NIRQS || s.flags & ~(datas | actions) ||
	    !one_bit(s.flags & datas) || !one_bit(s.flags & actions))
		return -EINVAL;
	if (!vu_range_ok(s.start, s.count, vu_irq_count(v, s.index)))
		return -EINVAL;
	if (extra != (s.flags & VU_DATA_BOOL ? s.count : 0) ||
	    (m->nfds && !(s.flags & VU_DATA_EVENTFD)))
		return -EINVAL;

	if (!s.count) {		/* the only meaning of none: switch the index off */
		if (s.flags != (VU_DATA_NONE | VU_ACTION_TRIGGER) || s.start)
			return -EINVAL;
		s.count = vu_irq_count(v, s.index);
		return set_triggers(v, &s, m);
	}
	if (s.flags & VU_DATA_EVENTFD)
		return s.flags & VU_ACTION_TRIGGER ? set_triggers(v, &s, m) : -ENOTSUP;
	for (uint32_t i = 0; i < s.count; i++)
		if (s.flags & VU_DATA_NONE || bools[i])
			act(v, &s, s.start + i);
	return 0;
}
