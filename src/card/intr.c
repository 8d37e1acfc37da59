/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * INTR: 256 interrupt vectors, their coalescing, and the queues' interrupt
 * managers (TIM for a Tx completion ring, RIM for an Rx one).
 *
 * A raised vector sets its status bit.  When status is set and the mask is
 * not, the message is sent, the vector masks itself, and, if its auto-clear
 * bit is set, the status clears (driver: fbnic_ethtool.c runs exactly this in
 * its MSI-X self test).  NAPI relies on the automatic mask: it re-arms with
 * CQ_REARM when it is done (driver: fbnic_txrx.c, fbnic_nv_irq_rearm()).
 *
 * A completion ring that got descriptors wants an interrupt: at once when the
 * threshold is reached, else when the timer of its vector runs out (one Rx
 * and one Tx timer per vector).  While the vector is masked the wish is only
 * remembered ("due"): the host may consume the descriptors by polling before
 * it unmasks, then nothing is left to tell.  Unmasking turns a due wish whose
 * descriptors are still there into an interrupt, so none is lost; and a ring
 * whose host was told but left something behind is told again, a timeout after
 * the vector is unmasked.
 *
 * Timeout 0 means no delay: Linux 6.12 never programs the timeouts.
 */
#include "hw.h"

#define RX_TIMER(v)	(v)
#define TX_TIMER(v)	((v) + CARD_VECTORS)
#define NTIMERS		(2 * CARD_VECTORS)

#define REARM_RCQ_UPD	F_BIT(INTR_CQ_REARM_RCQ_TIMEOUT_UPD_EN)
#define REARM_TCQ_UPD	F_BIT(INTR_CQ_REARM_TCQ_TIMEOUT_UPD_EN)
#define REARM_UNMASK	F_BIT(INTR_CQ_REARM_UNMASK)

#define MSIX_CTRL_ENABLE F_BIT(INTR_MSIX_CTRL_ENABLE)

static bool vec_masked(const struct card *c, unsigned int v)
{
	return c->csr[CSR_INTR_MASK + v / 32] >> v % 32 & 1;
}

static void vec_evaluate(struct card *c, unsigned int v)
{
	uint32_t bit = BIT(v % 32);
	unsigned int w = v / 32;

	if (!(c->csr[CSR_INTR_STATUS + w] & ~c->csr[CSR_INTR_MASK + w] & bit))
		return;
	c->csr[CSR_INTR_MASK + w] |= bit;
	if (c->csr[CSR_INTR_SW_AC_MODE + w] & bit)
		c->csr[CSR_INTR_STATUS + w] &= ~bit;
	card_event(c, BLK_INTR, "vector %u fires", v);
	msix_send(c, v);
}

void intr_raise(struct card *c, unsigned int v)
{
	c->csr[CSR_INTR_STATUS + v / 32] |= BIT(v % 32);
	vec_evaluate(c, v);
}

/* ---- what completion rings wait for ---- */

static bool ring_empty(uint32_t ptrs)
{
	return ptrs >> 16 == (ptrs & 0xffff);
}

static struct cq_intr *timer_cq(struct card *c, unsigned int t, unsigned int q)
{
	return t < CARD_VECTORS ? &c->intr.rim[q] : &c->intr.tim[q];
}

static void stop_waiting(struct card *c, unsigned int t, unsigned int q)
{
	struct intr_block *b = &c->intr;

	b->waiting[t][q / 64] &= ~(1ull << q % 64);
	if (b->waiting[t][0] | b->waiting[t][1])
		return;
	b->running[t / 64] &= ~(1ull << t % 64);
	b->due[t / 64] &= ~(1ull << t % 64);
}

/* Who waits on timer @t gets its interrupt now.  True if one of them has something for the host; these stay. */
static bool collect_waiting(struct card *c, unsigned int t)
{
	bool any = false;
	unsigned int w;

	for (w = 0; w < CARD_QUEUES / 64; w++) {
		uint64_t bits = c->intr.waiting[t][w];

		while (bits) {
			unsigned int q = w * 64 + (unsigned int)__builtin_ctzll(bits);
			struct cq_intr *cq = timer_cq(c, t, q);

			bits &= bits - 1;
			if (!ring_empty(t < CARD_VECTORS ? rcq_ptrs_read(c, q) : tcq_ptrs_read(c, q)))
				any = true;
			else
				c->intr.waiting[t][w] &= ~(1ull << q % 64);
			cq->count = cq->count1 = 0;
		}
	}
	c->intr.running[t / 64] &= ~(1ull << t % 64);
	c->intr.due[t / 64] &= ~(1ull << t % 64);
	return any;
}

static void timer_fire(struct card *c, unsigned int t)
{
	unsigned int v = t % CARD_VECTORS;

	if (vec_masked(c, v)) {
		c->intr.running[t / 64] &= ~(1ull << t % 64);
		c->intr.due[t / 64] |= 1ull << t % 64;
		return;
	}
	if (collect_waiting(c, t))
		intr_raise(c, v);
}

