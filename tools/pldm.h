/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PLDM firmware packages (DMTF DSP0267 1.0): reading and building.
 *
 * Reading follows the rules of Linux' lib/pldmfw/pldmfw.c, in its order, and
 * gives its error numbers: what pldm_read() takes, "devlink dev flash" takes,
 * and what it refuses, that refuses with the same error.
 */
#ifndef OPENFBNIC_PLDM_H
#define OPENFBNIC_PLDM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PLDM_RECORDS		8u
#define PLDM_DESCRIPTORS	16u
#define PLDM_COMPONENTS		32u

enum {			/* descriptor types that we name */
	PLDM_PCI_VENDOR = 0x0000, PLDM_IANA = 0x0001, PLDM_UUID = 0x0002, PLDM_PCI_DEVICE = 0x0100,
	PLDM_PCI_SUBVENDOR = 0x0101, PLDM_PCI_SUBDEVICE = 0x0102, PLDM_PCI_REVISION = 0x0103,
	PLDM_VENDOR_DEFINED = 0xffff,
};

struct pldm_text {
	const uint8_t	*p;
	uint8_t		len, type;	/* type 1: ASCII */
};

struct pldm_descriptor {
	uint16_t	type, len;
	const uint8_t	*p;
};

struct pldm_record {
	uint32_t		flags;
	struct pldm_text	version;
	const uint8_t		*bitmap;		/* of components; pldm_package.bits / 8 bytes */
	unsigned int		ndesc;
	struct pldm_descriptor	desc[PLDM_DESCRIPTORS];
	uint16_t		data_len;
	const uint8_t		*data;
};

struct pldm_component {
	uint16_t		classification, id, options, activation;
	uint32_t		stamp, offset, size;
	struct pldm_text	version;
	const uint8_t		*p;
};

struct pldm_package {
	struct pldm_text	version;
	const uint8_t		*date;			/* 13 bytes */
	unsigned int		bits;			/* of the component bitmaps */
	uint16_t		header_size;
	uint32_t		crc;
	unsigned int		nrecords, ncomponents;
	struct pldm_record	record[PLDM_RECORDS];
	struct pldm_component	component[PLDM_COMPONENTS];
};

/*
 * All pointers in @pkg point into @p.  0, or the kernel's error: -EINVAL,
 * -EOPNOTSUPP, -EFAULT (ends too early, lengths that contradict), -EBADMSG
 * (CRC); -E2BIG: more than this reader's tables hold.  @err: a sentence.
 */
int pldm_read(struct pldm_package *pkg, const uint8_t *p, size_t len, char *err, size_t errlen);

struct pldm_device {
	uint16_t	vendor, device, subvendor, subdevice;
	uint32_t	anti_rollback;
};

/* Record that the driver takes for @dev, or -ENOENT (driver: fbnic_pldm_match_record()) */
int pldm_match(const struct pldm_package *pkg, const struct pldm_device *dev);
bool pldm_applies(const struct pldm_record *r, unsigned int bits, unsigned int component);
/* 0 if there is none, as in the driver */
uint32_t pldm_anti_rollback(const struct pldm_record *r);

/* What a package is made of */
struct pldm_new {
	const char		*version;
	struct pldm_device	dev;			/* subvendor, subdevice 0: any */
	unsigned int		n;
	struct {
		uint16_t	id;
		const char	*version;
		const uint8_t	*p;
		uint32_t	len;
	} component[8];
};

/* malloc()ed; NULL: out of memory or a version too long */
uint8_t *pldm_build(const struct pldm_new *pkg, size_t *len);

#endif
