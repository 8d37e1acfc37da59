// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware's log: one line per thing worth telling, in a ring of the last
 * 64, shown by the driver in debugfs (fw_log).
 *
 * Each host of the card has its own: what happens to the card is written into
 * all, what one host does only into that host's, so that none can fill another's.
 *
 * Entries are numbered from 1 and stamped with the uptime.  Nothing is sent
 * unless the driver asked for it (SEND_LOGS, version 1); then each new entry
 * goes out, up to 14 in a message: the first one as plain attributes, the others
 * as three arrays.  With the history flag the driver gets all that is still in
 * the ring, oldest first, as it lists them in the order of arrival.  Who asks
 * while the firmware claims to be older than logs (0.12.9) is refused, and
 * history is kept back below 25.5.7, where the driver does not expect it.
 *
 * Entries about something the host did go out at once, before its answer, so
 * that the last ones are not lost when the host leaves.  Others (link changes)
 * wait 5 ms for company, so that a flapping link can't keep the
 * mailbox busy.  Unsent entries need no memory: log_sent points at the first;
 * mbx.c asks for a message when it has a page.  If the ring overtakes log_sent,
 * the oldest are lost, which the driver sees from the numbers.
 */
#include "err.h"
#include "fw_core.h"
#include "mem.h"
#include "str.h"

#define LOG_VERSION	1u		/* driver: FBNIC_FW_LOG_VERSION */
#define LOG_SINCE	FW_VERSION(0, 12, 9, 0)
#define HISTORY_SINCE	FW_VERSION(25, 5, 7, 0)
#define LOG_DELAY	5000000u	/* ns */

void log_reset(struct fw_host *h)
{
	h->log_next = 1;
	h->log_sent = 1;
	h->log_on = false;
	h->log_due = false;
}

static uint64_t log_oldest(const struct fw_host *h)
{
	return h->log_next > LOG_ENTRIES ? h->log_next - LOG_ENTRIES : 1;
}

/* @at_once only while a message of the host is handled */
void log_write(struct fw_host *h, const char *text, bool at_once)
{
	struct log_entry *e = &h->log[h->log_next % LOG_ENTRIES];
	struct fw_str s;

	e->msec = (uint32_t)fw_uptime_ms(h->fw);
	str_begin(&s, e->text, sizeof(e->text));
	str_put(&s, text);
	h->log_next++;
	h->counter[FWC_LOGS]++;

	if (!h->log_on)
		return;
	if (at_once) {
		h->log_due = true;
		mbx_flush(h);
	} else if (!h->log_due && h->deadline[HOST_SLOT_LOG] == FW_NEVER) {
		host_defer(h, HOST_SLOT_LOG, h->fw->env.now(h->fw->env.ctx) + LOG_DELAY);
	}
}

void log_all(struct fw *fw, const char *text)
{
	EACH_HOST(fw, h)
		log_write(h, text, false);
}

unsigned int log_room(const struct fw *fw)
{
	uint64_t most = 0;

	for (unsigned int i = 0; i < fw->cfg.hosts; i++) {
		const struct fw_host *h = &fw->host[i];

		if (h->log_on && h->log_next - h->log_sent > most)
			most = h->log_next - h->log_sent;
	}
	return most < LOG_ENTRIES ? LOG_ENTRIES - (unsigned int)most : 0;
}

void log_timer(struct fw_host *h)
{
	h->log_due = true;
}

void log_stop(struct fw_host *h)
{
	h->log_on = false;
	h->log_due = false;
	host_defer(h, HOST_SLOT_LOG, FW_NEVER);
}

bool log_pending(const struct fw_host *h)
{
	return h->log_on && h->log_due && h->log_sent < h->log_next;
}

static void put_entries(struct fw_host *h, struct fw_out *o, uint64_t first, uint64_t count, unsigned int array,
			unsigned int id)
{
	out_nest(o, array);
	for (uint64_t i = first; i < first + count; i++) {
		const struct log_entry *e = &h->log[i % LOG_ENTRIES];

		if (id == LOG_MSEC)
			out_uint(o, id, e->msec);
		else if (id == LOG_INDEX)
			out_uint(o, id, i);
		else
			out_string(o, id, e->text);
	}
	out_nest_end(o);
}

/*
 * Builds the next log message; returns its length.  *next is what log_sent
 * becomes once the message is out.
 */
int log_build(struct fw_host *h, void *buf, size_t cap, uint64_t *next)
{
	uint64_t first = h->log_sent > log_oldest(h) ? h->log_sent : log_oldest(h);
	uint64_t extra = h->log_next - first - 1;
	const struct log_entry *e = &h->log[first % LOG_ENTRIES];
	struct fw_out o;

	if (extra > LOG_EXTRA_MAX)
		extra = LOG_EXTRA_MAX;

	out_begin(&o, buf, cap, MSG_LOG_MSG_REQ);
	out_uint(&o, LOG_MSEC, e->msec);
	out_uint(&o, LOG_INDEX, first);
	out_string(&o, LOG_TEXT, e->text);
	if (extra) {
		out_uint(&o, LOG_LENGTH, extra);
		put_entries(h, &o, first + 1, extra, LOG_MSEC_ARRAY, LOG_MSEC);
		put_entries(h, &o, first + 1, extra, LOG_INDEX_ARRAY, LOG_INDEX);
		put_entries(h, &o, first + 1, extra, LOG_TEXT_ARRAY, LOG_TEXT);
	}
	*next = first + 1 + extra;
	if (*next == h->log_next)
		h->log_due = false;
	return out_end(&o);
}

int fw_on_send_logs(struct fw_host *h, const struct fw_in *in)
{
	uint32_t version = h->fw->running[PART_CONTROL].version;
	bool history = in->a[SEND_LOGS_HISTORY].p && version >= HISTORY_SINCE;

	if (!in->a[SEND_LOGS].p) {
		log_stop(h);
		host_state(h, "logs off");
		return 0;
	}
	if (tlv_uint(&in->a[SEND_LOGS_VERSION]) != LOG_VERSION || version < LOG_SINCE)
		return -FW_EOPNOTSUPP;

	h->log_on = true;
	h->log_sent = history ? log_oldest(h) : h->log_next;
	h->log_due = h->log_sent < h->log_next;
	host_state(h, history ? "logs on, with history" : "logs on");
	return 0;
}
