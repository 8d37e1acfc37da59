/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What well-formed vfio-user messages do: registers, interrupts, reset, clients
 * that come and go.  Memory: test_vfio_user_memory.c, malformed messages:
 * test_vfio_user_proto.c.
 */
#include "vu_raw.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- registers ---- */

static void widths(void **state)
{
	struct host *h = connect_host();
	uint8_t b[32], big[4096];
	uint64_t q;

	(void)state;
	for (uint32_t i = 0; i < 8; i++)
		R.card->bar0[0x100 + i] = 0x03020100u + i * 0x04040404u;
	for (uint32_t off = 0x400; off < 0x408; off++) {
		for (uint32_t len = 1; len <= 17; len++) {
			assert_int_equal(host_region_read(h, 0, off, b, len), 0);
			for (uint32_t k = 0; k < len; k++)
				assert_int_equal(b[k], off - 0x400 + k);
		}
	}
	/* 64 bits are two words, low first */
	q = 0x1122334455667788;
	assert_int_equal(host_region_write(h, 0, 0x500, &q, 8, false), 0);
	assert_int_equal(R.card->bar0[0x140], 0x55667788);
	assert_int_equal(R.card->bar0[0x141], 0x11223344);
	/* CSRs are not written in part, the firmware window may be */
	assert_int_equal(host_region_write(h, 0, 0x500, &q, 2, false), -EINVAL);
	assert_int_equal(host_region_write(h, 0, 0x502, &q, 4, false), -EINVAL);
	R.card->bar4[4] = 0xaabbccdd;
	assert_int_equal(host_region_write(h, 4, 0x11, "\1", 1, false), 0);
	assert_int_equal(R.card->bar4[4], 0xaabb01dd);
	assert_int_equal(host_region_write(h, 2, 0xff6, "\1\2\3\4", 4, false), 0);
	assert_int_equal(R.card->bar2[0xff4 / 4], 0x02010000);
	assert_int_equal(R.card->bar2[0xff8 / 4], 0x00000403);
	/* the last bytes of a BAR, and one more */
	assert_int_equal(host_region_read(h, 4, CARD_BAR4_SIZE - 3, b, 3), 0);
	assert_int_equal(host_region_read(h, 4, CARD_BAR4_SIZE - 3, b, 4), -EINVAL);
	/* all of configuration space at once, as QEMU does */
	for (uint32_t i = 0; i < sizeof(big); i++)
		R.card->cfg[i] = (uint8_t)(i * 7);
	assert_int_equal(host_region_read(h, HOST_CONFIG, 0, big, 4096), 0);
	assert_memory_equal(big, R.card->cfg, 4096);
	assert_int_equal(host_region_read(h, HOST_CONFIG, 0, big, 4097), -EINVAL);
	assert_int_equal(host_region_write(h, HOST_CONFIG, 0x41, "abcdefg", 7, false), 0);
	assert_memory_equal(R.card->cfg + 0x41, "abcdefg", 7);
	host_free(h);
}

static void posted_writes_are_in_order_and_cheap(void **state)
{
	struct host *h = connect_host();
	uint64_t recvs, sends;

	(void)state;
	recvs = rig_stat(&R, "recv_calls");
	sends = rig_stat(&R, "send_calls");
	for (uint32_t i = 0; i < 200; i++)	/* as many as the socket holds */
		host_wr(h, 0, 0x400 + i % 16 * 4, i);
	assert_int_equal(R.card->writes, 0);
	assert_int_equal(host_rd(h, 0, 0x400), 192);
	assert_int_equal(R.card->writes, 200);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(R.card->bar0[0x100 + i], i < 8 ? 192 + i : 176 + i);
	assert_true(rig_stat(&R, "recv_calls") - recvs <= 2);
	assert_int_equal(rig_stat(&R, "send_calls") - sends, 1);
	host_free(h);
}

static void write_multi(void **state)
{
	struct { uint64_t n; struct vu_write_one w[3]; } m = { 3, {
		{ 0x400, 0, 4, { 1, 2, 3, 4 } },
		{ 0x404, 0, 8, { 5, 6, 7, 8, 9, 10, 11, 12 } },
		{ 0x11, 4, 1, { 13 } },
	} };
	int fd = raw_client(&R);
	uint64_t n = 0;

	(void)state;
	assert_int_equal(raw_call(&R, fd, VU_WRITE_MULTI, &m, sizeof(m), NULL, 0, &n, 8), 0);
	assert_int_equal(n, 3);
	assert_int_equal(R.card->bar0[0x100], 0x04030201);
	assert_int_equal(R.card->bar0[0x102], 0x0c0b0a09);
	assert_int_equal(R.card->bar4[4], 0x00000d00);
	m.w[2].region = 9;	/* all or nothing */
	m.w[0].data[0] = 99;
	assert_int_equal(raw_call(&R, fd, VU_WRITE_MULTI, &m, sizeof(m), NULL, 0, NULL, 0), EINVAL);
	assert_int_equal(R.card->bar0[0x100], 0x04030201);
	close(fd);
}

