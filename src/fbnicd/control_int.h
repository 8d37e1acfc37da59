/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the control socket offer each other: answers, and the requests that are not in control.c */
#ifndef OPENFBNIC_CONTROL_INT_H
#define OPENFBNIC_CONTROL_INT_H

#include <stdbool.h>
#include <stdint.h>

#define CONTROL_FAULTS	1000000		/* of a kind, at most */

struct json_object;
struct package;
struct unit;

struct json_object *control_ok(void);
struct json_object *control_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void control_counter(void *object, const char *name, uint64_t val);

/* A number from @min to @max; false: @val is none, or NULL */
bool control_number(const char *val, long min, long max, long *n);
/* What an error of a home means; 0: nothing but ok */
struct json_object *control_told(int err);

/* control_garble.c */
struct json_object *control_garble(struct unit *u, char **args);

/* control_fw.c; @args: the words behind the card's number, the first that is not there is NULL */
struct json_object *control_fw(struct unit *u, char **args);
struct json_object *control_fault(struct unit *u, char **args);
struct json_object *control_link(struct unit *u, char **args);
struct json_object *control_module(struct unit *u, char **args);
struct json_object *control_sensor(struct unit *u, char **args);
struct json_object *control_otp(struct unit *u, char **args);
struct json_object *control_power(struct unit *u, char **args);
struct json_object *control_power_card(struct package *p);

#endif
