/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory, theory of operation
 *
 * A VFIO client tells us of the guest's memory in windows: bus address, size,
 * permissions and, in the normal case, a file (memfd, hugetlbfs, /dev/shm) and
 * an offset in it.  Such a window is mmap()ed here once and then read and
 * written as plain memory.  Windows without a file (ROMs, or a guest whose
 * memory is not shared) are reached by messages to the client: struct
 * mem_remote, slow, and mem_ptr() says NULL for them.
 *
 * The table is an array sorted by address that never overlaps, allocated in
 * full by mem_new().  A lookup tries the window that was hit last and then
 * searches by halves; it allocates nothing and calls nothing.  An ordinary
 * guest has about ten windows, a guest behind an emulated IOMMU some thousands
 * that come and go, so insertion by memmove() is fine.
 *
 * The other side of a shared file can cut it with ftruncate() whenever it
 * likes; the next access is then a SIGBUS in our process, which serves other
 * guests as well.  The handler finds the window, puts anonymous zero pages in
 * the file's place, marks the window broken and returns: the access that
 * faulted completes with zeros, later ones are refused (-EFAULT, mem_ptr()
 * NULL).  A SIGBUS anywhere else goes on to whoever had the handler before.
 *
 * A firmware in another process wants the memory itself (mem_lend()).  Its files
 * are then kept open, each once however many windows it has, and windows that
 * are neighbours in memory and in their file are given away as one piece.
 *
 * The table belongs to one thread, and so does the SIGBUS: it is raised by our
 * own load or store, at a point where the table is not being changed.
 */
#include "mem.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct window {
	uint64_t	addr;
	uint64_t	size;
	uint8_t		*ptr;		/* NULL: no file */
	uint64_t	offset;		/* in the file */
	uint8_t		file;		/* index in mem.file + 1; 0: can't be lent */
	uint8_t		perm;
	volatile bool	broken;		/* set by the SIGBUS handler */
};

struct file {
	dev_t		dev;
	ino_t		ino;
	int		fd;
	unsigned int	windows;	/* that are in it; 0: the place is free */
};

struct mem {
	struct window	*win;		/* sorted by addr */
	unsigned int	n, max;
	unsigned int	last;		/* index of the last hit */
	const struct mem_remote *remote;
	void		*remote_ctx;
	struct mem_stats stats;
	bool		lend;
	void		(*changed)(void *ctx);
	void		*changed_ctx;
	struct file	file[MEM_MAX_FILES];
	struct mem	*next;		/* all tables, for the SIGBUS handler */
};

static struct mem *all_mems;
static struct sigaction old_sigbus;

/* ---- files that shrink ---- */

static struct window *window_by_ptr(struct mem *m, uintptr_t p)
{
	for (unsigned int i = 0; i < m->n; i++) {
		struct window *w = &m->win[i];

		if (w->ptr && p >= (uintptr_t)w->ptr && p - (uintptr_t)w->ptr < w->size)
			return w;
	}
	return NULL;
}

static void on_sigbus(int sig, siginfo_t *si, void *uc)
{
	int saved = errno;

	for (struct mem *m = all_mems; m; m = m->next) {
		struct window *w = window_by_ptr(m, (uintptr_t)si->si_addr);

		if (!w || mmap(w->ptr, w->size, PROT_READ | PROT_WRITE,
			       MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			       -1, 0) == MAP_FAILED)
			continue;
		w->broken = true;
		m->stats.broken++;
		errno = saved;
		return;
	}

	/* not ours */
	if (old_sigbus.sa_flags & SA_SIGINFO)
		old_sigbus.sa_sigaction(sig, si, uc);
	else if (old_sigbus.sa_handler != SIG_DFL && old_sigbus.sa_handler != SIG_IGN)
		old_sigbus.sa_handler(sig);
	else
		signal(sig, SIG_DFL);	/* the access repeats and is fatal, as it should be */
	errno = saved;
}

static void mems_add(struct mem *m)
{
	if (!all_mems) {
		struct sigaction sa = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_NODEFER };

		sigaction(SIGBUS, &sa, &old_sigbus);
	}
	m->next = all_mems;
	all_mems = m;
}

static void mems_del(struct mem *m)
{
	struct mem **p = &all_mems;

	while (*p != m)
		p = &(*p)->next;
	*p = m->next;
	if (!all_mems)
		sigaction(SIGBUS, &old_sigbus, NULL);
}

/* ---- the table ---- */

struct mem *mem_new(unsigned int max_windows, const struct mem_remote *remote, void *ctx)
{
	struct mem *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->win = calloc(max_windows, sizeof(*m->win));
	if (!m->win) {
		free(m);
		return NULL;
	}
	m->max = max_windows;
	m->remote = remote;
	m->remote_ctx = ctx;
	mems_add(m);
	return m;
}