static void infos(void **state)
{
	static const uint32_t sizes[VU_NREGIONS] = {
		[0] = CARD_BAR0_SIZE, [2] = CARD_BAR2_SIZE, [4] = CARD_BAR4_SIZE,
		[VU_REGION_CONFIG] = CARD_CFG_SIZE,
	};
	static const uint32_t counts[VU_NIRQS] = { [VU_IRQ_MSIX] = VECTORS, [VU_IRQ_ERR] = 1,
						[VU_IRQ_REQ] = 1 };
	int fd = raw_client(&R);

	(void)state;
	for (uint32_t i = 0; i < VU_NREGIONS; i++) {
		struct vu_region_info r = { .argsz = 100, .index = i };

		assert_int_equal(raw_call(&R, fd, VU_GET_REGION_INFO, &r, sizeof(r), NULL, 0,
					  &r, sizeof(r)), 0);
		assert_int_equal(r.size, sizes[i]);
		assert_int_equal(r.index, i);
		assert_int_equal(r.argsz, sizeof(r));
		/* a region that can be mapped would make QEMU wait for every write */
		assert_int_equal(r.flags, sizes[i] ? VU_REGION_R | VU_REGION_W : 0);
	}
	for (uint32_t i = 0; i < VU_NIRQS; i++) {
		struct vu_irq_info q = { .argsz = 16, .index = i };

		assert_int_equal(raw_call(&R, fd, VU_GET_IRQ_INFO, &q, sizeof(q), NULL, 0,
					  &q, sizeof(q)), 0);
		assert_int_equal(q.count, counts[i]);
	}
	close(fd);
}

/* ---- interrupts ---- */

#define TRIGGER_FD	(VU_DATA_EVENTFD | VU_ACTION_TRIGGER)

static void irqs_in_several_messages(void **state)
{
	struct host *h = connect_host();

	(void)state;
	assert_int_equal(h->vectors, VECTORS);
	assert_int_equal(h->ops->irq_enable(h, 0, VECTORS, true), 0);	/* 16 at a time */
	for (unsigned int v = 0; v < VECTORS; v++) {
		assert_false(R.card->masked[v]);
		host_wr(h, 0, FAKE_IRQ, v);
		assert_int_equal(host_irq_wait(h, v, 1000000000), 1);
	}
	assert_int_equal(rig_stat(&R, "interrupts"), VECTORS);
	/* some go away, the others stay */
	assert_int_equal(h->ops->irq_enable(h, 10, 5, false), 0);
	for (unsigned int v = 0; v < VECTORS; v++)
		assert_int_equal(R.card->masked[v], v >= 10 && v < 15);
	/* what happens while a vector has no trigger comes later */
	host_wr(h, 0, FAKE_IRQ, 12);
	host_rd(h, 0, 0);
	assert_int_equal(host_irq_take(h, 12), 0);
	assert_int_equal(h->ops->irq_enable(h, 10, 5, true), 0);
	assert_int_equal(host_irq_wait(h, 12, 1000000000), 1);
	/* the whole index */
	assert_int_equal(host_set_irqs(h, VU_IRQ_MSIX, VU_DATA_NONE | VU_ACTION_TRIGGER, 0, 0,
				       NULL, 0), 0);
	for (unsigned int v = 0; v < VECTORS; v++)
		assert_true(R.card->masked[v]);
	assert_int_equal(rig_stat(&R, "interrupts_lost"), 0);
	host_free(h);
}

