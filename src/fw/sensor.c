// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sensors and fuses.
 *
 * What the sensors measure is the home's business; the firmware answers the
 * driver (hwmon) and minds the limits, which are in the capabilities.  It looks
 * whenever the host asks for a value or a heartbeat, so an idle card needs no
 * timer.  Crossing a limit is a line in the log, both ways, and a message
 * (0x40, Meta's mock firmware) if that is configured: upstream drivers do not
 * know it and print a dump of it.
 *
 * The fuses' state (OTP) is two words in the mailbox's BAR; the driver reads
 * them at probe and after a crash, and reports what is not 0 (devlink health,
 * reporter otp).  A function reset clears the words, so they are written again.
 */
#include "err.h"
#include "fw_core.h"
#include "str.h"

static int read_both(struct fw *fw, int32_t *temp, int32_t *volt)
{
	int err;

	if (!fw->env.sensor)
		return -FW_EOPNOTSUPP;
	err = fw->env.sensor(fw->env.ctx, FW_SENSOR_TEMP, temp);
	return err ? err : fw->env.sensor(fw->env.ctx, FW_SENSOR_VOLT, volt);
}

static void sensor_log(struct fw *fw, const char *what, int32_t val, const char *unit, bool bad)
{
	uint32_t mag = val < 0 ? 0u - (uint32_t)val : (uint32_t)val;
	struct fw_str s;
	char t[LOG_LINE];

	str_begin(&s, t, sizeof(t));
	str_put(&s, "sensor: ");
	str_put(&s, what);
	str_put(&s, val < 0 ? " -" : " ");
	str_dec(&s, mag, 0);
	str_put(&s, unit);
	str_put(&s, bad ? ", beyond its limits" : ", within its limits again");
	log_all(fw, t);
	fw_state(fw, bad ? "sensor beyond its limits" : "sensor within its limits");
}

static void tell_host(struct fw_host *h, bool hot, int32_t temp, bool surge, int32_t volt)
{
	struct fw_out o;

	fw_reply(h, &o, MSG_THRESHOLD);
	if (hot) {
		out_sint(&o, THRESHOLD_THERM_FLAG, 1);
		out_sint(&o, THRESHOLD_THERM, temp);
	}
	if (surge) {
		out_sint(&o, THRESHOLD_VOLT_FLAG, 1);
		out_sint(&o, THRESHOLD_VOLT, volt);
	}
	fw_send(h, &o);
}

static void check(struct fw *fw, int32_t temp, int32_t volt)
{
	const struct fw_config *c = &fw->cfg;
	bool hot = temp < c->temp_min || temp > c->temp_max;
	bool surge = volt < 0 || (uint32_t)volt < c->volt_min || (uint32_t)volt > c->volt_max;
	bool tell = (hot && !fw->temp_bad) || (surge && !fw->volt_bad);

	if (hot != fw->temp_bad)
		sensor_log(fw, "temperature", temp, " mC", hot);
	if (surge != fw->volt_bad)
		sensor_log(fw, "voltage", volt, " mV", surge);
	fw->temp_bad = hot;
	fw->volt_bad = surge;
	if (!tell || !c->threshold_events)
		return;
	EACH_HOST(fw, h)
		if (h->host_here)
			tell_host(h, hot, temp, surge, volt);
}

void sensors_check(struct fw *fw)
{
	int32_t temp, volt;

	if (!read_both(fw, &temp, &volt))
		check(fw, temp, volt);
}

void fw_sensors(struct fw *fw)
{
	if (fw->phase != FW_READY || !mbx_enter(fw))
		return;
	sensors_check(fw);
	mbx_flush_all(fw);
	mbx_leave(fw);
}

int fw_on_tsene_read(struct fw_host *h, const struct fw_in *in)
{
	int32_t temp = 0, volt = 0;
	int err = fault_strikes(h->fw, FW_FAULT_SENSOR) ? -FW_EIO : read_both(h->fw, &temp, &volt);
	struct fw_out o;

	(void)in;
	fw_reply(h, &o, MSG_TSENE_READ_RESP);
	if (err) {
		out_sint(&o, TSENE_ERROR, err);
	} else {
		out_sint(&o, TSENE_THERM, temp);
		out_sint(&o, TSENE_VOLT, volt);
	}
	fw_send(h, &o);
	if (!err)
		check(h->fw, temp, volt);
	return err;
}

int fw_temperature(struct fw *fw, int32_t *max, int32_t *now)
{
	if (fw->phase != FW_READY)
		return -FW_EBUSY;
	if (!fw->env.sensor)
		return -FW_EOPNOTSUPP;
	*max = fw->cfg.temp_max;
	return fw->env.sensor(fw->env.ctx, FW_SENSOR_TEMP, now);
}

int fw_module_temperature(struct fw *fw, unsigned int host, int32_t *alarm, int32_t *warning, int32_t *now)
{
	const struct fw_host *h = &fw->host[host];
	const int32_t *l = qsfp_limits(h, QSFP_TEMP);

	if (fw->phase != FW_READY)
		return -FW_EBUSY;
	*alarm = l ? l[0] : 0;
	*warning = l ? l[2] : 0;
	return qsfp_value(h, QSFP_TEMP, now) ? 0 : -FW_ENODEV;
}

void otp_write(struct fw_host *h)
{
	const struct fw *fw = h->fw;

	fw->env.mbx_write(h->ctx, MBX_OTP, fw->otp[0]);
	fw->env.mbx_write(h->ctx, MBX_OTP + 1, fw->otp[1]);
}

void fw_set_otp(struct fw *fw, uint32_t status, uint32_t write_status)
{
	fw->otp[0] = status;
	fw->otp[1] = write_status;
	EACH_HOST(fw, h)
		otp_write(h);
}
