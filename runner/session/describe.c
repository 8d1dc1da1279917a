// SPDX-License-Identifier: GPL-2.0-or-later
/* What a run is, in its first action: which job, board, host and build. All that the
 * result needs and the bytes do not say, so that a replay needs no other file; secrets
 * masked. */
#include "diagnose/build_id.h"
#include "session/state.h"
#include "util/hash.h"
#include "util/jsonx.h"
#include "util/mem.h"

static json_t *expect_json(const struct job_expect *e)
{
	json_t *j = json_object();

	json_put(j, "kinds", incident_kinds_to_json(e->kinds));
	json_put(j, "functions", json_lossy_strs(&e->functions));
	json_put(j, "titles", json_lossy_strs(&e->titles));
	json_put(j, "test_failure", json_boolean(e->test_failure));
	return j;
}

static json_t *job_json(const struct job_spec *job)
{
	struct sha256_hex sha = sha256_of(job->text, job->text_len);
	json_t *j = json_object();

	json_put(j, "name", json_lossy_str(job->job_name));
	json_put(j, "device_type", json_lossy_str(job->device_type));
	json_put(j, "file", json_lossy_str(job->path));
	json_put(j, "sha256", json_string(sha.str));
	json_put(j, "priority", json_lossy_str(job->priority));
	json_put(j, "visibility", json_lossy_str(job->visibility));
	json_put(j, "metadata", spec_masked_json(job->metadata));
	return j;
}

static void put_url(json_t *j, const char *key, const char *url)
{
	_cleanup_free_ char *shown = spec_masked_url(url);

	json_put(j, key, json_lossy_str(shown));
}

static json_t *asked_json(const struct job_spec *job)
{
	json_t *j = json_object();

	for (size_t i = 0; i < job->n_actions; i++) {
		const struct job_deploy *d = &job->actions[i].deploy;

		if (job->actions[i].kind != JOB_DEPLOY)
			continue;
		put_url(j, "kernel", d->kernel.url);
		put_url(j, "ramdisk", d->ramdisk.url);
		put_url(j, "dtb", d->dtb.url);
		break;
	}
	return j;
}

/* Which build the offsets will come from. */
static json_t *vmlinux_json(const struct job_spec *job)
{
	_cleanup_free_ char *id = build_id_of_file(job->vmlinux);
	json_t *j = json_object();

	json_put(j, "path", json_lossy_str(job->vmlinux));
	json_put(j, "build_id", json_lossy_str(id));
	json_put(j, "modules", json_lossy_strs(&job->modules));
	return j;
}

/* All of them, wherever they came from: a replay does not find their files. */
static json_t *hypotheses_json(const struct job_spec *job)
{
	_cleanup_json_ json_t *all = hypotheses_to_json(&job->hypotheses);

	return spec_masked_json(json_object_get(all, "hypotheses"));
}

void session_describe(struct session *s)
{
	json_t *m = json_object(), *board = json_object();
	char host[256] = "";
	struct wall_time now = clock_wall();

	gethostname(host, sizeof(host) - 1);
	json_put(board, "name", json_lossy_str(s->board->board));
	json_put(board, "device_type", json_lossy_str(s->board->device_type));
	json_put(board, "console",
		 json_string(board_transport_to_str(s->board->console.transport)));
	json_put(board, "power",
		 json_string(board_power_backend_to_str(s->board->power.backend)));
	json_put(m, "id", json_string(s->dir->id));
	json_put(m, "bootrig", json_string(BOOTRIG_VERSION));
	json_put(m, "wall", json_string(now.str));
	json_put(m, "host", json_lossy_str(host));
	json_put(m, "job", job_json(s->job));
	json_put(m, "board", board);
	json_put(m, "asked", asked_json(s->job));
	if (s->job->hypotheses.n)
		json_put(m, "hypotheses", hypotheses_json(s->job));
	if (s->job->vmlinux)
		json_put(m, "vmlinux", vmlinux_json(s->job));
	if (s->opts->stretch && s->opts->stretch->level)
		json_put(m, "level", json_lossy_str(s->opts->stretch->level));
	json_put(m, "loop_boots", json_integer(s->job->loop_boots));
	json_put(m, "expect",
		 s->job->expect.given ? expect_json(&s->job->expect) : json_null());
	journal_action_json(s->journal, "run", m);
}
