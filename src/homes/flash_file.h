/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware's flash as a file, or as memory that goes with the process.
 * Functions return 0 or a negative errno.
 */
#ifndef OPENFBNIC_FLASH_FILE_H
#define OPENFBNIC_FLASH_FILE_H

#include <stddef.h>
#include <stdint.h>

struct flash_file;

/*
 * DIR/flash, made if it is not there; @dir NULL: memory.  NULL: @err has a
 * sentence.  One process has it at a time.
 */
struct flash_file *flash_file_open(const char *dir, size_t size, char *err, size_t errlen);
void flash_file_close(struct flash_file *f);

int flash_file_read(struct flash_file *f, uint32_t off, void *buf, size_t len);
int flash_file_write(struct flash_file *f, uint32_t off, const void *buf, size_t len);
int flash_file_sync(struct flash_file *f);

#endif