static void timer_start(struct card *c, unsigned int t, uint32_t us)
{
	struct intr_block *b = &c->intr;
	uint64_t bit = 1ull << t % 64;

	if ((b->running[t / 64] | b->due[t / 64]) & bit)
		return;
	b->running[t / 64] |= bit;
	b->deadline[t] = c->now + us * 1000ull;
	if (b->deadline[t] < b->next)
		b->next = b->deadline[t];
}

/* @cq of queue @q got descriptors; its wish goes to timer @t */
static void cq_event(struct card *c, struct cq_intr *cq, unsigned int t, unsigned int q, uint32_t timeout)
{
	if (cq->masked)
		return;
	c->intr.waiting[t][q / 64] |= 1ull << q % 64;
	if (cq->count + cq->count1 >= cq->threshold || !timeout)
		timer_fire(c, t);
	else
		timer_start(c, t, timeout);
}

void intr_tcq_event(struct card *c, unsigned int q, unsigned int n, bool twq1)
{
	struct cq_intr *cq = &c->intr.tim[q];

	if (twq1)
		cq->count1 += n;
	else
		cq->count += n;
	cq_event(c, cq, TX_TIMER(cq->vec), q, c->csr[CSR_INTR_TCQ_TIMEOUT + 4u * cq->vec]);
}

void intr_rcq_event(struct card *c, unsigned int q, unsigned int n)
{
	struct cq_intr *cq = &c->intr.rim[q];

	cq->count += n;
	cq_event(c, cq, RX_TIMER(cq->vec), q, c->csr[CSR_INTR_RCQ_TIMEOUT + 4u * cq->vec]);
}

void intr_tcq_head(struct card *c, unsigned int q)
{
	struct cq_intr *cq = &c->intr.tim[q];

	cq->count = cq->count1 = 0;
	if (ring_empty(tcq_ptrs_read(c, q)))
		stop_waiting(c, TX_TIMER(cq->vec), q);
}

void intr_rcq_head(struct card *c, unsigned int q)
{
	struct cq_intr *cq = &c->intr.rim[q];

	cq->count = 0;
	if (ring_empty(rcq_ptrs_read(c, q)))
		stop_waiting(c, RX_TIMER(cq->vec), q);
}

static void vec_unmask(struct card *c, unsigned int v)
{
	const struct intr_block *b = &c->intr;
	unsigned int t;

	c->csr[CSR_INTR_MASK + v / 32] &= ~BIT(v % 32);
	for (t = RX_TIMER(v); t < NTIMERS; t += CARD_VECTORS) {
		uint32_t timeout = c->csr[(t < CARD_VECTORS ? CSR_INTR_RCQ_TIMEOUT : CSR_INTR_TCQ_TIMEOUT) + 4 * v];

		if (!(b->waiting[t][0] | b->waiting[t][1]))
			continue;
		if (b->due[t / 64] >> t % 64 & 1 || !timeout)
			timer_fire(c, t);
		else
			timer_start(c, t, timeout);	/* told before, and not all consumed */
	}
	vec_evaluate(c, v);
}

/* ---- time ---- */

void intr_run(struct card *c)
{
	struct intr_block *b = &c->intr;
	unsigned int w;

	if (c->now < b->next)
		return;
	b->next = UINT64_MAX;
	for (w = 0; w < ARRAY_SIZE(b->running); w++) {
		uint64_t bits = b->running[w];

		while (bits) {
			unsigned int t = w * 64 + (unsigned int)__builtin_ctzll(bits);

			bits &= bits - 1;
			if (b->deadline[t] <= c->now)
				timer_fire(c, t);
			else if (b->deadline[t] < b->next)
				b->next = b->deadline[t];
		}
	}
}

/* ---- registers ---- */

static void each_vector(struct card *c, unsigned int w, uint32_t bits,
			void (*fn)(struct card *c, unsigned int v))
{
	while (bits) {
		fn(c, w * 32 + (unsigned int)__builtin_ctz(bits));
		bits &= bits - 1;
	}
}

void intr_set_write(struct card *c, unsigned int i, uint32_t val)
{
	each_vector(c, i, val, intr_raise);
}

void intr_clear_write(struct card *c, unsigned int i, uint32_t val)
{
	c->csr[CSR_INTR_STATUS + i] &= ~val;
}

/*
 * Who masks, and reads anything to be sure, has got all messages that were sent before: on PCIe they
 * are ahead of that read's completion.  Where they may come later, one that is still on its
 * way is taken back, as if the mask had been first.  (Driver: fbnic_set_channels()
 * asks for the interrupts of vectors whose NAPIs are not there yet, fbnic_alloc_napi_vector().)
 */
