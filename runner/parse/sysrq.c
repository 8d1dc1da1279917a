// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's answers to SysRq keys, line by line (drivers/tty/sysrq.c), and what they
 * say of a wedged kernel. */
#include "parse/sysrq.h"

#include "parse/oops_culprit.h"
#include "parse/oops_lines.h"
#include "parse/prefix.h"
#include "parse/sysrq_int.h"
#include "util/mem.h"

static const char *const answer_names[] = {
#define X(name, str) [SYSRQ_##name] = str,
	SYSRQ_ANSWERS(X)
#undef X
};

const char *sysrq_answer_to_str(enum sysrq_answer a)
{
	return answer_names[a];
}

struct sysrq_reader *sysrq_new(void)
{
	struct sysrq_reader *r = xcalloc(1, sizeof(*r));

	r->memory = (struct sysrq_memory){ .ram_pages = -1,
					   .free_kb = -1,
					   .min_kb = -1,
					   .slab_unreclaimable_pages = -1,
					   .free_swap_kb = -1 };
	return r;
}

void sysrq_free(struct sysrq_reader *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_tasks; i++)
		incident_frames_free(r->tasks[i].trace.frames, r->tasks[i].trace.n);
	for (size_t i = 0; i < r->n_cpus; i++)
		incident_frames_free(r->cpus[i].trace.frames, r->cpus[i].trace.n);
	for (size_t i = 0; i < r->n_holders; i++)
		for (size_t k = 0; k < r->holders[i].n; k++) {
			free(r->holders[i].locks[k].name);
			free(r->holders[i].locks[k].at);
		}
	free(r);
}

void sysrq_ask(struct sysrq_reader *r, char key)
{
	r->section = SYSRQ_IN_NOTHING;
	r->trace = NULL;
	if (r->n_keys < SYSRQ_MAX_KEYS)
		r->keys[r->n_keys++] = (struct sysrq_key){ .key = key };
}

enum sysrq_answer sysrq_answer(const struct sysrq_reader *r)
{
	return r->n_keys ? r->keys[r->n_keys - 1].answer : SYSRQ_NONE;
}

/* What the handler says first. */
static void answer_line(struct sysrq_reader *r, const char *s)
{
	static const char *const begins[] = { "Show ", "HELP", "This sysrq" };
	struct sysrq_key *key = r->n_keys ? &r->keys[r->n_keys - 1] : NULL;
	const char *p = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(begins) && !p; i++)
		p = strstr(s, begins[i]);
	if (!key || !p || key->answer != SYSRQ_NONE)
		return;
	if (lines_starts(p, "This sysrq operation is disabled"))
		key->answer = SYSRQ_DISABLED;
	else if (lines_starts(p, "HELP"))
		key->answer = SYSRQ_UNKNOWN;
	else if (lines_starts(p, "Show "))
		key->answer = SYSRQ_OK;
}

static bool is_handler_line(const char *s)
{
	return lines_starts(s, "sysrq: ") || lines_starts(s, "SysRq : ") ||
	       lines_starts(s, "This sysrq operation");
}

static void read_text(struct sysrq_reader *r, const char *s)
{
	const char *text = lines_skip_blanks(s);

	if (is_handler_line(text))
		answer_line(r, text);
	if (!sysrq_section_begins(r, text))
		sysrq_section_line(r, s);
}

void sysrq_feed(struct sysrq_reader *r, const struct line *l)
{
	char text[512];
	size_t len = line_clean(l->text, l->len, text, sizeof(text));
	struct prefix p;

	if (!len || !r->n_keys)
		return;
	/* The first line comes behind whatever stood there: a prompt, half a word. */
	size_t at = prefix_next_stamp(text, len, 0);
	if (at == len)
		at = 0;
	prefix_parse(text + at, len - at, &p);
	read_text(r, text + at + p.text);
}

const char *sysrq_cpu_function(const struct sysrq_cpu *c)
{
	const struct sysrq_trace *t = &c->trace;
	size_t at = 0;

	if (c->pc[0])
		return c->pc;
	/* The CPU that took the interrupt shows its handler first. */
	for (size_t i = 0; i < t->n; i++)
		if (strstr(t->frames[i].function, "_irq") &&
		    (lines_starts(t->frames[i].function, "el") ||
		     strstr(t->frames[i].function, "__irq_svc")))
			at = i + 1;
		else if (lines_starts(t->frames[i].function, "asm_"))
			at = i + 1;
	return at < t->n ? t->frames[at].function : NULL;
}

const char *sysrq_task_function(const struct sysrq_task *t)
{
	size_t from = 0;

	/* Who sleeps on purpose tells no more than that. */
	for (size_t i = 0; i < t->trace.n; i++)
		if (lines_starts(t->trace.frames[i].function, "msleep") ||
		    lines_starts(t->trace.frames[i].function, "usleep_range"))
			from = i + 1;
	return from < t->trace.n ? culprit_hung(t->trace.frames + from, t->trace.n - from)
				 : NULL;
}

bool sysrq_blocked(const struct sysrq_reader *r, char *out, size_t cap)
{
	for (size_t i = 0; i < r->n_tasks; i++) {
		const char *function = sysrq_task_function(&r->tasks[i]);

		if (!function)
			continue;
		snprintf(out, cap, "task %s in %s", r->tasks[i].comm, function);
		return true;
	}
	if (r->n_tasks)
		snprintf(out, cap, "task %s", r->tasks[0].comm);
	return r->n_tasks > 0;
}

/* User space or a kernel thread otherwise. */
static bool is_in_syscall(const struct sysrq_trace *t)
{
	static const char *const entries[] = { "el0_svc",        "do_el0_svc",
					       "invoke_syscall", "do_syscall_64",
					       "entry_SYSCALL",  "ret_fast_syscall" };

	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(entries); k++)
			if (lines_starts(t->frames[i].function, entries[k]))
				return true;
	return false;
}

bool sysrq_running(const struct sysrq_reader *r, char *out, size_t cap)
{
	for (size_t i = 0; i < r->n_cpus; i++) {
		const struct sysrq_cpu *c = &r->cpus[i];
		const char *function = sysrq_cpu_function(c);

		if (c->is_idle || !c->comm[0] || !function || !is_in_syscall(&c->trace))
			continue;
		/* The name in the source: without .part.0 and .constprop.0. */
		snprintf(out, cap, "task %s in %.*s", c->comm,
			 (int)strcspn(function, "."), function);
		return true;
	}
	return false;
}
