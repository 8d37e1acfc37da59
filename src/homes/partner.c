/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * There is a signal if the cable is in, the other end sends light and is not in
 * the low half of a flap.  The link goes down as soon as there is none, and
 * comes up when there was one for as long as training takes.  FEC errors are
 * told ten times a second, while there is a link.
 */
#include "partner.h"

#include "../card/card.h"

#define MS		1000000ull
#define FEC_PERIOD	(100 * MS)

static uint64_t later(struct partner *p, uint64_t ns)
{
	return p->loop->ops->now(p->loop) + ns;
}

static bool has_signal(const struct partner *p)
{
	return p->cable && p->light && !p->flapped;
}

static void fec_clock(struct partner *p)
{
	bool wanted = p->errors[0] || p->errors[1];

	p->errors_at = later(p, 0);
	loop_timer_set(p->loop, &p->fec, wanted ? p->errors_at + FEC_PERIOD : TIMER_OFF);
}

static void signal_changed(struct partner *p)
{
	loop_timer_set(p->loop, &p->train, TIMER_OFF);
	if (!has_signal(p))
		card_set_link(p->card, false);
	else if (p->train_ms)
		loop_timer_set(p->loop, &p->train, later(p, p->train_ms * MS));
	else
		card_set_link(p->card, true);
}

static void on_trained(void *arg)
{
	struct partner *p = arg;

	card_set_link(p->card, has_signal(p));
}

static void on_flap(void *arg)
{
	struct partner *p = arg;

	p->flapped = !p->flapped;
	signal_changed(p);
	loop_timer_set(p->loop, &p->flap, later(p, p->flap_ms * MS));
}

/* What is due since the last time, in whole codewords */
static uint32_t due(uint32_t rate, uint64_t from, uint64_t to)
{
	return (uint32_t)((to / MS * rate / 1000) - (from / MS * rate / 1000));
}

static void on_fec(void *arg)
{
	struct partner *p = arg;
	uint64_t now = later(p, 0);

	if (has_signal(p))
		card_fec_errors(p->card, due(p->errors[0], p->errors_at, now), due(p->errors[1], p->errors_at, now));
	p->errors_at = now;
	loop_timer_set(p->loop, &p->fec, now + FEC_PERIOD);
}

void partner_init(struct partner *p, struct wire_loop *loop, struct card *card)
{
	*p = (struct partner){ .loop = loop, .card = card, .cable = true, .light = true };
	p->train = (struct loop_timer){ .cb = on_trained, .arg = p };
	p->flap = (struct loop_timer){ .cb = on_flap, .arg = p };
	p->fec = (struct loop_timer){ .cb = on_fec, .arg = p };
}

void partner_stop(struct partner *p)
{
	loop_timer_set(p->loop, &p->train, TIMER_OFF);
	loop_timer_set(p->loop, &p->flap, TIMER_OFF);
	loop_timer_set(p->loop, &p->fec, TIMER_OFF);
}

void partner_cable(struct partner *p, bool in)
{
	if (p->cable == in)
		return;
	p->cable = in;
	signal_changed(p);
}

void partner_light(struct partner *p, bool on)
{
	if (p->light == on)
		return;
	p->light = on;
	signal_changed(p);
}

void partner_train(struct partner *p, uint32_t ms)
{
	p->train_ms = ms;
}

void partner_flap(struct partner *p, uint32_t ms)
{
	p->flap_ms = ms;
	if (ms) {
		loop_timer_set(p->loop, &p->flap, later(p, ms * MS));
		return;
	}
	loop_timer_set(p->loop, &p->flap, TIMER_OFF);
	if (p->flapped) {
		p->flapped = false;
		signal_changed(p);
	}
}

void partner_errors(struct partner *p, uint32_t corrected, uint32_t uncorrected)
{
	p->errors[0] = corrected;
	p->errors[1] = uncorrected;
	fec_clock(p);
}

void partner_power(struct partner *p)
{
	if (!p->train_ms)
		return;
	card_set_link(p->card, false);
	signal_changed(p);
}
