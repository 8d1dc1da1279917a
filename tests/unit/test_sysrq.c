// SPDX-License-Identifier: GPL-2.0-or-later
/* The answers of real kernels to SysRq (tests/data/sysrq), and odd ones. */
#include "parse/sysrq.h"

#include <fcntl.h>

#include "tap.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

static void on_line(void *arg, const struct line *l)
{
	struct sysrq_reader *r = arg;
	static const struct {
		const char *says;
		char key;
	} begins[] = {
		{ "Show Blocked State", 'w' }, { "Show backtrace", 'l' },
		{ "Show Locks Held", 'd' },    { "sysrq: HELP", 'd' },
		{ "Show Memory", 'm' },        { "Show State", 't' },
	};

	/* In a recording the question is where its answer begins. */
	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (memmem(l->text, l->len, begins[i].says, strlen(begins[i].says)))
			sysrq_ask(r, begins[i].key);
	sysrq_feed(r, l);
}

static void feed(struct sysrq_reader *r, const char *text, size_t len)
{
	static struct line_splitter ls;

	line_splitter_init(&ls);
	line_feed(&ls, text, len, 0, on_line, r);
	line_flush(&ls, on_line, r);
}

static struct sysrq_reader *feed_log(const char *name)
{
	_cleanup_free_ char *path = xasprintf("tests/data/sysrq/%s.log", name);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct sysrq_reader *r = sysrq_new();
	static char buf[1 << 18];
	ssize_t n = read(fd, buf, sizeof(buf));

	CHECK(n > 0);
	feed(r, buf, (size_t)n);
	return r;
}

static json_t *read_log(const char *name)
{
	struct sysrq_reader *r = feed_log(name);
	json_t *j = sysrq_to_json(r);

	sysrq_free(r);
	return j;
}

static const json_t *item(const json_t *j, const char *list, size_t i)
{
	return json_array_get(json_object_get(j, list), i);
}

static size_t count(const json_t *j, const char *list)
{
	return json_array_size(json_object_get(j, list));
}

TEST(blocked_tasks_are_named_with_where_they_wait)
{
	_cleanup_json_ json_t *j = read_log("zoo");
	const json_t *sh = item(j, "blocked_tasks", 0);

	CHECK_EQ(count(j, "blocked_tasks"), 2);
	CHECK_STR(json_get_str(sh, "comm", ""), "sh");
	CHECK_EQ(json_get_int(sh, "pid", 0), 54);
	CHECK_STR(json_get_str(sh, "state", ""), "D");
	CHECK_STR(json_get_str(sh, "function", ""), "mutex_hold");
	CHECK_EQ(count(sh, "call_trace"), 17);
	CHECK_STR(json_get_str(item(sh, "call_trace", 6), "module", ""), "crashme");
	CHECK_STR(json_get_str(item(j, "blocked_tasks", 1), "comm", ""), "holder");
	CHECK(json_get_int(j, "n_tasks", 0) > 30);
}

TEST(locks_are_listed_once_although_two_keys_show_them)
{
	_cleanup_json_ json_t *j = read_log("zoo");
	const json_t *sh = item(j, "locks", 0);

	CHECK_EQ(count(j, "locks"), 2);
	CHECK_STR(json_get_str(sh, "comm", ""), "sh");
	CHECK_EQ(count(sh, "locks"), 2);
	CHECK_STR(json_get_str(item(sh, "locks", 0), "lock", ""), "sb_writers#5");
	CHECK_STR(json_get_str(item(sh, "locks", 1), "lock", ""), "lock_a");
	CHECK_STR(json_get_str(item(sh, "locks", 1), "at", ""), "mutex_hold");
	CHECK_STR(json_get_str(item(j, "locks", 1), "comm", ""), "holder");
}

TEST(each_cpu_says_what_it_did_before_it_was_asked)
{
	_cleanup_json_ json_t *j = read_log("zoo");
	const json_t *first = item(j, "cpus", 0), *second = item(j, "cpus", 1);

	CHECK_EQ(count(j, "cpus"), 2);
	CHECK_EQ(json_get_int(first, "cpu", -1), 0);
	CHECK_STR(json_get_str(first, "function", ""), "arch_local_irq_enable");
	CHECK(json_get_bool(first, "idle", false));
	CHECK_STR(json_get_str(second, "comm", ""), "swapper/1");
	CHECK_STR(json_get_str(second, "function", ""), "arch_local_irq_enable");
	CHECK_EQ(count(second, "call_trace"), 5);
}

/* The answers of 7.2 while a process could not leave an ioctl(): nothing was blocked. */
TEST(a_process_that_does_not_leave_a_system_call_is_named_with_where_it_runs)
{
	static const char *const others[] = { "zoo", "deb", "vb2" };
	struct sysrq_reader *r = feed_log("spin");
	char what[160];

	CHECK(!sysrq_blocked(r, what, sizeof(what)));
	CHECK(sysrq_running(r, what, sizeof(what)));
	CHECK_STR(what, "task vb2churn-pie in dma_resv_iter_walk_unlocked");
	sysrq_free(r);
	/* Idle processors, and one that a kernel thread has, run no system call. */
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		r = feed_log(others[i]);
		CHECK(!sysrq_running(r, what, sizeof(what)));
		sysrq_free(r);
	}
}

