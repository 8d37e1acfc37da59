// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the firmware wants done: data between the host's memory, the flash and
 * its own memory, and the card's small things.
 *
 * A command has been done when the write of COMMAND has, so STATUS is right as
 * soon as it can be read.  It moves at most MGMT_LENGTH_MAX bytes, through one
 * buffer: the host's memory is reached by fw_env alone, which gates it, and the
 * processor's own by the bus, if the function is a master there.
 */
#include "mgmt_int.h"

#define FW_ERRORS	4096

/* A result of fw_env or the bus as STATUS has it */
static void status(struct mgmt *m, int err)
{
	*mreg(m, M_STATUS) = !err ? 0 : err < 0 && err > -FW_ERRORS ? (uint32_t)-err : FW_EIO;
}

int own_read(struct mgmt *m, void *buf, size_t len)
{
	return mgmt_master(m) ? m->bus.mem_read(m->bus.ctx, mreg64(m, M_OWN_ADDR), buf, len) : -FW_EACCES;
}

int own_write(struct mgmt *m, const void *buf, size_t len)
{
	return mgmt_master(m) ? m->bus.mem_write(m->bus.ctx, mreg64(m, M_OWN_ADDR), buf, len) : -FW_EACCES;
}

static bool length_ok(struct mgmt *m, size_t *len)
{
	*len = *mreg(m, M_LENGTH);
	return *len && *len <= MGMT_LENGTH_MAX;
}

static int host_copy(struct mgmt *m, bool write)
{
	uint64_t host = mreg64(m, M_HOST_ADDR);
	size_t len;
	int err;

	if (!length_ok(m, &len))
		return -FW_EINVAL;
	if (!m->env.dma_ready(m->env.host_ctx[0], write))
		return -FW_EACCES;
	if (!write) {
		err = m->env.dma_read(m->env.host_ctx[0], host, m->buf, len);
		return err ? err : own_write(m, m->buf, len);
	}
	err = own_read(m, m->buf, len);
	return err ? err : m->env.dma_write(m->env.host_ctx[0], host, m->buf, len);
}

static int flash_copy(struct mgmt *m, bool write)
{
	uint32_t off = *mreg(m, M_FLASH_OFFSET);
	size_t len;
	int err;

	if (!*mreg(m, M_FEATURES))
		return -FW_ENODEV;
	if (!length_ok(m, &len) || off > FW_FLASH_SIZE || len > FW_FLASH_SIZE - off)
		return -FW_EINVAL;
	if (!write) {
		err = m->env.flash_read(m->env.ctx, off, m->buf, len);
		return err ? err : own_write(m, m->buf, len);
	}
	err = own_read(m, m->buf, len);
	return err ? err : m->env.flash_write(m->env.ctx, off, m->buf, len);
}

static int flash_sync(struct mgmt *m)
{
	return *mreg(m, M_FEATURES) ? m->env.flash_sync(m->env.ctx) : -FW_ENODEV;
}

static int bmc_table(struct mgmt *m)
{
	struct fw_mac_sync t;
	int err = own_read(m, &t, sizeof(t));

	_Static_assert(sizeof(t) == 108, "the same for every compiler");
	if (err)
		return err;
	if (t.uc > FW_SYNC_MACS || t.mc > FW_SYNC_MACS)
		return -FW_EINVAL;
	if (m->env.bmc.table)
		m->env.bmc.table(m->env.host_ctx[0], &t);
	return 0;
}

/* Printable, and with an end */
static void clean(char *t, size_t size)
{
	t[size - 1] = 0;
	for (; *t; t++)
		if (*t < ' ' || *t > '~')
			*t = '?';
}

static int tell(struct mgmt *m)
{
	struct mgmt_tell t;
	struct fw_event ev;
	int err = own_read(m, &t, sizeof(t));

	if (err)
		return err;
	if (t.kind >= FW_EV_KINDS || t.ring > 1)
		return -FW_EINVAL;
	clean(t.name, sizeof(t.name));
	clean(t.reason, sizeof(t.reason));
	ev = (struct fw_event){
		.kind = t.kind, .name = t.name[0] ? t.name : NULL, .reason = t.reason, .msg = t.msg, .len = t.len,
		.ring = t.ring, .desc = t.desc, .err = t.err,
	};
	if (m->env.event)
		m->env.event(m->env.ctx, &ev);
	return 0;
}

