// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a BMC asks of the firmware: PLDM, temperatures, dumps.
 *
 * Who asks can't wait, so a question has a slot, one for each kind and link: it
 * waits there until the firmware has answered those before it, is put into ASK,
 * and its answer is kept until the same question comes again, which gets it.  An
 * answer that nobody wanted any more is forgotten after KEEP_NS, or when
 * something else is asked in its place.
 *
 * The firmware has one question at a time and answers it whatever its phase.
 * If it goes away nobody is left waiting: all are told to ask again, and hear
 * that there is nobody.
 */
#include "mgmt_int.h"

#define KEEP_NS		1000000000ull

static bool same(const struct ask_slot *s, uint32_t ask, const struct mgmt_question *q)
{
	return s->ask == ask && s->off == q->off && s->len == (q->req ? q->len : q->cap) &&
	       (!q->req || !memcmp(s->req, q->req, q->len));
}

/* The next question that waits, into ASK */
static void ask_next(struct mgmt *m)
{
	for (unsigned int i = 0; !m->asked && i < ASK_SLOTS; i++) {
		struct ask_slot *s = &m->slot[m->next++ % ASK_SLOTS];

		if (s->state != SLOT_WAITING)
			continue;
		s->state = SLOT_ASKED;
		s->dropped = false;
		s->got = 0;
		m->asked = s;
		*mreg(m, M_ASK) = s->ask;
		*mreg(m, M_ASK_OFFSET) = s->off;
		*mreg(m, M_ASK_LENGTH) = (uint32_t)s->len;
		event_raise(m, EV_ASK);
	}
}

static int take(struct ask_slot *s, struct mgmt_question *q)
{
	s->state = SLOT_IDLE;
	if (s->result >= 0 && s->got > q->cap)
		return -FW_EIO;
	memcpy(q->val, s->val, sizeof(q->val));
	if (s->result >= 0 && s->got && q->buf)
		memcpy(q->buf, s->ans, s->got);
	return s->result;
}

int mgmt_ask(struct mgmt *m, struct mgmt_question *q)
{
	uint32_t ask = q->what | (uint32_t)q->link << 8;
	struct ask_slot *s = &m->slot[q->what * FW_PLDM_LINKS + q->link % FW_PLDM_LINKS];

	if (q->len > sizeof(s->req) || (q->what == ASK_DUMP_READ && q->cap > sizeof(s->ans)))
		return -FW_EINVAL;
	if (s->state == SLOT_ASKED) {
		s->dropped |= !same(s, ask, q);
		return MGMT_PENDING;
	}
	if (s->state == SLOT_ANSWERED && same(s, ask, q) && m->env.now(m->env.ctx) - s->when < KEEP_NS)
		return take(s, q);
	s->state = SLOT_IDLE;
	if (mgmt_phase(m) != FW_READY)
		return -FW_EBUSY;
	s->state = SLOT_WAITING;
	s->ask = ask;
	s->off = q->off;
	s->len = q->req ? q->len : q->cap;
	if (q->req)
		memcpy(s->req, q->req, q->len);
	ask_next(m);
	return MGMT_PENDING;
}

void ask_reset(struct mgmt *m)
{
	for (unsigned int i = 0; i < ASK_SLOTS; i++)
		m->slot[i].state = SLOT_IDLE;
	m->asked = NULL;
	*mreg(m, M_ASK) = 0;
	if (m->bus.answered)
		m->bus.answered(m->bus.ctx);
}

/* ---- the firmware's side ---- */

static bool has_message(uint32_t ask)
{
	return (ask & 0xff) == ASK_PLDM || (ask & 0xff) == ASK_PLDM_REPLY;
}

int ask_get(struct mgmt *m)
{
	uint32_t len = *mreg(m, M_LENGTH);

	if (!m->asked || !has_message(m->asked->ask) || len > m->asked->len)
		return -FW_EINVAL;
	return own_write(m, m->asked->req, len);
}

int ask_put(struct mgmt *m)
{
	uint32_t len = *mreg(m, M_LENGTH);
	int err;

	if (!m->asked || len > sizeof(m->asked->ans))
		return -FW_EINVAL;
	err = own_read(m, m->asked->ans, len);
	m->asked->got = err ? 0 : len;
	return err;
}

/* What the answer must be for who asked: no bytes that were not put, none that he has no room for */
static bool answer_ok(const struct ask_slot *s, int32_t result)
{
	switch (s->ask & 0xff) {
	case ASK_PLDM:
	case ASK_PLDM_PENDING:
		return result == (int32_t)s->got || result < 0;
	case ASK_DUMP_READ:
		return result < 0 || (!result && s->got == s->len);
	case ASK_DUMP_TAKE:
		return true;
	}
	return result <= 0;
}

void ask_done_write(struct mgmt *m, uint32_t val)
{
	struct ask_slot *s = m->asked;
	int32_t result = (int32_t)*mreg(m, M_ASK_RESULT);

	if (!s || val != s->ask || result == MGMT_PENDING || !answer_ok(s, result)) {
		mgmt_refuse(m, "no answer", "ASK_DONE", val);
		if (!s || val != s->ask)
			return;
		result = -FW_EIO;
	}
	s->result = result;
	for (unsigned int i = 0; i < 3; i++)
		s->val[i] = (int32_t)*mreg(m, M_ASK_RESULT + 4 + 4 * i);
	s->when = m->env.now(m->env.ctx);
	s->state = s->dropped ? SLOT_IDLE : SLOT_ANSWERED;
	m->asked = NULL;
	*mreg(m, M_ASK) = 0;
	if (m->bus.answered)
		m->bus.answered(m->bus.ctx);
	ask_next(m);
}
