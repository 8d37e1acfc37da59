/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcap=FILE - writes what passes a wire, in both directions, for tcpdump and
 * Wireshark: whole frames, nanosecond stamps of the wall clock.
 *
 * Frames are collected in libpcap's stdio buffer.  The first one that waits
 * there starts a timer, so the file is at most FLUSH_NS behind and a silent
 * wire needs no timer.  When the file can't be written any more (disk full) it
 * is cut off after the last whole buffer, frames are only counted from then on
 * and the traffic goes on.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire_int.h"

#define BUFFER		(256u << 10)
#define FLUSH_NS	(100 * NS_PER_MS)

struct capture {
	struct wire_loop	*loop;
	struct loop_timer	timer;
	bool			dirty;		/* the timer runs */
	pcap_t			*pcap;
	pcap_dumper_t		*dump;		/* NULL: the file is lost */
	uint8_t			frame[WIRE_MAX_FRAME];
	char			buffer[BUFFER];
};

static void capture_flush(void *arg)
{
	struct capture *c = arg;

	c->dirty = false;
	if (c->dump)
		pcap_dump_flush(c->dump);
}

static bool capture_alive(struct capture *c)
{
	if (c->dump && ferror(pcap_dump_file(c->dump))) {
		pcap_dump_close(c->dump);
		c->dump = NULL;
	}
	return c->dump != NULL;
}

void capture_frames(struct capture *c, const struct frame *f, unsigned int n, uint64_t *lost)
{
	struct pcap_pkthdr h;
	struct timespec ts;

	if (!n)
		return;
	if (!capture_alive(c)) {
		*lost += n;
		return;
	}

	clock_gettime(CLOCK_REALTIME, &ts);
	h.ts.tv_sec = ts.tv_sec;
	h.ts.tv_usec = ts.tv_nsec;	/* the file's header says nanoseconds */
	for (unsigned int i = 0; i < n; i++) {
		h.len = f[i].len;
		h.caplen = (uint32_t)frame_copy(&f[i], 0, c->frame, sizeof(c->frame));
		pcap_dump((u_char *)c->dump, &h, c->frame);
	}
	if (!c->dirty) {
		c->dirty = true;
		loop_timer_set(c->loop, &c->timer, loop_now(c->loop) + FLUSH_NS);
	}
}

int capture_open(struct capture **out, const char *file, struct wire_loop *loop, char *err, size_t errlen)
{
	struct capture *c = calloc(1, sizeof(*c));

	if (!c)
		return wire_fail(err, errlen, "out of memory");

	c->loop = loop;
	c->timer.cb = capture_flush;
	c->timer.arg = c;
	c->pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 262144, PCAP_TSTAMP_PRECISION_NANO);
	if (!c->pcap) {
		free(c);
		return wire_fail(err, errlen, "out of memory");
	}
	c->dump = pcap_dump_open(c->pcap, file);
	if (!c->dump) {
		wire_fail(err, errlen, "can't write the capture: %s", pcap_geterr(c->pcap));
		capture_close(c);
		return -EINVAL;
	}
	/* libpcap has written the header already, and stdio wants its buffer before that: flush first */
	pcap_dump_flush(c->dump);
	setvbuf(pcap_dump_file(c->dump), c->buffer, _IOFBF, sizeof(c->buffer));
	if (!capture_alive(c)) {
		capture_close(c);
		return wire_fail(err, errlen, "can't write the capture %s: no space, or not a file", file);
	}
	*out = c;
	return 0;
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	loop_timer_set(c->loop, &c->timer, TIMER_OFF);
	if (c->dump)
		pcap_dump_close(c->dump);
	pcap_close(c->pcap);
	free(c);
}
