/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver library's mailbox: the host's side of contract 07, as the upstream
 * driver works it.  Messages are bytes; what is in them is the caller's.
 */
#ifndef OPENFBNIC_DRV_FW_H
#define OPENFBNIC_DRV_FW_H

#include "drv.h"

#define DRV_FW_DESCS	16u

struct drv_fw {
	struct host	*h;
	uint64_t	page[2][DRV_FW_DESCS];	/* 0 Rx, 1 Tx; 4 KiB each */
	unsigned int	head[2], tail[2];
	uint64_t	errors;			/* completed with FW_ERR */
};

/*
 * Resets the rings, waits at most @ns for the firmware to notice, posts pages,
 * turns DMA on.  0, -ENOMEM or -ETIMEDOUT.  After drv_up() or host_enable().
 * @m zeroed, or opened before: pages are kept.
 */
int drv_fw_open(struct drv_fw *m, struct host *h, uint64_t ns);
/* Takes the rings away */
void drv_fw_close(struct drv_fw *m);
/* -ENOBUFS: the ring is full */
int drv_fw_send(struct drv_fw *m, const void *msg, size_t len);
/* The next message into @buf (4096 bytes): its length, or -ETIMEDOUT */
int drv_fw_poll(struct drv_fw *m, void *buf);	/* 0: there is none */
int drv_fw_recv(struct drv_fw *m, void *buf, uint64_t ns);

#endif
