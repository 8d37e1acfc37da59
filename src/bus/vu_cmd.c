/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfio-user server: commands
 *
 * Order of events with QEMU: VERSION; DMA_MAP for each piece of guest memory;
 * GET_INFO; GET_REGION_INFO for all regions; a REGION_READ of the whole
 * configuration space; GET_IRQ_INFO.  Then the guest runs: REGION_READ and
 * posted REGION_WRITEs, SET_IRQS when the guest's driver enables MSI-X, RESET
 * when the guest reboots, DMA_MAP and DMA_UNMAP when memory moves.
 *
 * A table says how long the payload of each command may be and how many file
 * descriptors may come with it.  That is checked here, before a handler runs,
 * and so is that VERSION comes first and once.  A handler gets the payload
 * (unaligned: copy it out), writes the payload of the reply, and returns 0 or
 * the error that goes into the reply.  A
 * command with the No_reply flag gets none, not even for an error.
 */
#include "vu_int.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define VERSION_MAX	4096	/* bytes of JSON that we look at */

/* ---- version ---- */

/* An integer capability; absent leaves *val alone */
static int cap_uint(struct json_object *caps, const char *name, uint64_t *val)
{
	struct json_object *o;

	if (!json_object_object_get_ex(caps, name, &o))
		return 0;
	if (!json_object_is_type(o, json_type_int) || json_object_get_int64(o) < 0)
		return -EINVAL;
	*val = (uint64_t)json_object_get_int64(o);
	return 0;
}

static int cap_bool(struct json_object *caps, const char *name, bool *val)
{
	struct json_object *o;

	if (!json_object_object_get_ex(caps, name, &o))
		return 0;
	if (!json_object_is_type(o, json_type_boolean))
		return -EINVAL;
	*val = json_object_get_boolean(o);
	return 0;
}

struct client_caps {
	uint64_t	fds, xfer, maps, pgsizes;
	bool		multi;
	bool		qemu;
};

static int caps_parse(struct json_object *root, struct client_caps *c)
{
	struct json_object *caps, *mig;
	int err;

	if (!json_object_is_type(root, json_type_object))
		return -EINVAL;
	if (!json_object_object_get_ex(root, "capabilities", &caps))
		return 0;
	if (!json_object_is_type(caps, json_type_object))
		return -EINVAL;
	err = cap_uint(caps, "max_msg_fds", &c->fds);
	if (!err)
		err = cap_uint(caps, "max_data_xfer_size", &c->xfer);
	if (!err)
		err = cap_uint(caps, "max_dma_maps", &c->maps);
	if (!err)
		err = cap_uint(caps, "pgsizes", &c->pgsizes);
	if (!err)
		err = cap_bool(caps, "write_multiple", &c->multi);
	if (err || !c->xfer)
		return -EINVAL;

	/* nobody but QEMU sends this one; see struct vu_dma_rw for why we care */
	c->qemu = json_object_object_get_ex(caps, "migration", &mig) &&
		  json_object_is_type(mig, json_type_object) &&
		  json_object_object_get_ex(mig, "max_bitmap_size", NULL);
	return 0;
}

static int version_parse(const struct vu_msg *m, struct client_caps *c)
{
	const char *text = (const char *)m->body + sizeof(struct vu_version);
	size_t len = m->len - sizeof(struct vu_version);
	struct json_tokener *tok;
	struct json_object *root;
	int err;

	if (!len)
		return 0;		/* the JSON is optional */
	if (text[len - 1] != '\0')
		return -EINVAL;
	tok = json_tokener_new_ex(8);
	if (!tok)
		return -ENOMEM;
	root = json_tokener_parse_ex(tok, text, (int)len);
	err = json_tokener_get_error(tok) == json_tokener_success ? caps_parse(root, c) : -EINVAL;
	json_object_put(root);
	json_tokener_free(tok);
	return err;
}

