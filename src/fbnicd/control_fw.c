/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of the control socket about the firmware and what it looks after:
 * its life, faults, the link's other end, module, sensors, fuses.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "../card/card.h"
#include "../homes/fw_home.h"
#include "../homes/partner.h"
#include "control_int.h"
#include "package.h"
#include "unit.h"

#define MAX_MS		3600000
#define MAX_RATE	1000000000

struct json_object *control_error(const char *fmt, ...)
{
	struct json_object *o = json_object_new_object();
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_object_object_add(o, "error", json_object_new_string(text));
	return o;
}

struct json_object *control_ok(void)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "ok", json_object_new_boolean(1));
	return o;
}

bool control_number(const char *val, long min, long max, long *n)
{
	char *end;

	if (!val)
		return false;
	*n = strtol(val, &end, 0);
	return *val && !*end && *n >= min && *n <= max;
}

static struct json_object *not_here(void)
{
	return control_error("the card's firmware is not ours: this can't be asked of it");
}

struct json_object *control_told(int err)
{
	if (err == -ENOTSUP)
		return not_here();
	return err ? control_error("the card's firmware can't do this now") : control_ok();
}

static struct fw_home *fw_of(struct unit *u)
{
	return package_fw(unit_package(u));
}

static struct json_object *show_fw(struct unit *u)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "phase", json_object_new_string(fw_phase_names[fw_home_phase(fw_of(u))]));
	fw_home_counters(fw_of(u), control_counter, o);
	return o;
}

struct json_object *control_fw(struct unit *u, char **args)
{
	struct fw_home *fw = fw_of(u);
	int err;

	if (!args[0])
		return show_fw(u);
	if (!strcmp(args[0], "crash"))
		err = fw_home_crash(fw, "asked for");
	else if (!strcmp(args[0], "hang"))
		err = fw_home_hang(fw);
	else if (!strcmp(args[0], "restart"))
		err = fw_home_restart(fw);
	else
		return control_error("fw: crash, hang or restart is wanted, not \"%s\"", args[0]);
	if (err == -ENOTSUP)
		return not_here();
	return err ? control_error("fw: the firmware is %s", fw_phase_names[fw_home_phase(fw)]) : control_ok();
}

struct json_object *control_power_card(struct package *p)
{
	package_power(p);
	return control_ok();
}

struct json_object *control_power(struct unit *u, char **args)
{
	(void)args;
	unit_power(u);
	return control_ok();
}

/* ---- the link's other end ---- */

/* The light that a module with lasers gets */
static void show_light(struct unit *u, bool on)
{
	struct fw_module m = *fw_home_module(fw_of(u), unit_host(u));

	m.rx_nw = on && (m.kind == FW_MODULE_OPTIC || m.kind == FW_MODULE_CMIS) ? 700000 : 0;
	fw_home_set_module(fw_of(u), unit_host(u), &m);
}

static struct json_object *link_number(struct partner *p, char **args)
{
	long a, b = 0;

	if (!strcmp(args[0], "errors")) {
		if (!control_number(args[1], 0, MAX_RATE, &a) || (args[2] && !control_number(args[2], 0, MAX_RATE, &b)))
			return control_error("link errors: codewords per second are wanted, corrected and not, up to %d",
					     MAX_RATE);
		partner_errors(p, (uint32_t)a, (uint32_t)b);
		return control_ok();
	}
	if (!control_number(args[1], 0, MAX_MS, &a))
		return control_error("link %s: milliseconds up to %d are wanted", args[0], MAX_MS);
	if (args[0][0] == 't')
		partner_train(p, (uint32_t)a);
	else
		partner_flap(p, (uint32_t)a);
	return control_ok();
}

struct json_object *control_link(struct unit *u, char **args)
{
	struct partner *p = unit_partner(u);

	if (!strcmp(args[0], "train") || !strcmp(args[0], "flap") || !strcmp(args[0], "errors"))
		return link_number(p, args);
	if (!strcmp(args[0], "up") || !strcmp(args[0], "down")) {
		partner_cable(p, args[0][0] == 'u');
	} else if (!strcmp(args[0], "light") || !strcmp(args[0], "dark")) {
		partner_light(p, args[0][0] == 'l');
		show_light(u, args[0][0] == 'l');
	} else {
		return control_error("link: up, down, dark, light, train, flap or errors is wanted, not \"%s\"", args[0]);
	}
	return control_ok();
}

