// SPDX-License-Identifier: GPL-2.0-or-later
/* A campaign's result.json from its records. */
#include "campaign/result.h"

#include "campaign/boot.h"
#include "campaign/outcome_int.h"
#include "report/result_read.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { MAX_INCIDENTS = 250 };

static void copy(json_t *to, const json_t *from, const char *key)
{
	const json_t *value = json_object_get(from, key);

	json_put(to, key, value ? json_deep_copy(value) : json_null());
}

/* A new id: ids of different runs are all alike. */
static json_t *incident_of(const struct campaign *c, const json_t *record, int64_t id)
{
	_cleanup_json_ json_t *result = campaign_result_of(c, record);
	const json_t *in = outcome_incident(result);
	json_t *j;

	if (!in)
		return NULL;
	j = json_deep_copy(in);
	json_put(j, "id", json_integer(id));
	copy(j, record, "run");
	json_put(j, "run_attempt", json_integer(json_get_int(in, "attempt", 0)));
	json_put(j, "attempt", json_integer(json_get_int(record, "n", 0)));
	return j;
}

static json_t *attempt_of(const json_t *record)
{
	static const char *const keys[] = { "n",       "cell",   "level",     "status",
					    "kind",    "reason", "exit_code", "boots",
					    "seconds", "run",    "start_time" };
	json_t *a = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_object_get(record, keys[i]))
			copy(a, record, keys[i]);
	json_put(a, "incident", json_null());
	json_put(a, "stages", json_array());
	return a;
}

static void add_boots(const struct campaign *c, json_t *result)
{
	json_t *attempts = json_array(), *incidents = json_array();
	int64_t boots = 0, unlisted = 0;
	double seconds = 0;
	const json_t *record;
	size_t i;

	json_array_foreach(campaign_boots(c), i, record)
	{
		int64_t id = (int64_t)json_array_size(incidents);
		json_t *a = attempt_of(record), *in = NULL;

		boots += json_get_int(record, "boots", 0);
		seconds += result_number(record, "seconds", 0);
		if (json_get_str(record, "kind", NULL) && id < MAX_INCIDENTS)
			in = incident_of(c, record, id);
		else if (json_get_str(record, "kind", NULL))
			unlisted++;
		if (in) {
			json_put(a, "incident", json_integer(id));
			json_push(incidents, in);
		}
		json_push(attempts, a);
	}
	json_put(result, "duration_s", json_real(seconds));
	json_put(result, "boots", json_integer(boots));
	json_put(result, "incidents", incidents);
	json_put(result, "attempts", attempts);
	if (unlisted)
		json_put(result, "unlisted_incidents", json_integer(unlisted));
}

static json_t *progress_json(const struct campaign *c)
{
	json_t *j = json_object();

	json_put(j, "state",
		 json_string(c->is_running                                ? "running"
			     : json_get_bool(c->state, "finished", false) ? "finished"
									  : "stopped"));
	copy(j, c->state, "sessions");
	return j;
}

/* What may still change is no verdict; a failure stays one. */
static void add_verdict(const struct campaign *c, const struct verdict *v, int exit_code,
			json_t *result)
{
	bool is_open = c->is_running && strcmp(v->status, "fail") != 0;
	_cleanup_free_ char *reason =
		xasprintf("%s%s", c->is_running ? "so far: " : "", v->reason);
	json_t *verdict = json_object();

	json_put(verdict, "status", json_string(is_open ? "lab" : v->status));
	json_put(verdict, "kind", json_lossy_str(v->kind));
	json_put(verdict, "reason", json_lossy_str(reason));
	json_put(result, "verdict", verdict);
	json_put(result, "error_type", json_lossy_str(v->error_type));
	json_put(result, "exit_code", json_integer(is_open ? 125 : exit_code));
}

static void add_head(const struct campaign *c, const struct job_spec *job,
		     const struct board_spec *board, json_t *result)
{
	json_t *b = json_object();
	json_t *j =
		json_deep_copy(json_object_get(json_object_get(c->state, "plan"), "job"));
	struct wall_time now = clock_wall();
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	json_put(j, "device_type", json_lossy_str(job->device_type));
	json_put(j, "metadata", spec_masked_json(job->metadata));
	json_put(b, "name", json_lossy_str(board->board));
	json_put(b, "device_type", json_lossy_str(board->device_type));
	json_put(result, "schema", json_string("bootrig.result/1"));
	copy(result, c->state, "id");
	copy(result, c->state, "bootrig");
	json_put(result, "job", j);
	json_put(result, "board", b);
	json_put(result, "host", json_lossy_str(host));
	copy(result, c->state, "start_time");
	json_put(result, "end_time", c->is_running ? json_null() : json_string(now.str));
	json_put(result, "campaign", progress_json(c));
}

json_t *campaign_result(const struct campaign *c, const struct job_spec *job,
			const struct board_spec *board, const struct verdict *v,
			int exit_code, json_t *take_tests, json_t *take_body)
{
	json_t *result = json_object();

	add_head(c, job, board, result);
	add_verdict(c, v, exit_code, result);
	add_boots(c, result);
	json_put(result, "tests", take_tests);
	json_put(result,
		 json_get_str(json_object_get(c->state, "plan"), "kind", "campaign"),
		 take_body);
	return result;
}