/* What is in an eventfd and was not read has not arrived */
static void messages_are_taken_back(void **state)
{
	struct host *h = connect_host();

	(void)state;
	h->ops->irq_enable(h, 0, 3, true);
	host_wr(h, 0, FAKE_IRQ, 1);
	host_wr(h, 0, FAKE_IRQ, 1);
	host_wr(h, 0, FAKE_IRQ, 2);
	host_wr(h, 0, FAKE_RECALL, 1);
	assert_int_equal(host_rd(h, 0, FAKE_RESULT), 1);
	assert_int_equal(host_irq_take(h, 1), 0);
	assert_int_equal(host_irq_take(h, 2), 1);
	host_wr(h, 0, FAKE_RECALL, 1);			/* nothing left */
	assert_int_equal(host_rd(h, 0, FAKE_RESULT), 0);
	host_wr(h, 0, FAKE_RECALL, 2);			/* arrived */
	assert_int_equal(host_rd(h, 0, FAKE_RESULT), 0);
	host_wr(h, 0, FAKE_RECALL, 5);			/* has no trigger */
	assert_int_equal(host_rd(h, 0, FAKE_RESULT), 0);
	host_wr(h, 0, FAKE_IRQ, 1);
	assert_int_equal(host_irq_wait(h, 1, 1000000000), 1);
	assert_int_equal(rig_stat(&R, "interrupts_recalled"), 1);
	host_free(h);
}

static void mask_unmask_and_loopback(void **state)
{
	struct vu_irq_set s = { 24, VU_DATA_BOOL | VU_ACTION_TRIGGER, VU_IRQ_MSIX, 2, 4 };
	uint8_t msg[sizeof(s) + 4];
	struct host *h = connect_host();

	(void)state;
	h->ops->irq_enable(h, 0, 8, true);
	assert_int_equal(host_set_irqs(h, VU_IRQ_MSIX, VU_DATA_NONE | VU_ACTION_MASK, 1, 2, NULL, 0), 0);
	host_wr(h, 0, FAKE_IRQ, 1);
	host_wr(h, 0, FAKE_IRQ, 3);
	assert_int_equal(host_irq_wait(h, 3, 1000000000), 1);
	assert_int_equal(host_irq_take(h, 1), 0);
	assert_int_equal(host_set_irqs(h, VU_IRQ_MSIX, VU_DATA_NONE | VU_ACTION_UNMASK, 0, 8, NULL, 0), 0);
	assert_int_equal(host_irq_wait(h, 1, 1000000000), 1);
	/* unmasking a vector that has no trigger does not open it */
	host_set_irqs(h, VU_IRQ_MSIX, VU_DATA_NONE | VU_ACTION_UNMASK, 9, 1, NULL, 0);
	assert_true(R.card->masked[9]);
	/* loopback: fires the eventfd, not the card */
	assert_int_equal(host_set_irqs(h, VU_IRQ_MSIX, VU_DATA_NONE | VU_ACTION_TRIGGER, 0, 2, NULL, 0), 0);
	assert_int_equal(host_irq_take(h, 0), 1);
	assert_int_equal(host_irq_take(h, 1), 1);
	host_free(h);
	rig_pump(&R);

	/* bools choose; eventfds for masking are not supported */
	int fd = raw_client(&R), ev[4];

	for (int i = 0; i < 4; i++)
		ev[i] = eventfd(0, EFD_NONBLOCK);
	s.flags = TRIGGER_FD;
	assert_int_equal(raw_call(&R, fd, VU_SET_IRQS, &s, sizeof(s), ev, 4, NULL, 0), 0);
	s.flags = VU_DATA_BOOL | VU_ACTION_TRIGGER;
	memcpy(msg, &s, sizeof(s));
	memcpy(msg + sizeof(s), "\1\0\1\0", 4);
	assert_int_equal(raw_call(&R, fd, VU_SET_IRQS, msg, sizeof(msg), NULL, 0, NULL, 0), 0);
	for (int i = 0; i < 4; i++) {
		uint64_t n;

		assert_int_equal(read(ev[i], &n, 8), i % 2 ? -1 : 8);
	}
	s.flags = VU_DATA_EVENTFD | VU_ACTION_UNMASK;
	assert_int_equal(raw_call(&R, fd, VU_SET_IRQS, &s, sizeof(s), ev, 4, NULL, 0), ENOTSUP);
	for (int i = 0; i < 4; i++)
		close(ev[i]);
	close(fd);
}

