// SPDX-License-Identifier: GPL-2.0-or-later
/* What a failure left behind: the capture of a wedge, what was saved from RAM and disk,
 * and each rung of the recovery. */
#include "report/result_int.h"
#include "util/jsonx.h"

/* What SysRq showed of a wedge: the deciding incident's, else the attempt's. */
static void on_captured(struct fold *f, const json_t *e)
{
	json_t *capture = json_object_get(e, "capture");
	const json_t *title = json_object_get(e, "title"), *in;
	json_t *to = f->attempt;
	size_t i;

	json_array_foreach(f->incidents, i, in) if (json_get_int(in, "id", -1) ==
						    json_get_int(e, "incident", -2)) to =
		json_array_get(f->incidents, i);
	if (!to || !json_is_object(capture))
		return;
	json_put(to, "capture", json_incref(capture));
	if (to == f->attempt) {
		json_put(to, "blocked", json_lossy_str(json_get_str(e, "blocked", NULL)));
		json_put(to, "running", json_lossy_str(json_get_str(e, "running", NULL)));
	} else if (json_is_string(title))
		json_put(to, "title", json_lossy_str(json_string_value(title)));
}

static void on_recovery(struct fold *f, const json_t *e)
{
	/* Evidence kept between two attempts is no recovery. */
	if (json_get_bool(e, "evidence", false))
		return;
	f->recovery_ran = true;
	if (json_object_get(e, "recovered"))
		f->recovered = json_get_bool(e, "recovered", false);
}

/* What RAM held is read before the first cut, or lost. */
static void on_power(struct fold *f, const json_t *e)
{
	if (json_get_bool(e, "recovery", false) && !f->evidence &&
	    strcmp(json_get_str(e, "what", ""), "off") == 0)
		f->evidence = "lost";
}

static void on_harvest(struct fold *f, const json_t *e)
{
	if (!f->evidence)
		f->evidence = "kept";
	fold_push(f->harvested, fold_members(e));
}

static void on_rung(struct fold *f, const json_t *e)
{
	json_t *s = fold_members(e);

	json_put(s, "t_s", json_real(fold_time_of(e)));
	fold_push(f->steps, s);
}

bool fold_recovery_event(struct fold *f, const char *type, const json_t *e)
{
	if (strcmp(type, "captured") == 0)
		on_captured(f, e);
	else if (strcmp(type, "recovery") == 0)
		on_recovery(f, e);
	else if (strcmp(type, "rung-end") == 0)
		on_rung(f, e);
	else if (strcmp(type, "harvest") == 0)
		on_harvest(f, e);
	else if (strcmp(type, "power") == 0)
		on_power(f, e);
	else if (strcmp(type, "repair") == 0)
		fold_push(f->repairs, fold_members(e));
	else if (strcmp(type, "wedged") == 0)
		f->wedged = true;
	else
		return false;
	return true;
}

json_t *fold_recovery_json(const struct fold *f)
{
	json_t *r = json_object();

	json_put(r, "needed", json_boolean(f->recovery_ran));
	json_put(r, "recovered",
		 f->recovery_ran ? json_boolean(f->recovered) : json_null());
	json_put(r, "steps", json_incref(f->steps));
	json_put(r, "harvested", json_incref(f->harvested));
	json_put(r, "evidence", json_lossy_str(f->recovery_ran ? f->evidence : NULL));
	json_put(r, "repairs", json_incref(f->repairs));
	json_put(r, "wedged", json_boolean(f->wedged));
	return r;
}
