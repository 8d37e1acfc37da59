/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "garble CARD MESSAGE CHANGE [TIMES]": what the firmware does to its next
 * messages of a kind, in the names of the table of messages.
 *
 *	fails			the descriptor says that it failed
 *	id=N, dwords=N		the header's id, its length
 *	ATTRIBUTE=none		left out
 *	ATTRIBUTE=N		a number, or a flag: 0 or 1
 *	ATTRIBUTE.bytes=N	cut, or filled with zeros
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "../fw/msg.h"
#include "../homes/fw_home.h"
#include "control_int.h"
#include "package.h"
#include "unit.h"

static const struct msg_def *message(const char *name)
{
	for (size_t i = 0; i < fw_msg_count; i++)
		if (!strcmp(fw_msgs[i].name, name))
			return &fw_msgs[i];
	return NULL;
}

static struct json_object *no_message(const char *name)
{
	char list[1024] = "";
	size_t at = 0;

	for (size_t i = 0; i < fw_msg_count && at < sizeof(list); i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, " %s", fw_msgs[i].name);
	return control_error("garble: there is no message \"%s\", but:%s", name, list);
}

static struct json_object *no_attribute(const struct msg_def *def, const char *name)
{
	char list[512] = "";
	size_t at = 0;

	for (size_t i = 0; i < def->attrs.count && at < sizeof(list); i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, " %s", def->attrs.attr[i].name);
	return control_error("garble: %s has no attribute \"%s\", but:%s", def->name, name, *list ? list : " none");
}

static const struct tlv_attr *attribute(const struct msg_def *def, const char *name, size_t len)
{
	for (size_t i = 0; i < def->attrs.count; i++)
		if (strlen(def->attrs.attr[i].name) == len && !memcmp(def->attrs.attr[i].name, name, len))
			return &def->attrs.attr[i];
	return NULL;
}

/* "NAME=VALUE", cut up; NULL or an answer that says what is wrong */
static struct json_object *parse(const struct msg_def *def, char *change, struct fw_garble *g)
{
	char *value = strchr(change, '='), *dot = strchr(change, '.');
	const struct tlv_attr *a;
	bool none;
	long n = 0;

	if (!strcmp(change, "fails")) {
		g->how = FW_GARBLE_FAIL;
		return NULL;
	}
	if (!value)
		return control_error("garble: fails or NAME=VALUE is wanted, not \"%s\"", change);
	*value++ = '\0';
	none = !strcmp(value, "none");
	if (!none && !control_number(value, INT32_MIN, INT32_MAX, &n))
		return control_error("garble: none or a number of 32 bits is wanted, not \"%s\"", value);
	g->value = (int32_t)n;

	a = attribute(def, change, strlen(change));
	if (a)
		g->how = none ? FW_GARBLE_DROP : FW_GARBLE_VALUE;
	else if (!strcmp(change, "id"))
		g->how = FW_GARBLE_ID;
	else if (!strcmp(change, "dwords"))
		g->how = FW_GARBLE_DWORDS;
	else if (dot && !strcmp(dot, ".bytes") && (a = attribute(def, change, (size_t)(dot - change))))
		g->how = FW_GARBLE_BYTES;
	else
		return no_attribute(def, change);
	if (none && g->how != FW_GARBLE_DROP)
		return control_error("garble: a number is wanted for %s", change);
	g->attr = a ? a->id : 0;
	return NULL;
}

struct json_object *control_garble(struct unit *u, char **args)
{
	const struct msg_def *def = message(args[0]);
	struct fw_garble g = { 0 };
	struct json_object *bad;
	long times = 1;
	int err;

	if (!def)
		return no_message(args[0]);
	g.msg = def->id;
	bad = parse(def, args[1], &g);
	if (bad)
		return bad;
	if (args[2] && !control_number(args[2], 0, CONTROL_FAULTS, &times))
		return control_error("garble: a number of times up to %d is wanted, not \"%s\"", CONTROL_FAULTS, args[2]);
	err = fw_home_set_garble(package_fw(unit_package(u)), &g, (uint32_t)times);
	if (err == -EINVAL && !(def->dir & MSG_TO_HOST))
		return control_error("garble: %s is the driver's; it can fail, nothing else", def->name);
	if (err == -EINVAL)
		return control_error("garble: that can't be done to %s of %s", args[1], def->name);
	return control_told(err);
}