TEST(memory_is_told_in_numbers)
{
	_cleanup_json_ json_t *j = read_log("zoo");
	const json_t *m = json_object_get(j, "memory");

	CHECK_EQ(json_get_int(m, "ram_pages", 0), 131072);
	CHECK_EQ(json_get_int(m, "free_kb", 0), 366864);
	CHECK_EQ(json_get_int(m, "min_kb", 0), 2496);
	CHECK_EQ(json_get_int(m, "slab_unreclaimable_pages", 0), 2955);
	CHECK(json_is_null(json_object_get(m, "free_swap_kb")));
}

TEST(a_kernel_without_a_key_says_help_and_one_without_nmis_names_its_cpus)
{
	_cleanup_json_ json_t *j = read_log("deb");
	const json_t *answers = json_object_get(j, "answers");

	CHECK_STR(json_get_str(answers, "w", ""), "ok");
	CHECK_STR(json_get_str(answers, "l", ""), "ok");
	CHECK_STR(json_get_str(answers, "d", ""), "unknown");
	CHECK_EQ(count(j, "blocked_tasks"), 0);
	CHECK_EQ(count(j, "cpus"), 2);
	CHECK_STR(json_get_str(item(j, "cpus", 0), "function", ""), "arch_cpu_idle");
	CHECK(json_get_bool(item(j, "cpus", 1), "idle", false));
	CHECK_EQ(json_get_int(json_object_get(j, "memory"), "free_swap_kb", -1), 0);
}

static json_t *ask(char key, const char *text)
{
	struct sysrq_reader *r = sysrq_new();

	sysrq_ask(r, key);
	feed(r, text, strlen(text));
	json_t *j = sysrq_to_json(r);
	sysrq_free(r);
	return j;
}

TEST(a_key_that_the_mask_forbids_is_disabled_and_silence_is_none)
{
	_cleanup_json_ json_t *off =
		ask('w', "[    4.100000] sysrq: This sysrq operation is disabled.\r\n");
	_cleanup_json_ json_t *none = ask('w', "# w\r\nsh: w: not found\r\n");

	CHECK_STR(json_get_str(json_object_get(off, "answers"), "w", ""), "disabled");
	CHECK_STR(json_get_str(json_object_get(none, "answers"), "w", ""), "none");
}

TEST(task_lines_of_older_kernels_are_read_too)
{
	_cleanup_json_ json_t *j =
		ask('w',
		    "SysRq : Show Blocked State\n"
		    "  task                        PC stack   pid father\n"
		    "kworker/0:1     D    0    42      2 0x00000028\n"
		    "Call trace:\n"
		    " [<ffffff8008085e60>] __switch_to+0x94/0xd8\n"
		    " [<ffffff8008c0d7a4>] schedule+0x34/0x98\n"
		    " [<ffffff80086a1234>] rtnl_lock+0x14/0x20\n"
		    "a b             D ffff000008083a94     0  7001      1 0x00000000\n");
	const json_t *t = item(j, "blocked_tasks", 0);

	CHECK_EQ(count(j, "blocked_tasks"), 2);
	CHECK_STR(json_get_str(t, "comm", ""), "kworker/0:1");
	CHECK_EQ(json_get_int(t, "pid", 0), 42);
	CHECK_STR(json_get_str(t, "function", ""), "rtnl_lock");
	CHECK_STR(json_get_str(item(j, "blocked_tasks", 1), "comm", ""), "a b");
	CHECK_EQ(json_get_int(item(j, "blocked_tasks", 1), "pid", 0), 7001);
}

TEST(more_tasks_than_the_bound_are_counted)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	for (int i = 0; i < SYSRQ_MAX_TASKS + 5; i++)
		strbuf_addf(&sb, "[    1.000000] task:w state:D stack:0 pid:%d ppid:1\n",
			    i + 1);
	_cleanup_json_ json_t *j = ask('w', strbuf_str(&sb));

	CHECK_EQ(count(j, "blocked_tasks"), SYSRQ_MAX_TASKS);
	CHECK_EQ(json_get_int(j, "unlisted_blocked_tasks", 0), 5);
}

TESTS(T(blocked_tasks_are_named_with_where_they_wait),
      T(locks_are_listed_once_although_two_keys_show_them),
      T(each_cpu_says_what_it_did_before_it_was_asked),
      T(a_process_that_does_not_leave_a_system_call_is_named_with_where_it_runs),
      T(memory_is_told_in_numbers),
      T(a_kernel_without_a_key_says_help_and_one_without_nmis_names_its_cpus),
      T(a_key_that_the_mask_forbids_is_disabled_and_silence_is_none),
      T(task_lines_of_older_kernels_are_read_too),
      T(more_tasks_than_the_bound_are_counted))