void command_write(struct mgmt *m, uint32_t val)
{
	int err = -FW_EOPNOTSUPP;

	switch (val) {
	case CMD_HOST_READ:
	case CMD_HOST_WRITE:
		err = host_copy(m, val == CMD_HOST_WRITE);
		break;
	case CMD_FLASH_READ:
	case CMD_FLASH_WRITE:
		err = flash_copy(m, val == CMD_FLASH_WRITE);
		break;
	case CMD_FLASH_SYNC:
		err = flash_sync(m);
		break;
	case CMD_BMC_TABLE:
		err = bmc_table(m);
		break;
	case CMD_TELL:
		err = tell(m);
		break;
	case CMD_ASK_GET:
		err = ask_get(m);
		break;
	case CMD_ASK_PUT:
		err = ask_put(m);
		break;
	}
	/* A closed gate or a bad address is the host's doing */
	if (err == -FW_EINVAL || err == -FW_EOPNOTSUPP)
		mgmt_refuse(m, "can't be done", "COMMAND", val);
	status(m, err);
}

/*
 * What completes a descriptor.  A ring that was taken away is not touched any
 * more, even where a new one happens to have the same word, until the firmware
 * has seen that it was.
 */
void swap_write(struct mgmt *m, uint32_t val)
{
	unsigned int word = *mreg(m, M_SWAP_WORD);

	if (*mreg(m, M_EVENT) & (EV_RESET | EV_TAKEN) ||
	    m->env.mbx_read(m->env.host_ctx[0], word) != *mreg(m, M_SWAP_OLD)) {
		status(m, -FW_EBUSY);
		return;
	}
	m->env.mbx_write(m->env.host_ctx[0], word, val);
	status(m, 0);
}

void host_irq_write(struct mgmt *m, uint32_t val)
{
	if (val)
		m->env.irq(m->env.host_ctx[0]);
}

void link_mode_write(struct mgmt *m, uint32_t val)
{
	status(m, m->env.set_link_mode(m->env.host_ctx[0], val & 0xff, val >> 8));
}

uint32_t dma_gate_read(struct mgmt *m, unsigned int i)
{
	(void)i;
	void *host = m->env.host_ctx[0];

	return m->env.dma_ready(host, false) | (uint32_t)m->env.dma_ready(host, true) << 1;
}

uint32_t sensor_read(struct mgmt *m, unsigned int i)
{
	int32_t val = 0;

	if (!m->env.sensor || m->env.sensor(m->env.ctx, i ? FW_SENSOR_VOLT : FW_SENSOR_TEMP, &val))
		return 0;
	return (uint32_t)val;
}

/* ---- what the firmware says of itself ---- */

void phase_write(struct mgmt *m, uint32_t val)
{
	if ((val & 0xff) < FW_NPHASES)
		return;
	*mreg(m, M_PHASE) = FW_OFF;
	mgmt_refuse(m, "no phase", "PHASE", val);
}

void owner_write(struct mgmt *m, uint32_t val)
{
	if (m->env.bmc.owner)
		m->env.bmc.owner(m->env.host_ctx[0], val);
}

void restarted_write(struct mgmt *m, uint32_t val)
{
	if (val && m->env.bmc.restarted)
		m->env.bmc.restarted(m->env.ctx);
}

void bmc_request_write(struct mgmt *m, uint32_t val)
{
	if (val >= FW_PLDM_LINKS)
		mgmt_refuse(m, "no link", "BMC_REQUEST", val);
	else if (m->env.bmc.request)
		m->env.bmc.request(m->env.ctx, val);
}

enum fw_phase mgmt_phase(const struct mgmt *m)
{
	return (enum fw_phase)(m->reg[M_PHASE / 4] & 0xff);
}

bool mgmt_host_owns(const struct mgmt *m)
{
	return m->reg[M_PHASE / 4] >> 8;
}

uint64_t mgmt_counter(const struct mgmt *m, unsigned int i)
{
	uint64_t addr = mreg64(m, M_COUNTERS) + 8u * i, val;

	if (i >= m->reg[M_COUNTERS_N / 4] || !mgmt_master(m) ||
	    m->bus.mem_read(m->bus.ctx, addr, &val, sizeof(val)))
		return 0;
	return val;
}

uint64_t mgmt_refused(const struct mgmt *m)
{
	return m->refused;
}