static int cmd_version(struct vu *v, struct vu_msg *m)
{
	struct client_caps c = { .xfer = 1048576 };
	struct vu_version ver;
	char *text = (char *)m->reply + sizeof(ver);
	int n;

	memcpy(&ver, m->body, sizeof(ver));
	v->closing = true;		/* unless all goes well */
	if (ver.major != VU_MAJOR || version_parse(m, &c))
		return -EINVAL;
	v->closing = false;
	v->versioned = true;
	v->client_xfer = c.xfer;
	v->qemu_dma = c.qemu;

	ver.minor = VU_MINOR;
	memcpy(m->reply, &ver, sizeof(ver));
	n = snprintf(text, 512, "{\"capabilities\":{\"max_msg_fds\":%u,\"max_data_xfer_size\":%u,"
		     "\"max_dma_maps\":%u,\"pgsizes\":%u%s}}", VU_MAX_FDS, VU_MAX_XFER,
		     MEM_MAX_WINDOWS, MEM_PAGE,
		     c.multi && v->owner.write_multiple ? ",\"write_multiple\":true" : "");
	m->reply_len = (uint32_t)(sizeof(ver) + (size_t)n + 1);
	return 0;
}

/* ---- what the device is ---- */

static int cmd_get_info(struct vu *v, struct vu_msg *m)
{
	struct vu_device_info i;

	(void)v;
	memcpy(&i, m->body, sizeof(i));
	if (i.argsz < sizeof(i))
		return -EINVAL;
	i = (struct vu_device_info){ .argsz = sizeof(i), .flags = VU_DEVICE_RESET | VU_DEVICE_PCI,
				     .num_regions = VU_NREGIONS, .num_irqs = VU_NIRQS };
	memcpy(m->reply, &i, sizeof(i));
	m->reply_len = sizeof(i);
	return 0;
}

static int cmd_get_region_info(struct vu *v, struct vu_msg *m)
{
	struct vu_region_info i;

	memcpy(&i, m->body, sizeof(i));
	if (i.argsz < sizeof(i) || i.index >= VU_NREGIONS)
		return -EINVAL;
	i = (struct vu_region_info){ .argsz = sizeof(i), .index = i.index,
				     .size = vu_region_size(v, i.index) };
	if (i.size)
		i.flags = VU_REGION_R | VU_REGION_W;
	memcpy(m->reply, &i, sizeof(i));
	m->reply_len = sizeof(i);
	return 0;
}

/* No region has file descriptors for its doorbells: an empty list */
static int cmd_get_region_io_fds(struct vu *v, struct vu_msg *m)
{
	struct vu_irq_info i;	/* same four fields */

	(void)v;
	memcpy(&i, m->body, sizeof(i));
	if (i.argsz < sizeof(i) || i.flags || i.index >= VU_NREGIONS || i.count)
		return -EINVAL;
	i.argsz = sizeof(i);
	memcpy(m->reply, &i, sizeof(i));
	m->reply_len = sizeof(i);
	return 0;
}

static int cmd_get_irq_info(struct vu *v, struct vu_msg *m)
{
	struct vu_irq_info i;

	memcpy(&i, m->body, sizeof(i));
	if (i.argsz < sizeof(i) || i.index >= VU_NIRQS)
		return -EINVAL;
	i = (struct vu_irq_info){ .argsz = sizeof(i), .index = i.index, .flags = VU_IRQ_EVENTFD,
				  .count = vu_irq_count(v, i.index) };
	if (i.index == VU_IRQ_MSIX)
		i.flags |= VU_IRQ_MASKABLE;
	memcpy(m->reply, &i, sizeof(i));
	m->reply_len = sizeof(i);
	return 0;
}

static int cmd_reset(struct vu *v, struct vu_msg *m)
{
	(void)m;
	v->fn->reset(v->fn_ctx, false);
	vu_irq_sync(v);
	return 0;
}

/* ---- dispatch ---- */

struct vu_cmd {
	const char	*name;
	uint32_t	min, max;	/* bytes of payload */
	unsigned int	max_fds;
	int		(*handle)(struct vu *v, struct vu_msg *m);
};