void mem_free(struct mem *m)
{
	if (!m)
		return;
	m->changed = NULL;
	mem_unmap_all(m);
	mems_del(m);
	free(m->win);
	free(m);
}

/* Index of the first window that ends above @addr; m->n if there is none */
static unsigned int first_above(const struct mem *m, uint64_t addr)
{
	unsigned int lo = 0, hi = m->n;

	while (lo < hi) {
		unsigned int mid = lo + (hi - lo) / 2;
		const struct window *w = &m->win[mid];

		if (addr >= w->addr && addr - w->addr >= w->size)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool window_has(const struct window *w, uint64_t addr)
{
	return addr >= w->addr && addr - w->addr < w->size;
}

static struct window *window_at(struct mem *m, uint64_t addr)
{
	unsigned int i = m->last;

	if (i < m->n && window_has(&m->win[i], addr))
		return &m->win[i];
	i = first_above(m, addr);
	if (i == m->n || !window_has(&m->win[i], addr))
		return NULL;
	m->last = i;
	return &m->win[i];
}

/* [offset, offset + size) must be bytes that the file has */
static int file_check(int fd, uint64_t offset, uint64_t size)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || offset > (uint64_t)st.st_size ||
	    size > (uint64_t)st.st_size - offset)
		return -EINVAL;
	return 0;
}

static int file_map(struct window *w, int fd, uint64_t offset)
{
	int prot = PROT_READ | (w->perm & MEM_WRITE ? PROT_WRITE : 0);
	int err = file_check(fd, offset, w->size);
	void *p;

	if (err)
		return err;
	p = mmap(NULL, w->size, prot, MAP_SHARED | MAP_NORESERVE, fd, (off_t)offset);
	if (p == MAP_FAILED)
		return -errno;
	w->ptr = p;
	return 0;
}

/* ---- files that are lent ---- */

/*
 * Index + 1 of the file behind @fd, kept open; 0: there are too many.  It is
 * open for writing as well, or the window could not have been mapped.
 */
static uint8_t file_keep(struct mem *m, int fd)
{
	struct file *f, *free_one = NULL;
	struct stat st;

	if (fstat(fd, &st))
		return 0;
	for (f = m->file; f < m->file + MEM_MAX_FILES; f++) {
		if (f->windows && f->dev == st.st_dev && f->ino == st.st_ino)
			goto found;
		if (!f->windows && !free_one)
			free_one = f;
	}
	f = free_one;
	if (!f)
		return 0;
	f->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (f->fd < 0)
		return 0;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
found:
	f->windows++;
	return (uint8_t)(f - m->file + 1);
}

static void file_drop(struct mem *m, unsigned int file)
{
	struct file *f = &m->file[file - 1];

	if (!--f->windows)
		close(f->fd);
}

static void changed(struct mem *m)
{
	if (m->changed)
		m->changed(m->changed_ctx);
}

void mem_lend(struct mem *m, void (*cb)(void *ctx), void *ctx)
{
	assert(!m->n);
	m->lend = true;
	m->changed = cb;
	m->changed_ctx = ctx;
}

/* One more piece for @out, which has the largest so far; returns how many it has then */
static unsigned int piece_add(struct mem_piece *out, unsigned int n, unsigned int max, const struct mem_piece *p,
			      unsigned int *left)
{
	unsigned int small = 0;

	if (n < max) {
		out[n] = *p;
		return n + 1;
	}
	++*left;
	for (unsigned int i = 1; i < n; i++)
		if (out[i].size < out[small].size)
			small = i;
	if (n && out[small].size < p->size) {
		memmove(&out[small], &out[small + 1], (n - 1 - small) * sizeof(*out));
		out[n - 1] = *p;
	}
	return n;
}

unsigned int mem_pieces(const struct mem *m, struct mem_piece *out, unsigned int max, unsigned int *left)
{
	struct mem_piece p = { .size = 0 };
	unsigned int n = 0;

	*left = 0;
	for (unsigned int i = m->n; i--;) {
		const struct window *w = &m->win[i];
		struct mem_piece q = { .addr = w->addr, .size = w->size, .offset = w->offset };

		if (!w->file || w->broken)
			continue;
		q.fd = m->file[w->file - 1].fd;
		if (p.size && q.fd == p.fd && q.addr + q.size == p.addr && q.offset + q.size == p.offset)
			q.size += p.size;
		else if (p.size)
			n = piece_add(out, n, max, &p, left);
		p = q;
	}
	return p.size ? piece_add(out, n, max, &p, left) : n;
}

/* ---- map and unmap ---- */

