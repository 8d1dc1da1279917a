// SPDX-License-Identifier: GPL-2.0-or-later
/* SysRq's answers as the `capture` of an incident. */
#include "parse/sysrq_int.h"
#include "util/jsonx.h"

static json_t *pid_json(int32_t pid)
{
	return pid < 0 ? json_null() : json_integer(pid);
}

static json_t *tasks_json(const struct sysrq_reader *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->n_tasks; i++) {
		const struct sysrq_task *t = &r->tasks[i];
		json_t *o = json_object();

		json_put(o, "comm", json_lossy_str(t->comm));
		json_put(o, "pid", pid_json(t->pid));
		json_put(o, "state", json_lossy(&t->state, 1));
		json_put(o, "function", json_lossy_str(sysrq_task_function(t)));
		json_put(o, "call_trace",
			 incident_frames_to_json(t->trace.frames, t->trace.n));
		json_push(a, o);
	}
	return a;
}

static json_t *cpus_json(const struct sysrq_reader *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->n_cpus; i++) {
		const struct sysrq_cpu *c = &r->cpus[i];
		json_t *o = json_object();

		json_put(o, "cpu", json_integer(c->cpu));
		json_put(o, "idle", json_boolean(c->is_idle));
		json_put(o, "comm", json_lossy_str(c->comm[0] ? c->comm : NULL));
		json_put(o, "pid", pid_json(c->pid));
		json_put(o, "function", json_lossy_str(sysrq_cpu_function(c)));
		json_put(o, "call_trace",
			 incident_frames_to_json(c->trace.frames, c->trace.n));
		json_push(a, o);
	}
	return a;
}

static json_t *locks_json(const struct sysrq_reader *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->n_holders; i++) {
		const struct sysrq_holder *h = &r->holders[i];
		json_t *o = json_object(), *locks = json_array();

		json_put(o, "comm", json_lossy_str(h->comm));
		json_put(o, "pid", pid_json(h->pid));
		for (size_t k = 0; k < h->n; k++) {
			json_t *l = json_object();

			json_put(l, "lock", json_lossy_str(h->locks[k].name));
			json_put(l, "at", json_lossy_str(h->locks[k].at));
			json_push(locks, l);
		}
		json_put(o, "locks", locks);
		json_push(a, o);
	}
	return a;
}

static void put_known(json_t *o, const char *key, int64_t v)
{
	json_put(o, key, v < 0 ? json_null() : json_integer(v));
}

static json_t *memory_json(const struct sysrq_memory *m)
{
	json_t *o = json_object();

	if (!m->was_shown) {
		json_decref(o);
		return json_null();
	}
	put_known(o, "ram_pages", m->ram_pages);
	put_known(o, "free_kb", m->free_kb);
	put_known(o, "min_kb", m->min_kb);
	put_known(o, "slab_unreclaimable_pages", m->slab_unreclaimable_pages);
	put_known(o, "free_swap_kb", m->free_swap_kb);
	return o;
}

json_t *sysrq_to_json(const struct sysrq_reader *r)
{
	json_t *o = json_object(), *answers = json_object();

	for (size_t i = 0; i < r->n_keys; i++) {
		const char key[2] = { r->keys[i].key, '\0' };

		json_put(answers, key,
			 json_string(sysrq_answer_to_str(r->keys[i].answer)));
	}
	json_put(o, "answers", answers);
	json_put(o, "blocked_tasks", tasks_json(r));
	if (r->n_more_tasks)
		json_put(o, "unlisted_blocked_tasks", json_integer(r->n_more_tasks));
	json_put(o, "cpus", cpus_json(r));
	json_put(o, "locks", locks_json(r));
	json_put(o, "memory", memory_json(&r->memory));
	json_put(o, "n_tasks", json_integer(r->n_all_tasks));
	return o;
}
