// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel shows when it is asked by SysRq: tasks, CPUs and their traces, held
 * locks and memory (kernel/sched/core.c sched_show_task(), lib/nmi_backtrace.c,
 * kernel/locking/lockdep.c debug_show_all_locks(), mm/show_mem.c). */
#include "parse/sysrq_int.h"

#include "parse/oops_lines.h"
#include "util/mem.h"
#include "util/num.h"

static void copy_name(char *to, size_t cap, struct slice from)
{
	snprintf(to, cap, "%.*s", (int)(from.len < cap ? from.len : cap - 1), from.s);
}

static int32_t number(const char *s)
{
	uint64_t v;
	size_t n = strspn(s, "0123456789");

	return !parse_u64n(s, n, 10, INT32_MAX, &v) ? (int32_t)v : -1;
}

static void start_section(struct sysrq_reader *r, enum sysrq_section section,
			  struct sysrq_trace *trace)
{
	r->section = section;
	r->trace = trace;
	r->in_trace = false;
}

static void add_frame(struct sysrq_trace *t, const struct symbol *sym, bool reliable)
{
	if (t->n == SYSRQ_MAX_FRAMES)
		return;
	if (!t->frames)
		t->frames = xcalloc(SYSRQ_MAX_FRAMES, sizeof(*t->frames));
	t->frames[t->n++] = (struct incident_frame){
		.function = xstrndup(sym->name.s, sym->name.len),
		.module =
			sym->module.len ? xstrndup(sym->module.s, sym->module.len) : NULL,
		.offset = sym->offset,
		.size = sym->size,
		.reliable = reliable,
	};
}

/* A line of the trace that is being printed. */
static bool trace_line(struct sysrq_reader *r, const char *s)
{
	struct symbol sym, from;
	bool reliable;
	const char *rest;

	if (lines_trace_start(s, &rest)) {
		r->in_trace = true;
		return true;
	}
	if (!r->in_trace || !lines_frame(s, &sym, &reliable, &from)) {
		r->in_trace = false;
		return false;
	}
	if (r->trace)
		add_frame(r->trace, &sym, reliable);
	return true;
}

/* "task:sh   state:D stack:0   pid:54   tgid:54 …" since 5.11. */
static bool new_task_header(const char *s, struct sysrq_task *t)
{
	const char *state = strstr(s, " state:"), *pid = strstr(s, " pid:");

	if (!lines_starts(s, "task:") || !state || !pid)
		return false;
	struct slice comm = { s + 5, (size_t)(state - (s + 5)) };
	if (state < s + 5)
		comm.len = 0;
	while (comm.len && comm.s[comm.len - 1] == ' ')
		comm.len--;
	copy_name(t->comm, sizeof(t->comm), comm);
	t->state = state[7];
	t->pid = number(lines_skip_blanks(pid + 5));
	return true;
}

/* "sh              D    0    54     52 0x00000004" before: the name is padded to 15. */
static bool old_task_header(const char *s, struct sysrq_task *t)
{
	enum { NAME = 15 };
	const char *last[3] = { NULL, NULL, NULL }, *p;
	struct slice comm = { s, NAME };

	if (strlen(s) < NAME + 8 || s[NAME] != ' ' || !strchr("RSDTtXZPI", s[NAME + 1]) ||
	    s[NAME + 2] != ' ' || s[0] == ' ')
		return false;
	for (p = lines_skip_blanks(s + NAME + 2); *p; p = lines_skip_blanks(p)) {
		last[0] = last[1];
		last[1] = last[2];
		last[2] = p;
		p += strcspn(p, " ");
	}
	if (!last[0] || !lines_starts(last[2], "0x"))
		return false;
	while (comm.len && s[comm.len - 1] == ' ')
		comm.len--;
	copy_name(t->comm, sizeof(t->comm), comm);
	t->state = s[NAME + 1];
	t->pid = number(last[0]);
	return true;
}

/* All tasks come after the blocked ones were shown alone. */
static bool is_known_task(const struct sysrq_reader *r, const struct sysrq_task *t)
{
	for (size_t i = 0; i < r->n_tasks; i++)
		if (r->tasks[i].pid == t->pid && strcmp(r->tasks[i].comm, t->comm) == 0)
			return true;
	return false;
}

static bool task_line(struct sysrq_reader *r, const char *s)
{
	const struct sysrq_key *key = r->n_keys ? &r->keys[r->n_keys - 1] : NULL;
	struct sysrq_task t = { .pid = -1 };

	if (!new_task_header(s, &t) && !old_task_header(s, &t))
		return false;
	if (key && key->key == 't')
		r->n_all_tasks++;
	start_section(r, SYSRQ_IN_TASK, NULL);
	if (t.state != 'D' || is_known_task(r, &t))
		return true;
	if (r->n_tasks == SYSRQ_MAX_TASKS) {
		r->n_more_tasks++;
		return true;
	}
	r->tasks[r->n_tasks] = t;
	r->trace = &r->tasks[r->n_tasks++].trace;
	return true;
}

/* "NMI backtrace for cpu 1", "… skipped: idling at f+0x8/0x20"; without NMIs "CPU1:",
 * "CPU1: backtrace skipped as idling". */
