/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Error numbers of the firmware.
 *
 * Functions return 0 or a negative one of these.  They are Linux' numbers and
 * stay so wherever the firmware runs, because error attributes travel to the
 * driver, which hands them to its users.  (A freestanding compiler has no
 * errno.h to take them from.)
 */
#ifndef OPENFBNIC_FW_ERR_H
#define OPENFBNIC_FW_ERR_H

enum {
	FW_EPERM	= 1,
	FW_ENOENT	= 2,
	FW_EIO		= 5,
	FW_E2BIG	= 7,
	FW_EACCES	= 13,
	FW_EFAULT	= 14,
	FW_EBUSY	= 16,
	FW_ENODEV	= 19,
	FW_EINVAL	= 22,
	FW_ENOSPC	= 28,
	FW_ERANGE	= 34,
	FW_EBADMSG	= 74,
	FW_EOVERFLOW	= 75,
	FW_EOPNOTSUPP	= 95,
	FW_EADDRINUSE	= 98,
};

#endif