int mem_map(struct mem *m, uint64_t addr, uint64_t size, unsigned int perm,
	    int fd, uint64_t offset)
{
	struct window w = { .addr = addr, .size = size, .offset = offset, .perm = (uint8_t)perm };
	unsigned int i;
	int err;

	if (!size || (addr | size | offset) % MEM_PAGE || size - 1 > UINT64_MAX - addr)
		return -EINVAL;
	if (!perm || perm & ~(unsigned int)(MEM_READ | MEM_WRITE) || size > SIZE_MAX / 2)
		return -EINVAL;

	i = first_above(m, addr);
	if (i < m->n && (m->win[i].addr <= addr || m->win[i].addr - addr < size))
		return -EEXIST;
	if (m->n == m->max)
		return -ENOSPC;

	if (fd >= 0) {
		err = file_map(&w, fd, offset);
		if (err)
			return err;
		if (m->lend && perm == (MEM_READ | MEM_WRITE))
			w.file = file_keep(m, fd);
	}
	memmove(&m->win[i + 1], &m->win[i], (m->n - i) * sizeof(w));
	m->win[i] = w;
	m->n++;
	m->last = i;
	m->stats.maps++;
	changed(m);
	return 0;
}

static void window_release(struct mem *m, struct window *w)
{
	if (w->ptr)
		munmap(w->ptr, w->size);
	if (w->file)
		file_drop(m, w->file);
	m->stats.unmaps++;
}

int mem_unmap(struct mem *m, uint64_t addr, uint64_t size)
{
	unsigned int first, end;

	if (!size || size - 1 > UINT64_MAX - addr)
		return -EINVAL;
	first = first_above(m, addr);
	if (first < m->n && m->win[first].addr < addr)
		return -EINVAL;		/* cut at the start */
	for (end = first; end < m->n && m->win[end].addr - addr < size; end++)
		if (m->win[end].size > size - (m->win[end].addr - addr))
			return -EINVAL;	/* cut at the end */
	if (end == first)
		return -ENOENT;

	for (unsigned int i = first; i < end; i++)
		window_release(m, &m->win[i]);
	memmove(&m->win[first], &m->win[end], (m->n - end) * sizeof(*m->win));
	m->n -= end - first;
	changed(m);
	return 0;
}

void mem_unmap_all(struct mem *m)
{
	for (unsigned int i = 0; i < m->n; i++)
		window_release(m, &m->win[i]);
	if (m->n) {
		m->n = 0;
		changed(m);
	}
}

unsigned int mem_windows(const struct mem *m)
{
	return m->n;
}

const struct mem_stats *mem_stats(const struct mem *m)
{
	return &m->stats;
}

/* ---- access ---- */

/* The window for an access at @addr, or NULL (counted) */
static struct window *window_for(struct mem *m, uint64_t addr, unsigned int perm)
{
	struct window *w = window_at(m, addr);

	if (w && w->perm & perm && !w->broken)
		return w;
	m->stats.misses++;
	return NULL;
}

void *mem_ptr(struct mem *m, uint64_t addr, size_t *len, bool write)
{
	struct window *w = window_for(m, addr, write ? MEM_WRITE : MEM_READ);
	uint64_t left;

	if (!w || !w->ptr)
		return NULL;
	left = w->size - (addr - w->addr);
	if (*len > left)
		*len = left;
	return w->ptr + (addr - w->addr);
}

static int remote_copy(struct mem *m, uint64_t addr, void *rd, const void *wr, size_t len)
{
	int err;

	m->stats.remote++;
	if (!m->remote)
		return -EFAULT;
	if (rd)
		err = m->remote->read(m->remote_ctx, addr, rd, len);
	else
		err = m->remote->write(m->remote_ctx, addr, wr, len);
	return err ? -EFAULT : 0;
}

/* One of @rd and @wr is NULL */
static int copy(struct mem *m, uint64_t addr, uint8_t *rd, const uint8_t *wr, size_t len)
{
	while (len) {
		struct window *w = window_for(m, addr, rd ? MEM_READ : MEM_WRITE);
		uint64_t off, part;

		if (!w)
			return -EFAULT;
		off = addr - w->addr;
		part = w->size - off < len ? w->size - off : len;
		if (w->ptr) {
			if (rd)
				memcpy(rd, w->ptr + off, part);
			else
				memcpy(w->ptr + off, wr, part);
			if (w->broken)	/* it broke under this very access */
				return -EFAULT;
		} else if (remote_copy(m, addr, rd, wr, part)) {
			return -EFAULT;
		}
		if (rd)
			rd += part;
		else
			wr += part;
		len -= part;
		addr += part;
		if (len && !addr)	/* over the end of the address space */
			return -EFAULT;
	}
	return 0;
}

int mem_read(struct mem *m, uint64_t addr, void *buf, size_t len)
{
	return copy(m, addr, buf, NULL, len);
}

int mem_write(struct mem *m, uint64_t addr, const void *buf, size_t len)
{
	return copy(m, addr, NULL, buf, len);
}
