// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware's log: one line per thing worth telling, in a ring of the last
 * 64, shown by the driver in debugfs (fw_log).
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

void log_reset(struct fw *fw)
{
	fw->log_next = 1;
	fw->log_sent = 1;
	fw->log_on = false;
	fw->log_due = false;
}

static uint64_t log_oldest(const struct fw *fw)
{
	return fw->log_next > LOG_ENTRIES ? fw->log_next - LOG_ENTRIES : 1;
}

/* @at_once only while a message of the host is handled */
void log_write(struct fw *fw, const char *text, bool at_once)
{
	struct log_entry *e = &fw->log[fw->log_next % LOG_ENTRIES];
	struct fw_str s;

	e->msec = (uint32_t)fw_uptime_ms(fw);
	str_begin(&s, e->text, sizeof(e->text));
	str_put(&s, text);
	fw->log_next++;
	fw->counter[FWC_LOGS]++;

	if (!fw->log_on)
		return;
	if (at_once) {
		fw->log_due = true;
		mbx_flush(fw);
	} else if (!fw->log_due && fw->deadline[SLOT_LOG] == FW_NEVER) {
		fw_defer(fw, SLOT_LOG, fw->env.now(fw->env.ctx) + LOG_DELAY);
	}
}

void log_timer(struct fw *fw)
{
	fw->log_due = true;
}

void log_stop(struct fw *fw)
{
	fw->log_on = false;
	fw->log_due = false;
	fw_defer(fw, SLOT_LOG, FW_NEVER);
}

bool log_pending(const struct fw *fw)
{
	return fw->log_on && fw->log_due && fw->log_sent < fw->log_next;
}

static void put_entries(struct fw *fw, struct fw_out *o, uint64_t first, uint64_t count, unsigned int array,
			unsigned int id)
{
	out_nest(o, array);
	for (uint64_t i = first; i < first + count; i++) {
		const struct log_entry *e = &fw->log[i % LOG_ENTRIES];

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
int log_build(struct fw *fw, void *buf, size_t cap, uint64_t *next)
{
	uint64_t first = fw->log_sent > log_oldest(fw) ? fw->log_sent : log_oldest(fw);
	uint64_t extra = fw->log_next - first - 1;
	const struct log_entry *e = &fw->log[first % LOG_ENTRIES];
	struct fw_out o;

	if (extra > LOG_EXTRA_MAX)
		extra = LOG_EXTRA_MAX;

	out_begin(&o, buf, cap, MSG_LOG_MSG_REQ);
	out_uint(&o, LOG_MSEC, e->msec);
	out_uint(&o, LOG_INDEX, first);
	out_string(&o, LOG_TEXT, e->text);
	if (extra) {
		out_uint(&o, LOG_LENGTH, extra);
		put_entries(fw, &o, first + 1, extra, LOG_MSEC_ARRAY, LOG_MSEC);
		put_entries(fw, &o, first + 1, extra, LOG_INDEX_ARRAY, LOG_INDEX);
		put_entries(fw, &o, first + 1, extra, LOG_TEXT_ARRAY, LOG_TEXT);
	}
	*next = first + 1 + extra;
	if (*next == fw->log_next)
		fw->log_due = false;
	return out_end(&o);
}

int fw_on_send_logs(struct fw *fw, const struct fw_in *in)
{
	bool history = in->a[SEND_LOGS_HISTORY].p && fw->running[PART_CONTROL].version >= HISTORY_SINCE;

	if (!in->a[SEND_LOGS].p) {
		log_stop(fw);
		fw_state(fw, "logs off");
		return 0;
	}
	if (tlv_uint(&in->a[SEND_LOGS_VERSION]) != LOG_VERSION || fw->running[PART_CONTROL].version < LOG_SINCE)
		return -FW_EOPNOTSUPP;

	fw->log_on = true;
	fw->log_sent = history ? log_oldest(fw) : fw->log_next;
	fw->log_due = fw->log_sent < fw->log_next;
	fw_state(fw, history ? "logs on, with history" : "logs on");
	return 0;
}