static void trigger_fds_are_checked(void **state)
{
	struct vu_irq_set s = { 20, TRIGGER_FD, VU_IRQ_MSIX, 0, 2 };
	int fd = raw_client(&R), ev = eventfd(0, 0), p[2], bad[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	bad[0] = ev;
	bad[1] = p[1];
	assert_int_equal(raw_call(&R, fd, VU_SET_IRQS, &s, sizeof(s), bad, 2, NULL, 0), EINVAL);
	assert_int_equal(raw_call(&R, fd, VU_SET_IRQS, &s, sizeof(s), &ev, 1, NULL, 0), EINVAL);
	assert_true(R.card->masked[0]);
	/* a full counter does not block us */
	s.count = 1;
	assert_int_equal(raw_call(&R, fd, VU_SET_IRQS, &s, sizeof(s), &ev, 1, NULL, 0), 0);
	assert_int_equal(write(ev, &(uint64_t){ UINT64_MAX - 1 }, 8), 8);
	posted(fd, FAKE_IRQ, 0);
	assert_true(raw_alive(&R, fd));
	/* again on the same vector: the old descriptor is closed (teardown counts) */
	assert_int_equal(raw_call(&R, fd, VU_SET_IRQS, &s, sizeof(s), &ev, 1, NULL, 0), 0);
	close(ev);
	close(p[0]);
	close(p[1]);
	close(fd);
}

static void unplug_request(void **state)
{
	struct vu_irq_set s = { 20, TRIGGER_FD, VU_IRQ_REQ, 0, 1 };
	int fd = raw_client(&R), ev = eventfd(0, EFD_NONBLOCK);
	uint64_t n = 0;

	(void)state;
	assert_false(vu_request_unplug(R.v));
	assert_int_equal(raw_call(&R, fd, VU_SET_IRQS, &s, sizeof(s), &ev, 1, NULL, 0), 0);
	assert_true(vu_request_unplug(R.v));
	assert_int_equal(read(ev, &n, 8), 8);
	close(ev);
	close(fd);
}

static void reset_keeps_triggers(void **state)
{
	struct host *h = connect_host();

	(void)state;
	h->ops->irq_enable(h, 0, 4, true);
	assert_int_equal(host_reset(h), 0);
	assert_int_equal(R.card->resets, 1);
	assert_false(R.card->masked[3]);
	assert_true(R.card->masked[4]);
	memset(R.card->masked, 1, VECTORS);	/* as a function-level reset does in the card */
	host_cfg_wr(h, 0x48, 2, 0x8000);
	assert_false(R.card->masked[3]);
	assert_true(R.card->masked[4]);
	host_free(h);
}

/* ---- clients come and go ---- */

static void next_client_finds_a_reset_card(void **state)
{
	struct host *h = connect_host();
	unsigned int before = open_fds();

	(void)state;
	h->ops->irq_enable(h, 0, VECTORS, true);
	host_wr(h, 0, 0x400, 5);
	assert_int_equal(host_rd(h, 0, 0x400), 5);
	host_free(h);
	rig_pump(&R);
	assert_int_equal(R.card->resets, 1);
	assert_true(R.card->masked[0]);
	assert_int_equal(rig_stat(&R, "windows"), 0);
	h = connect_host();
	assert_int_equal(open_fds(), before);
	assert_int_equal(host_rd(h, 0, 0x400), 0);
	host_free(h);
}

/* QEMU killed and restarted before we looked: the old connection must not block the new */
static void successor_of_a_killed_client(void **state)
{
	int fd = raw_client(&R), next;

	(void)state;
	raw_cmd(fd, VU_RESET, VU_NO_REPLY, NULL, 0, NULL, 0);
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	close(fd);
	next = raw_client(&R);
	assert_true(raw_alive(&R, next));
	assert_int_equal(rig_stat(&R, "clients_refused"), 0);
	close(next);
}

static void second_client_is_refused(void **state)
{
	int a = raw_client(&R), b = raw_connect(&R);

	(void)state;
	assert_true(raw_closed(&R, b));
	assert_true(raw_alive(&R, a));
	assert_int_equal(rig_stat(&R, "clients_refused"), 1);
	close(a);
	close(b);
}

static void leaving_in_the_middle_of_a_message(void **state)
{
	struct vu_hdr h = { 1, VU_DMA_MAP, 48, 0, 0 };
	int fd, ev = eventfd(0, EFD_NONBLOCK);

	(void)state;
	for (size_t n = 1; n < sizeof(h); n++) {
		fd = raw_client(&R);
		raw_send(fd, &h, n, &ev, 1);	/* with a descriptor whose message never ends */
		rig_pump(&R);
		close(fd);
		rig_pump(&R);
		assert_string_equal(R.last_log, "client left in the middle of a message");
		assert_int_equal(vu_conn_fd(R.v), -1);
	}
	close(ev);
}

static void client_that_reads_nothing_is_thrown_out(void **state)
{
	struct vu_region_rw rw = { 0, 4, 32768 };
	int fd = raw_client(&R);

	(void)state;
	for (int i = 0; i < 100 && !raw_closed(&R, fd) && vu_conn_fd(R.v) >= 0; i++)
		raw_cmd(fd, VU_REGION_READ, 0, &rw, sizeof(rw), NULL, 0);
	rig_pump(&R);
	assert_int_equal(vu_conn_fd(R.v), -1);
	assert_int_equal(rig_stat(&R, "clients_thrown_out"), 1);
	close(fd);
	fd = raw_client(&R);
	assert_true(raw_alive(&R, fd));
	close(fd);
}

/* QEMU, when it has lost track of the stream, stops reading but stays connected */
static void client_that_shuts_its_ear_is_thrown_out(void **state)
{
	int fd = raw_client(&R);

	(void)state;
	shutdown(fd, SHUT_RD);
	raw_cmd(fd, VU_RESET, 0, NULL, 0, NULL, 0);
	rig_pump(&R);
	assert_int_equal(vu_conn_fd(R.v), -1);
	assert_int_equal(rig_stat(&R, "clients_thrown_out"), 1);
	close(fd);
}

static void slow_client_gets_all_its_replies(void **state)
{
	struct vu_region_rw rw = { 0, 4, 20000 };
	int fd = raw_client(&R);
	struct vu_hdr h;

	(void)state;
	for (int i = 0; i < 15; i++)		/* more than the socket takes, less than our buffer */
		raw_cmd(fd, VU_REGION_READ, 0, &rw, sizeof(rw), NULL, 0);
	rig_pump(&R);
	assert_true(vu_want(R.v) & EPOLLOUT);
	for (int i = 0; i < 15; i++) {
		assert_true(raw_recv(&R, fd, &h, NULL, 0));
		assert_int_equal(h.size, 16 + 16 + 20000);
	}
	assert_false(vu_want(R.v) & EPOLLOUT);
	close(fd);
}

static void servers_are_independent(void **state)
{
	struct rig other;
	int a, b;

	(void)state;
	rig_open(&other, "other", 8);
	a = raw_client(&R);
	b = raw_client(&other);
	raw_send(a, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, NULL, 0);
	assert_true(raw_closed(&R, a));
	assert_true(raw_alive(&other, b));
	assert_int_equal(other.card->resets, 0);
	close(a);
	close(b);
	rig_close(&other);
}

/* ---- the socket file ---- */

static struct vu *try_new(const char *path, char *err)
{
	struct vu_owner owner = { 0 };

	return vu_new(path, &owner, err, 200);
}

static void socket_file(void **state)
{
	char err[200], dead[80], longname[200];
	struct stat st;
	struct vu *v;
	int fd;

	(void)state;
	assert_int_equal(stat(R.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_null(try_new(R.path, err));		/* alive: ourselves */
	assert_non_null(strstr(err, "another process serves"));
	assert_null(try_new("", err));
	memset(longname, 'x', sizeof(longname));
	longname[199] = '\0';
	assert_null(try_new(longname, err));
	assert_null(try_new("/nowhere/at/all", err));
	assert_non_null(strstr(err, "No such file"));
	assert_null(try_new("/etc/passwd", err));
	assert_non_null(strstr(err, "not a socket"));

	/* a dead one is replaced */
	snprintf(dead, sizeof(dead), "%s-dead", R.path);
	v = try_new(dead, err);
	assert_non_null(v);
	fd = dup(vu_listen_fd(v));
	assert_int_equal(rename(dead, R.path), 0);	/* so that vu_free() does not find it */
	assert_int_equal(rename(R.path, dead), 0);
	close(fd);
	assert_int_equal(link(dead, R.path), 0);
	vu_free(v);
	assert_int_equal(stat(dead, &st), -1);		/* ours: deleted */
	v = try_new(R.path, err);			/* the link remained, nobody listens */
	assert_non_null(v);
	/* a successor's file under our name survives our end */
	unlink(R.path);
	fd = open(R.path, O_CREAT | O_EXCL | O_WRONLY, 0600);
	vu_free(v);
	assert_int_equal(stat(R.path, &st), 0);
	close(fd);
	unlink(R.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(widths),
		T(posted_writes_are_in_order_and_cheap),
		T(write_multi),
		T(infos),
		T(irqs_in_several_messages),
		T(messages_are_taken_back),
		T(mask_unmask_and_loopback),
		T(trigger_fds_are_checked),
		T(unplug_request),
		T(reset_keeps_triggers),
		T(next_client_finds_a_reset_card),
		T(successor_of_a_killed_client),
		T(second_client_is_refused),
		T(leaving_in_the_middle_of_a_message),
		T(client_that_reads_nothing_is_thrown_out),
		T(client_that_shuts_its_ear_is_thrown_out),
		T(slow_client_gets_all_its_replies),
		T(servers_are_independent),
		T(socket_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