#define RW_MAX	(sizeof(struct vu_region_rw) + VU_MAX_XFER)

static const struct vu_cmd cmds[VU_NCMDS] = {
	[VU_VERSION]	     = { "version", 4, 4 + VERSION_MAX, 0, cmd_version },
	[VU_DMA_MAP]	     = { "dma_map", 32, 32, 1, vu_dma_map },
	[VU_DMA_UNMAP]	     = { "dma_unmap", 24, 24, 0, vu_dma_unmap },
	[VU_GET_INFO]	     = { "get_info", 16, 16, 0, cmd_get_info },
	[VU_GET_REGION_INFO] = { "get_region_info", 32, 32, 0, cmd_get_region_info },
	[VU_GET_REGION_IO_FDS] = { "get_region_io_fds", 16, 16, 0, cmd_get_region_io_fds },
	[VU_GET_IRQ_INFO]    = { "get_irq_info", 16, 16, 0, cmd_get_irq_info },
	[VU_SET_IRQS]	     = { "set_irqs", 20, 20 + CARD_VECTORS, VU_MAX_FDS, vu_set_irqs },
	[VU_REGION_READ]     = { "region_read", 16, 16, 0, vu_region_read },
	[VU_REGION_WRITE]    = { "region_write", 16, RW_MAX, 0, vu_region_write },
	[VU_RESET]	     = { "reset", 0, 0, 0, cmd_reset },
	[VU_WRITE_MULTI]     = { "region_write_multi", 8, VU_MAX_XFER, 0, vu_write_multi },
};

static int run_command(struct vu *v, struct vu_msg *m, const struct vu_fdset *fds)
{
	const struct vu_cmd *c = m->hdr.cmd < VU_NCMDS ? &cmds[m->hdr.cmd] : NULL;

	if (!m->body)
		return -EMSGSIZE;
	if (!c || !c->handle)
		return -ENOSYS;
	if (m->len < c->min || m->len > c->max || fds->n > c->max_fds || fds->excess)
		return -EINVAL;
	if (v->versioned != (m->hdr.cmd != VU_VERSION))
		return -EINVAL;
	return c->handle(v, m);
}

static void send_reply(struct vu *v, const struct vu_msg *m, int err)
{
	struct vu_hdr h = { .id = m->hdr.id, .cmd = m->hdr.cmd, .flags = VU_TYPE_REPLY,
			    .size = (uint32_t)sizeof(h) };
	uint8_t *out;

	if (err) {
		h.flags |= VU_ERROR;
		h.error = (uint32_t)-err;
	} else {
		h.size += m->reply_len;
	}
	out = vu_reserve(v, h.size);
	if (!out)
		return;
	memcpy(out, &h, sizeof(h));
	memcpy(out + sizeof(h), m->reply, h.size - sizeof(h));
	v->out.tail += h.size;
	v->stat[VU_ST_REPLIES]++;
}

void vu_dispatch(struct vu *v, const struct vu_hdr *h, const uint8_t *body, struct vu_fdset *fds)
{
	struct vu_msg m = { .hdr = *h, .body = body, .len = h->size - (uint32_t)sizeof(*h),
			    .fd = fds->fd, .nfds = fds->n, .reply = v->reply };
	int err;

	v->stat[VU_ST_MSGS]++;
	if ((h->flags & VU_TYPE_MASK) == VU_TYPE_REPLY) {
		if (!vu_dma_late(v, h))
			vu_kill(v, "a reply to nothing (command %u, id %u)", h->cmd, h->id);
		return;
	}
	if ((h->flags & VU_TYPE_MASK) != VU_TYPE_COMMAND) {
		vu_kill(v, "a message is neither command nor reply (flags 0x%x)", h->flags);
		return;
	}

	err = run_command(v, &m, fds);
	if (err)
		v->stat[VU_ST_ERRORS]++;
	if (v->dead)
		return;
	if (!(h->flags & VU_NO_REPLY))
		send_reply(v, &m, err);
	else if (err)
		v->stat[VU_ST_ERRORS_UNSEEN]++;
}
