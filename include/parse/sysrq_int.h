// SPDX-License-Identifier: GPL-2.0-or-later
/* What the reader of SysRq's answers keeps. Private to parse/sysrq*.c. */
#pragma once

#include "parse/sysrq.h"

struct sysrq_trace {
	struct incident_frame *frames; /* SYSRQ_MAX_FRAMES of them, or NULL */
	size_t n;
};

struct sysrq_task {
	char comm[32];
	int32_t pid; /* -1 = unknown */
	char state;
	struct sysrq_trace trace;
};

struct sysrq_cpu {
	int32_t cpu, pid; /* -1 = unknown */
	bool is_idle;
	char comm[32];
	char pc[128]; /* function, "" = not shown */
	struct sysrq_trace trace;
};

struct sysrq_lock {
	char *name, *at; /* class; the function that took it, NULL = unknown */
};

struct sysrq_holder {
	char comm[32];
	int32_t pid;
	struct sysrq_lock locks[SYSRQ_MAX_LOCKS];
	size_t n;
};

struct sysrq_memory {
	bool was_shown;
	int64_t ram_pages, free_kb, min_kb, slab_unreclaimable_pages,
		free_swap_kb; /* -1 = unknown */
};

struct sysrq_key {
	char key;
	enum sysrq_answer answer;
};

enum sysrq_section {
	SYSRQ_IN_NOTHING,
	SYSRQ_IN_TASK,
	SYSRQ_IN_CPU,
	SYSRQ_IN_LOCKS,
	SYSRQ_IN_MEMORY
};

struct sysrq_reader {
	struct sysrq_key keys[SYSRQ_MAX_KEYS];
	struct sysrq_task tasks[SYSRQ_MAX_TASKS]; /* blocked ones */
	struct sysrq_cpu cpus[SYSRQ_MAX_CPUS];
	struct sysrq_holder holders[SYSRQ_MAX_HOLDERS];
	size_t n_keys, n_tasks, n_cpus, n_holders;
	uint32_t n_all_tasks, n_more_tasks;
	struct sysrq_memory memory;
	enum sysrq_section section;
	struct sysrq_trace *trace;   /* where frames go; NULL = nowhere */
	struct sysrq_holder *holder; /* whose locks come; NULL = nobody's */
	bool in_trace;
};

/* Where it waits; what the CPU did when it was asked. NULL = not told. Borrowed. */
const char *sysrq_task_function(const struct sysrq_task *t);
const char *sysrq_cpu_function(const struct sysrq_cpu *c);

/* Does text, without its blanks in front, begin what a key shows? Then it was read. */
bool sysrq_section_begins(struct sysrq_reader *r, const char *text);
/* Any other line, with its blanks. */
void sysrq_section_line(struct sysrq_reader *r, const char *s);