static void vec_mask(struct card *c, unsigned int v)
{
	uint32_t bit = BIT(v % 32);

	c->csr[CSR_INTR_MASK + v / 32] |= bit;
	if (!msix_recall(c, v))
		return;
	if (c->csr[CSR_INTR_SW_AC_MODE + v / 32] & bit)
		c->csr[CSR_INTR_STATUS + v / 32] |= bit;
	card_event(c, BLK_INTR, "vector %u taken back", v);
}

void intr_mask_set_write(struct card *c, unsigned int i, uint32_t val)
{
	each_vector(c, i, val, vec_mask);
}

void intr_mask_clear_write(struct card *c, unsigned int i, uint32_t val)
{
	each_vector(c, i, val, vec_unmask);
}

void intr_cq_rearm_write(struct card *c, unsigned int v, uint32_t val)
{
	if (val & REARM_RCQ_UPD)
		c->csr[CSR_INTR_RCQ_TIMEOUT + 4 * v] = F_GET(val, INTR_CQ_REARM_RCQ_TIMEOUT);
	if (val & REARM_TCQ_UPD)
		c->csr[CSR_INTR_TCQ_TIMEOUT + 4 * v] = F_GET(val, INTR_CQ_REARM_TCQ_TIMEOUT);
	if (val & REARM_UNMASK)
		vec_unmask(c, v);
}

void intr_cause(struct card *c, unsigned int cause)
{
	uint32_t ctrl = c->csr[CSR_INTR_MSIX_CTRL + cause];

	if (ctrl & MSIX_CTRL_ENABLE)
		intr_raise(c, F_GET(ctrl, INTR_MSIX_CTRL_VECTOR));
}

void intr_msix_ctrl_write(struct card *c, unsigned int cause, uint32_t val)
{
	if ((val & MSIX_CTRL_ENABLE) && cause == INTR_CAUSE_PCS && c->pcs.cause)
		intr_cause(c, cause);
}

static void cq_config(struct card *c, struct cq_intr *cq, unsigned int tbase, unsigned int q,
		      unsigned int ctl, unsigned int threshold, unsigned int mask)
{
	stop_waiting(c, tbase + cq->vec, q);
	cq->vec = (uint8_t)qreg(c, q, ctl);
	cq->threshold = qreg(c, q, threshold);
	cq->masked = qreg(c, q, mask);
}

/* Vector, threshold and mask may change on a live queue (ethtool -C rx-frames) */
void tim_ctl_write(struct card *c, unsigned int q, uint32_t val)
{
	(void)val;
	cq_config(c, &c->intr.tim[q], TX_TIMER(0), q, Q_TIM_CTL, Q_TIM_THRESHOLD, Q_TIM_MASK);
	if (!ring_empty(tcq_ptrs_read(c, q)))
		intr_tcq_event(c, q, 0, false);
}

void rim_ctl_write(struct card *c, unsigned int q, uint32_t val)
{
	(void)val;
	cq_config(c, &c->intr.rim[q], RX_TIMER(0), q, Q_RIM_CTL, Q_RIM_THRESHOLD, Q_RIM_MASK);
	if (!ring_empty(rcq_ptrs_read(c, q)))
		intr_rcq_event(c, q, 0);
}

void tim_clear_write(struct card *c, unsigned int q, uint32_t val)
{
	if (val)
		stop_waiting(c, TX_TIMER(c->intr.tim[q].vec), q);
}

void rim_clear_write(struct card *c, unsigned int q, uint32_t val)
{
	if (val)
		stop_waiting(c, RX_TIMER(c->intr.rim[q].vec), q);
}

void tim_set_write(struct card *c, unsigned int q, uint32_t val)
{
	if (val && !c->intr.tim[q].masked)
		intr_raise(c, c->intr.tim[q].vec);
}

void rim_set_write(struct card *c, unsigned int q, uint32_t val)
{
	if (val && !c->intr.rim[q].masked)
		intr_raise(c, c->intr.rim[q].vec);
}

static uint32_t timer_left_us(struct card *c, unsigned int t)
{
	uint64_t now = c->env.now(c->env.ctx);

	if (!(c->intr.running[t / 64] >> t % 64 & 1) || c->intr.deadline[t] <= now)
		return 0;
	return (uint32_t)((c->intr.deadline[t] - now + 999) / 1000) & 0x3fff;
}

uint32_t tim_timer_read(struct card *c, unsigned int q)
{
	return timer_left_us(c, TX_TIMER(c->intr.tim[q].vec));
}

uint32_t tim_counts_read(struct card *c, unsigned int q)
{
	return (c->intr.tim[q].count1 & 0x7fff) << 16 | (c->intr.tim[q].count & 0x7fff);
}

uint32_t rim_coal_status_read(struct card *c, unsigned int q)
{
	return (c->intr.rim[q].count & 0x7fff) << 16 | timer_left_us(c, RX_TIMER(c->intr.rim[q].vec));
}

void intr_reset(struct card *c)
{
	memset(&c->intr, 0, sizeof(c->intr));
	c->intr.next = UINT64_MAX;
}
