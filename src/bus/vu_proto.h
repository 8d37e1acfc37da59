/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vfio-user protocol on the wire: numbers and layouts, nothing else.
 * Shared by our server (bus/) and our client (host/).  Names follow the
 * specification (QEMU docs/interop/vfio-user.rst, version 0.0) and <linux/vfio.h>.
 *
 * All fields are in host byte order.  A message is a header and a payload;
 * header and payload together are "size" bytes.  Messages follow each other on
 * the stream without padding, so nothing in here may be assumed to be aligned:
 * copy a struct out of the buffer, then look at it.
 */
#ifndef OPENFBNIC_VU_PROTO_H
#define OPENFBNIC_VU_PROTO_H

#include <stdint.h>

#define VU_MAJOR	0
#define VU_MINOR	0

enum vu_command {
	VU_VERSION		= 1,
	VU_DMA_MAP		= 2,
	VU_DMA_UNMAP		= 3,
	VU_GET_INFO		= 4,
	VU_GET_REGION_INFO	= 5,
	VU_GET_REGION_IO_FDS	= 6,
	VU_GET_IRQ_INFO		= 7,
	VU_SET_IRQS		= 8,
	VU_REGION_READ		= 9,
	VU_REGION_WRITE		= 10,
	VU_DMA_READ		= 11,	/* server to client */
	VU_DMA_WRITE		= 12,	/* server to client */
	VU_RESET		= 13,
	VU_WRITE_MULTI		= 15,
	VU_DEVICE_FEATURE	= 16,
	VU_NCMDS
};

enum {				/* struct vu_hdr, flags */
	VU_TYPE_MASK		= 0xf,
	VU_TYPE_COMMAND		= 0,
	VU_TYPE_REPLY		= 1,
	VU_NO_REPLY		= 1 << 4,
	VU_ERROR		= 1 << 5,
};

struct vu_hdr {
	uint16_t	id;
	uint16_t	cmd;
	uint32_t	size;		/* with this header */
	uint32_t	flags;
	uint32_t	error;		/* positive errno, in a reply with VU_ERROR */
};

struct vu_version {
	uint16_t	major;
	uint16_t	minor;
	/* JSON text with its NUL follows */
};

struct vu_dma_map {
	uint32_t	argsz;
	uint32_t	flags;		/* 1 readable, 2 writeable: MEM_READ, MEM_WRITE */
	uint64_t	offset;
	uint64_t	addr;
	uint64_t	size;
};

struct vu_dma_unmap {
	uint32_t	argsz;
	uint32_t	flags;
	uint64_t	addr;
	uint64_t	size;
};

#define VU_UNMAP_ALL	(1u << 1)	/* VFIO_DMA_UNMAP_FLAG_ALL; QEMU sends it */

struct vu_device_info {
	uint32_t	argsz;
	uint32_t	flags;		/* 1 has reset, 2 is PCI */
	uint32_t	num_regions;
	uint32_t	num_irqs;
};

#define VU_DEVICE_RESET	(1u << 0)
#define VU_DEVICE_PCI	(1u << 1)

struct vu_region_info {
	uint32_t	argsz;
	uint32_t	flags;		/* 1 read, 2 write, 4 mmap, 8 capabilities */
	uint32_t	index;
	uint32_t	cap_offset;
	uint64_t	size;
	uint64_t	offset;
};

#define VU_REGION_R	(1u << 0)
#define VU_REGION_W	(1u << 1)

enum {				/* regions of a PCI device: 0..5 are the BARs */
	VU_REGION_ROM		= 6,
	VU_REGION_CONFIG	= 7,
	VU_REGION_VGA		= 8,
	VU_NREGIONS
};

struct vu_irq_info {
	uint32_t	argsz;
	uint32_t	flags;		/* 1 eventfd, 2 maskable, 4 automasked, 8 noresize */
	uint32_t	index;
	uint32_t	count;
};

#define VU_IRQ_EVENTFD	(1u << 0)
#define VU_IRQ_MASKABLE	(1u << 1)

enum { VU_IRQ_INTX, VU_IRQ_MSI, VU_IRQ_MSIX, VU_IRQ_ERR, VU_IRQ_REQ, VU_NIRQS };

struct vu_irq_set {
	uint32_t	argsz;
	uint32_t	flags;
	uint32_t	index;
	uint32_t	start;
	uint32_t	count;
	/* DATA_BOOL: count bytes follow */
};

enum {				/* struct vu_irq_set, flags: one DATA and one ACTION */
	VU_DATA_NONE		= 1 << 0,
	VU_DATA_BOOL		= 1 << 1,
	VU_DATA_EVENTFD		= 1 << 2,
	VU_ACTION_MASK		= 1 << 3,
	VU_ACTION_UNMASK	= 1 << 4,
	VU_ACTION_TRIGGER	= 1 << 5,
};

struct vu_region_rw {
	uint64_t	offset;
	uint32_t	region;
	uint32_t	count;
	/* the bytes follow */
};

struct vu_write_one {		/* one entry of WRITE_MULTI, after its 64-bit count */
	uint64_t	offset;
	uint32_t	region;
	uint32_t	count;		/* 1..8 */
	uint8_t		data[8];
};

/*
 * DMA_READ and DMA_WRITE.  The specification has a 64-bit count and then the
 * bytes, at 32 from the start of the message.  QEMU (10.1 to at least 11.1)
 * has a 32-bit count and the bytes at 28, but checks sizes as if they were at
 * 32.  The message is equally long in both dialects.
 */
struct vu_dma_rw {
	uint64_t	addr;
	uint64_t	count;
};

#define VU_DMA_DATA_SPEC	(sizeof(struct vu_hdr) + 16)
#define VU_DMA_DATA_QEMU	(sizeof(struct vu_hdr) + 12)

_Static_assert(sizeof(struct vu_hdr) == 16, "wire format");
_Static_assert(sizeof(struct vu_dma_map) == 32, "wire format");
_Static_assert(sizeof(struct vu_dma_unmap) == 24, "wire format");
_Static_assert(sizeof(struct vu_region_info) == 32, "wire format");
_Static_assert(sizeof(struct vu_irq_set) == 20, "wire format");
_Static_assert(sizeof(struct vu_write_one) == 24, "wire format");

#endif