static bool cpu_line(struct sysrq_reader *r, const char *s)
{
	const char *p = lines_after(s, "NMI backtrace for cpu ");

	if (!p && lines_starts(s, "sysrq: CPU"))
		p = s + 10;
	else if (!p && lines_starts(s, "CPU") && s[3] >= '0' && s[3] <= '9')
		p = s + 3;
	if (!p)
		return false;
	int32_t cpu = number(p);
	const char *rest = p + strspn(p, "0123456789");
	if (cpu < 0 || (*rest && *rest != ':' && *rest != ' '))
		return false;
	start_section(r, SYSRQ_IN_CPU, NULL);
	if (r->n_cpus == SYSRQ_MAX_CPUS)
		return true;
	struct sysrq_cpu *c = &r->cpus[r->n_cpus++];
	*c = (struct sysrq_cpu){ .cpu = cpu,
				 .pid = -1,
				 .is_idle = strstr(rest, "idling") != NULL };
	r->trace = &c->trace;
	return true;
}

static void cpu_detail(struct sysrq_reader *r, const char *s)
{
	struct sysrq_cpu *c = r->n_cpus ? &r->cpus[r->n_cpus - 1] : NULL;
	struct cpu_line l;
	struct symbol sym;

	if (!c || !r->trace)
		return;
	if (c->pid < 0 && lines_cpu(s, &l) && l.pid >= 0) {
		c->pid = (int32_t)l.pid;
		copy_name(c->comm, sizeof(c->comm), l.comm);
		/* Task 0 of a CPU is what runs when nothing else does. */
		c->is_idle |= c->pid == 0;
	} else if (!c->pc[0] && lines_pc(s, &sym)) {
		copy_name(c->pc, sizeof(c->pc), sym.name);
	}
}

/* "2 locks held by sh/54:", "1 lock held by a b/7:" */
static bool holder_line(struct sysrq_reader *r, const char *s)
{
	const char *by = strstr(s, " held by "), *slash = by ? strrchr(by, '/') : NULL;

	if (!slash || s[0] < '0' || s[0] > '9' || !strstr(s, " lock"))
		return false;
	start_section(r, SYSRQ_IN_LOCKS, NULL);
	r->holder = NULL;
	if (r->n_holders == SYSRQ_MAX_HOLDERS)
		return true;
	int32_t pid = number(slash + 1);
	struct slice comm = { by + 9, (size_t)(slash - (by + 9)) };
	/* w, t and d may show them, each in turn. */
	for (size_t i = 0; i < r->n_holders; i++)
		if (r->holders[i].pid == pid)
			return true;
	r->holder = &r->holders[r->n_holders++];
	*r->holder = (struct sysrq_holder){ .pid = pid };
	copy_name(r->holder->comm, sizeof(r->holder->comm), comm);
	return true;
}

/* " #0: ffff14720279c3f0 (sb_writers#5){.+.+}-{0:0}, at: vfs_write+0x270/0x958" */
static bool lock_line(struct sysrq_reader *r, const char *s)
{
	const char *open, *close, *at;
	struct symbol sym;

	if (r->section != SYSRQ_IN_LOCKS || s[0] != '#')
		return false;
	open = strchr(s, '(');
	at = strstr(s, "at: ");
	close = open ? strstr(open, "){") : NULL;
	if (!close && open)
		close = strchr(open, ')');
	if (!close || !r->holder || r->holder->n == SYSRQ_MAX_LOCKS)
		return true;
	bool has_at = at && at > close && lines_symbol(at + 4, true, &sym);
	r->holder->locks[r->holder->n++] = (struct sysrq_lock){
		.name = xstrndup(open + 1, (size_t)(close - open - 1)),
		.at = has_at ? xstrndup(sym.name.s, sym.name.len) : NULL,
	};
	return true;
}

static void read_number(const char *s, const char *word, int64_t *out)
{
	const char *p = strstr(s, word);
	uint64_t v;

	if (!p)
		return;
	p = lines_skip_blanks(p + strlen(word));
	if (!parse_u64n(p, strspn(p, "0123456789"), 10, INT64_MAX / 2, &v))
		*out = (int64_t)v;
}

static void add_number(const char *s, const char *word, int64_t *sum)
{
	int64_t v = -1;

	read_number(s, word, &v);
	if (v >= 0)
		*sum = *sum < 0 ? v : *sum > INT64_MAX / 2 ? *sum : *sum + v;
}

static void memory_line(struct sysrq_memory *m, const char *s)
{
	uint64_t pages;
	size_t digits = strspn(s, "0123456789");

	m->was_shown = true;
	if (strstr(s, " min:")) {
		add_number(s, " free:", &m->free_kb);
		add_number(s, " min:", &m->min_kb);
	}
	if (digits && lines_starts(s + digits, " pages RAM") &&
	    !parse_u64n(s, digits, 10, INT64_MAX, &pages))
		m->ram_pages = (int64_t)pages;
	read_number(s, "slab_unreclaimable:", &m->slab_unreclaimable_pages);
	read_number(s, "Free swap  =", &m->free_swap_kb);
}

/* Some kernels say no more than these lines, and ps may have the words. */
bool sysrq_section_begins(struct sysrq_reader *r, const char *text)
{
	if (task_line(r, text) || cpu_line(r, text) || holder_line(r, text))
		return true;
	if (!lines_starts(text, "Mem-Info:"))
		return false;
	start_section(r, SYSRQ_IN_MEMORY, NULL);
	return true;
}

void sysrq_section_line(struct sysrq_reader *r, const char *s)
{
	const char *text = lines_skip_blanks(s);

	if (lock_line(r, text))
		return;
	if (r->section == SYSRQ_IN_MEMORY)
		memory_line(&r->memory, s);
	else if (!trace_line(r, s) && r->section == SYSRQ_IN_CPU)
		cpu_detail(r, text);
}
