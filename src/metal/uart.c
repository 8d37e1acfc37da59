// SPDX-License-Identifier: GPL-2.0-or-later
/* The console: a PL011, which QEMU has ready; we only write */
#include "metal.h"
#include "virt.h"

#define UART_DR		0x00u
#define UART_FR		0x18u
#define FR_TX_FULL	0x20u

static void put(char c)
{
	while (mmio_rd(UART + UART_FR) & FR_TX_FULL)
		;
	mmio_wr(UART + UART_DR, (uint8_t)c);
}

void say(const char *text)
{
	for (; *text; text++)
		put(*text);
}

void say_hex(uint32_t val)
{
	say("0x");
	for (int shift = 28; shift >= 0; shift -= 4)
		put("0123456789abcdef"[val >> shift & 0xf]);
}

void say_dec(uint32_t val, unsigned int width)
{
	char t[11];
	unsigned int i = sizeof(t) - 1;

	t[i] = 0;
	do {
		t[--i] = (char)('0' + val % 10);
		val /= 10;
		if (width)
			width--;
	} while (i && (val || width));
	say(&t[i]);
}