/* ---- faults ---- */

static struct json_object *show_faults(const struct fw_home *h)
{
	struct json_object *o = json_object_new_object();
	uint32_t times;

	for (unsigned int i = 0; i < FW_FAULTS; i++) {
		if (fw_home_fault(h, (enum fw_fault)i, &times)) {
			json_object_put(o);
			return not_here();
		}
		control_counter(o, fw_fault_names[i], times);
	}
	return o;
}

struct json_object *control_fault(struct unit *u, char **args)
{
	long times = 1;
	unsigned int i;

	if (!args[0])
		return show_faults(fw_of(u));
	for (i = 0; i < FW_FAULTS && strcmp(args[0], fw_fault_names[i]); i++)
		;
	if (i == FW_FAULTS)
		return control_error("fault: there is no fault \"%s\"; \"fault CARD\" lists them", args[0]);
	if (args[1] && !control_number(args[1], 0, CONTROL_FAULTS, &times))
		return control_error("fault: a number up to %d is wanted", CONTROL_FAULTS);
	return control_told(fw_home_set_fault(fw_of(u), (enum fw_fault)i, (uint32_t)times));
}

/* ---- module, sensors, fuses ---- */

struct json_object *control_module(struct unit *u, char **args)
{
	static const struct { const char *name; struct fw_module m; } t[] = {
		{ "none", { .kind = FW_MODULE_NONE } },
		{ "dac", { .kind = FW_MODULE_DAC, .temp = 28000, .volt = 3300 } },
		{ "optic", { FW_MODULE_OPTIC, 38500, 3290, 7200, 1100000, 700000 } },
		{ "cmis", { FW_MODULE_CMIS, 41000, 3285, 7600, 1200000, 700000 } },
	};

	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (!strcmp(args[0], t[i].name)) {
			int err = fw_home_set_module(fw_of(u), unit_host(u), &t[i].m);

			if (!err)
				partner_cable(unit_partner(u), t[i].m.kind != FW_MODULE_NONE);
			return control_told(err);
		}
	return control_error("module: none, dac, optic or cmis is wanted, not \"%s\"", args[0]);
}

static struct json_object *show_sensors(const struct board *b)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "millidegrees", json_object_new_int(b->temp));
	json_object_object_add(o, "millivolts", json_object_new_int(b->volt));
	json_object_object_add(o, "ambient", json_object_new_int(b->ambient));
	return o;
}

struct json_object *control_sensor(struct unit *u, char **args)
{
	struct board *b = fw_home_board(fw_of(u));
	long val;

	if (!args[0])
		return show_sensors(b);
	if (!strcmp(args[0], "auto")) {
		b->temp_fixed = b->volt_fixed = false;
		return control_ok();
	}
	if (!control_number(args[1], -200000, 200000, &val))
		return control_error("sensor: a value in thousandths, up to 200000, is wanted");
	if (!strcmp(args[0], "temp")) {
		b->temp = (int32_t)val;
		b->temp_fixed = true;
	} else if (!strcmp(args[0], "volt")) {
		b->volt = (int32_t)val;
		b->volt_fixed = true;
	} else if (!strcmp(args[0], "ambient")) {
		b->ambient = (int32_t)val;
	} else {
		return control_error("sensor: temp, volt, ambient or auto is wanted, not \"%s\"", args[0]);
	}
	return control_told(fw_home_sensors(fw_of(u)));
}

struct json_object *control_otp(struct unit *u, char **args)
{
	char *end, *end2 = NULL;
	unsigned long status = strtoul(args[0], &end, 0), write_status = args[1] ? strtoul(args[1], &end2, 0) : 0;

	if (*end || status > UINT32_MAX || (end2 && *end2) || write_status > UINT32_MAX)
		return control_error("otp: two 32-bit numbers are wanted");
	return control_told(fw_home_set_otp(fw_of(u), (uint32_t)status, (uint32_t)write_status));
}
