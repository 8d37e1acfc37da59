/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host memory as a card sees it: a table of DMA windows.  Theory in mem.c.
 */
#ifndef OPENFBNIC_MEM_H
#define OPENFBNIC_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEM_PAGE		4096u
#define MEM_MAX_WINDOWS		32768u	/* what the version message promises (max_dma_maps) */

enum {				/* permissions of a window */
	MEM_READ	= 1 << 0,	/* the card may read it */
	MEM_WRITE	= 1 << 1,
};

/* How bytes of a window without a file are reached.  0 or a negative errno. */
struct mem_remote {
	int (*read)(void *ctx, uint64_t addr, void *buf, size_t len);
	int (*write)(void *ctx, uint64_t addr, const void *buf, size_t len);
};

struct mem_stats {
	uint64_t	maps;		/* windows ever mapped */
	uint64_t	unmaps;
	uint64_t	remote;		/* accesses that went to mem_remote */
	uint64_t	misses;		/* accesses outside of any window, or not permitted */
	uint64_t	broken;		/* windows whose file was cut under us */
};

struct mem;

/* @remote may be NULL: windows without a file can't be accessed then */
struct mem *mem_new(unsigned int max_windows, const struct mem_remote *remote, void *ctx);
void mem_free(struct mem *m);

/*
 * Adds the window [addr, addr + size).  @fd -1: no file; else the window is
 * the file's bytes from @offset on.  The file descriptor stays the caller's
 * and may be closed at once.
 * -EINVAL: empty, unaligned, address overflow, no permission, or not inside
 * a regular file; -EEXIST: overlaps a window; -ENOSPC: table full; or what
 * mmap() says.
 */
int mem_map(struct mem *m, uint64_t addr, uint64_t size, unsigned int perm,
	    int fd, uint64_t offset);

/*
 * Removes all windows that lie inside [addr, addr + size).  -ENOENT: none
 * there; -EINVAL: the range cuts through a window (nothing is removed then).
 */
int mem_unmap(struct mem *m, uint64_t addr, uint64_t size);
void mem_unmap_all(struct mem *m);
unsigned int mem_windows(const struct mem *m);

/*
 * A pointer to @addr with *len cut to what is contiguous; NULL: nothing
 * mappable there.  Good until the next mem_unmap().
 */
void *mem_ptr(struct mem *m, uint64_t addr, size_t *len, bool write);

/* Copies, across windows if need be.  0 or -EFAULT. */
int mem_read(struct mem *m, uint64_t addr, void *buf, size_t len);
int mem_write(struct mem *m, uint64_t addr, const void *buf, size_t len);

/* ---- lending: who else may map the guest's memory ---- */

#define MEM_MAX_FILES	16u	/* different ones whose windows can be lent at a time */

/* Neighbouring windows of one file: the file's bytes from @offset on are at @addr */
struct mem_piece {
	uint64_t	addr, size, offset;
	int		fd;		/* the table's: good until windows change */
};

/*
 * From now on (no window is mapped yet) the files of windows that the card may
 * read and write are kept open, once each; @changed is called after any change.
 */
void mem_lend(struct mem *m, void (*changed)(void *ctx), void *ctx);
/*
 * The @max largest pieces, highest address first.  What can't be lent: windows
 * without a file, that are read-only, whose file was cut, or of a file too
 * many.  Returns how many; *left: pieces that were too many.
 */
unsigned int mem_pieces(const struct mem *m, struct mem_piece *out, unsigned int max, unsigned int *left);

const struct mem_stats *mem_stats(const struct mem *m);

#endif
