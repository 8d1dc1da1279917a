// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "report/spool.h"
#include "tap.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/mem.h"

static const struct destination here = { .kind = SPOOL_RESULT,
					 .url = (char *)(uintptr_t) "http://[::1]:9/r" };

static struct spool *open_spool(void)
{
	struct err err = ERR_INIT;
	struct spool *s;

	if (spool_open(tap_tmpdir(), &s, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return s;
}

static void enqueue(const struct spool *s, const char *run, const char *body)
{
	struct err err = ERR_INIT;

	if (spool_enqueue(s, run, &here, body, strlen(body), false, NULL, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
}

static struct strvec list(const struct spool *s)
{
	struct strvec names = STRVEC_INIT;
	struct err err = ERR_INIT;

	CHECK_EQ(spool_list(s, &names, &err), 0);
	return names;
}

static size_t count(const struct spool *s)
{
	_cleanup_strvec_ struct strvec names = list(s);

	return names.n;
}

static char *only_name(const struct spool *s)
{
	_cleanup_strvec_ struct strvec names = list(s);

	CHECK_EQ(names.n, 1);
	return xstrdup(names.v[0]);
}

static struct spool_entry *take(const struct spool *s, const char *name)
{
	struct spool_entry *e;
	struct err err = ERR_INIT;

	if (spool_take(s, name, &e, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return e;
}

static size_t files_in(const char *sub)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", tap_tmpdir(), sub);
	DIR *d = opendir(path);
	size_t n = 0;

	CHECK(d);
	for (struct dirent *e; (e = readdir(d));)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

TEST(what_was_queued_comes_back_whole)
{
	_cleanup_spool_ struct spool *s = open_spool();

	enqueue(s, "run-1", "{\"a\":1}\n");
	_cleanup_free_ char *name = only_name(s);
	_cleanup_entry_ struct spool_entry *e = take(s, name);
	CHECK_EQ(e->body_len, 8);
	CHECK(memcmp(e->body, "{\"a\":1}\n", 8) == 0);
	CHECK_STR(e->run_id, "run-1");
	CHECK_STR(e->to.url, "http://[::1]:9/r");
	CHECK(strncmp(e->key, "run-1-", 6) == 0 && strlen(e->key) == 6 + 64);
	CHECK_EQ(e->state.attempts, 0);
	CHECK_EQ(e->state.next_ms, 0);
}

TEST(one_body_for_one_receiver_is_one_entry)
{
	_cleanup_spool_ struct spool *s = open_spool();
	struct destination other = { .kind = SPOOL_KCIDB, .url = here.url };
	enum spool_added added;
	struct err err = ERR_INIT;

	enqueue(s, "run-1", "{}");
	CHECK_EQ(spool_enqueue(s, "run-1", &here, "{}", 2, false, &added, &err), 0);
	CHECK_EQ(added, SPOOL_WAS_PENDING);
	CHECK_EQ(count(s), 1);
	CHECK_EQ(spool_enqueue(s, "run-1", &other, "{}", 2, false, &added, &err), 0);
	CHECK_EQ(added, SPOOL_ADDED);
	CHECK_EQ(count(s), 2);
}

TEST(what_was_sent_is_not_queued_again_unless_asked)
{
	_cleanup_spool_ struct spool *s = open_spool();
	enum spool_added added;
	struct err err = ERR_INIT;

	enqueue(s, "run-1", "{}");
	_cleanup_free_ char *name = only_name(s);
	_cleanup_entry_ struct spool_entry *e = take(s, name);
	CHECK_EQ(spool_mark_sent(s, e, &err), 0);
	CHECK_EQ(count(s), 0);
	CHECK_EQ(spool_enqueue(s, "run-1", &here, "{}", 2, false, &added, &err), 0);
	CHECK_EQ(added, SPOOL_WAS_SENT);
	CHECK_EQ(count(s), 0);
	CHECK_EQ(spool_enqueue(s, "run-1", &here, "{}", 2, true, &added, &err), 0);
	CHECK_EQ(added, SPOOL_ADDED);
	CHECK_EQ(count(s), 1);
}

TEST(attempts_are_remembered_across_processes)
{
	_cleanup_free_ char *name = NULL;
	struct err err = ERR_INIT;

	{
		_cleanup_spool_ struct spool *s = open_spool();

		enqueue(s, "run-1", "{}");
		name = only_name(s);
		_cleanup_entry_ struct spool_entry *e = take(s, name);
		e->state = (struct spool_state){ .attempts = 3,
						 .next_ms = 1763925300123,
						 .why = "HTTP 500" };
		CHECK_EQ(spool_mark_retry(s, e, &err), 0);
	}
	_cleanup_spool_ struct spool *s = open_spool();
	_cleanup_entry_ struct spool_entry *e = take(s, name);
	CHECK_EQ(e->state.attempts, 3);
	CHECK_EQ(e->state.next_ms, 1763925300123);
	CHECK_STR(e->state.why, "HTTP 500");
}

TEST(an_entry_is_held_by_one_at_a_time)
{
	_cleanup_spool_ struct spool *s = open_spool();
	struct spool_entry *again;
	struct err err = ERR_INIT;

	enqueue(s, "run-1", "{}");
	_cleanup_free_ char *name = only_name(s);
	_cleanup_entry_ struct spool_entry *e = take(s, name);
	CHECK_EQ(spool_take(s, name, &again, &err), -EBUSY);
	CHECK_EQ(spool_mark_sent(s, e, &err), 0);
	CHECK_EQ(spool_take(s, name, &again, &err), -ENOENT);
}

static void write_raw(const char *sub, const char *name, const void *data, size_t len)
{
	_cleanup_free_ char *path = xasprintf("%s/%s/%s", tap_tmpdir(), sub, name);
	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && !io_write_all(fd, data, len));
}

/* Take every pending entry: how many were fine, how many damaged. */
static void take_all(const struct spool *s, size_t *fine, size_t *damaged)
{
	_cleanup_strvec_ struct strvec names = list(s);

	*fine = *damaged = 0;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_entry_ struct spool_entry *e = NULL;
		struct err err = ERR_INIT;
		int r = spool_take(s, names.v[i], &e, &err);

		*fine += r == 0;
		*damaged += r == -EBADMSG;
		CHECK(r == 0 || r == -EBADMSG);
		CHECK(r == 0 || strstr(err.msg, "damaged"));
	}
}

TEST(damaged_entries_are_set_aside_and_block_nobody)
{
	_cleanup_spool_ struct spool *s = open_spool();
	_cleanup_strbuf_ struct strbuf file = STRBUF_INIT;
	_cleanup_free_ char *link = xasprintf("%s/pending/link", tap_tmpdir());
	_cleanup_free_ char *dir = xasprintf("%s/pending/dir", tap_tmpdir());
	_cleanup_free_ char *fifo = xasprintf("%s/pending/fifo", tap_tmpdir());
	size_t fine, damaged;

	enqueue(s, "run-1", "{\"good\":1}");
	_cleanup_free_ char *name = only_name(s);
	_cleanup_free_ char *path = xasprintf("%s/pending/%s", tap_tmpdir(), name);
	CHECK_EQ(io_read_file_at(AT_FDCWD, path, 1 << 20, &file), 0);
	write_raw("pending", "run-2~000000000000~000000000000", file.buf, file.len);
	enqueue(s, "run-3", "{\"three\":3}");
	enqueue(s, "run-4", "{\"four\":4}");
	write_raw("pending", "empty", "", 0);
	write_raw("pending", "noise", "\0\xff\n\n\n", 5);
	write_raw("pending", "null", "null\nnull", 9);
	CHECK_EQ(symlink("/etc/passwd", link), 0);
	CHECK_EQ(mkdir(dir, 0700), 0);
	CHECK_EQ(mkfifo(fifo, 0600), 0);
	{
		/* one entry cut short, one with a flipped bit */
		_cleanup_strvec_ struct strvec names = list(s);
		for (size_t i = 0; i < names.n; i++) {
			_cleanup_free_ char *p =
				xasprintf("%s/pending/%s", tap_tmpdir(), names.v[i]);
			struct stat st;
			CHECK_EQ(lstat(p, &st), 0);
			if (strncmp(names.v[i], "run-3~", 6) == 0)
				CHECK_EQ(truncate(p, st.st_size - 3), 0);
			if (strncmp(names.v[i], "run-4~", 6) == 0) {
				int fd = open(p, O_RDWR | O_CLOEXEC);
				CHECK(pwrite(fd, "X", 1, st.st_size - 2) == 1);
				close(fd);
			}
		}
	}
	take_all(s, &fine, &damaged);
	CHECK_EQ(fine, 1);
	CHECK_EQ(damaged, 9);
	CHECK_EQ(count(s), 1);
	CHECK_EQ(files_in("dead"), 9);
}

TEST(a_damaged_state_only_forgets_the_attempts)
{
	_cleanup_spool_ struct spool *s = open_spool();

	enqueue(s, "run-1", "{}");
	_cleanup_free_ char *name = only_name(s);
	write_raw("state", name, "{\"attempts\":-7,\"next_ms\":", 24);
	_cleanup_entry_ struct spool_entry *e = take(s, name);
	CHECK_EQ(e->state.attempts, 0);
	CHECK_EQ(e->state.next_ms, 0);
}

TEST(a_full_disk_leaves_nothing_behind)
{
	_cleanup_spool_ struct spool *s = open_spool();
	enum { LEN = 100000 };
	char *body = xcalloc(1, LEN);
	struct rlimit small = { .rlim_cur = 50000, .rlim_max = 50000 };
	struct err err = ERR_INIT;

	memset(body, 'x', LEN);
	signal(SIGXFSZ, SIG_IGN);
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
	CHECK_EQ(spool_enqueue(s, "run-1", &here, body, LEN, false, NULL, &err), -EFBIG);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_EQ(files_in("pending"), 0);
	enqueue(s, "run-2", "{}"); /* what still fits is taken */
	CHECK_EQ(count(s), 1);
	free(body);
}

TEST(a_rejected_entry_keeps_its_body_and_the_reason)
{
	_cleanup_spool_ struct spool *s = open_spool();
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT, file = STRBUF_INIT;
	struct err err = ERR_INIT;

	enqueue(s, "run-1", "{\"a\":1}");
	_cleanup_free_ char *name = only_name(s);
	_cleanup_entry_ struct spool_entry *e = take(s, name);
	CHECK_EQ(spool_mark_dead(s, e, "HTTP 422: bad", &err), 0);
	CHECK_EQ(count(s), 0);
	_cleanup_free_ char *path = xasprintf("%s/dead/%s", tap_tmpdir(), name);
	_cleanup_free_ char *note = xasprintf("%s.why", path);
	CHECK_EQ(io_read_file_at(AT_FDCWD, path, 1 << 20, &file), 0);
	CHECK_EQ(io_read_file_at(AT_FDCWD, note, 1 << 20, &why), 0);
	CHECK_CONTAINS(file.buf, "{\"a\":1}");
	CHECK_CONTAINS(why.buf, "HTTP 422: bad");
}

TEST(what_was_sent_is_kept_in_bounds)
{
	_cleanup_spool_ struct spool *s = open_spool();

	for (int i = 0; i < SPOOL_KEEP_SENT + 10; i++) {
		char name[32];

		snprintf(name, sizeof(name), "old-%d", i);
		write_raw("sent", name, "x", 1);
	}
	write_raw("state", "of-nobody", "{}", 2);
	spool_tidy(s);
	CHECK_EQ(files_in("sent"), SPOOL_KEEP_SENT);
	CHECK_EQ(files_in("state"), 0);
}

TEST(only_the_owner_reads_the_outbox)
{
	_cleanup_free_ char *path = xasprintf("%s/deep/spool", tap_tmpdir());
	struct err err = ERR_INIT;
	struct spool *s;
	struct stat st;

	CHECK_EQ(spool_open(path, &s, &err), 0);
	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0700);
	spool_close(s);
}

TEST(the_default_outbox_follows_the_environment)
{
	setenv("HOME", "/home/x", 1);
	unsetenv("XDG_STATE_HOME");
	unsetenv("BOOTRIG_SPOOL");
	_cleanup_free_ char *home = spool_default_path();
	CHECK_STR(home, "/home/x/.local/state/bootrig/spool");
	setenv("XDG_STATE_HOME", "/state", 1);
	_cleanup_free_ char *state = spool_default_path();
	CHECK_STR(state, "/state/bootrig/spool");
	setenv("BOOTRIG_SPOOL", "/own", 1);
	_cleanup_free_ char *own = spool_default_path();
	CHECK_STR(own, "/own");
}

TEST(a_destination_says_what_is_posted_there)
{
	static const struct {
		const char *text, *url; /* url NULL: refused */
		enum spool_kind kind;
	} cases[] = {
		{ "http://h:8/x", "http://h:8/x", SPOOL_RESULT },
		{ "https://kcidb.example.org/submit", "https://kcidb.example.org/submit",
		  SPOOL_KCIDB },
		{ "kcidb+https://kcidb.example.org/", "https://kcidb.example.org/submit",
		  SPOOL_KCIDB },
		{ "result+http://h/submit", "http://h/submit", SPOOL_RESULT },
		{ "https://user:token@h/x", NULL, 0 },
		{ "https://token@h", NULL, 0 },
		{ "ftp://h/x", NULL, 0 },
		{ "file:///etc/passwd", NULL, 0 },
		{ "http://", NULL, 0 },
		{ "http://h/\r\nX: y", NULL, 0 },
		{ "", NULL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_destination_ struct destination d = DESTINATION_INIT;
		struct err err = ERR_INIT;
		int r = destination_parse(cases[i].text, true, &d, &err);

		CHECK_EQ(r, cases[i].url ? 0 : -EINVAL);
		if (!cases[i].url) {
			CHECK(!strstr(err.msg, "token@"));
			continue;
		}
		CHECK_STR(d.url, cases[i].url);
		CHECK_EQ(d.kind, cases[i].kind);
	}
}

TEST(the_environment_and_the_job_name_receivers_and_each_counts_once)
{
	_cleanup_strvec_ struct strvec job = STRVEC_INIT;
	_cleanup_destinations_ struct destinations d = DESTINATIONS_INIT;
	struct err err = ERR_INIT;

	unsetenv("BOOTRIG_POST_URL");
	CHECK_EQ(destinations_collect(NULL, NULL, &d, &err), 0);
	CHECK_EQ(d.n, 0);
	strvec_add(&job, "http://job/r");
	strvec_add(&job, "http://lab/r");
	setenv("BOOTRIG_POST_URL", " http://lab/r  kcidb+https://kcidb ", 1);
	CHECK_EQ(destinations_collect(NULL, &job, &d, &err), 0);
	CHECK_EQ(d.n, 3);
	CHECK(d.v[0].is_operators && d.v[1].is_operators && !d.v[2].is_operators);
	CHECK_STR(d.v[1].url, "https://kcidb/submit");
	CHECK_STR(d.v[2].url, "http://job/r");
	destinations_release(&d);
	CHECK_EQ(destinations_collect("http://only/this", &job, &d, &err), 0);
	CHECK_EQ(d.n, 1);
	destinations_release(&d);
	setenv("BOOTRIG_POST_URL", "gopher://lab", 1);
	CHECK_EQ(destinations_collect(NULL, &job, &d, &err), -EINVAL);
	CHECK_CONTAINS(err.msg, "BOOTRIG_POST_URL: ");
	CHECK_EQ(d.n, 0);
}

TEST(a_bad_run_id_never_becomes_a_file_name)
{
	_cleanup_spool_ struct spool *s = open_spool();
	static const char *const ids[] = {
		"", ".", "..", "../x", "a/b", ".hidden", "a b"
	};
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		CHECK_EQ(spool_enqueue(s, ids[i], &here, "{}", 2, false, NULL, &err),
			 -EINVAL);
	CHECK_EQ(count(s), 0);
}

/* A writer is killed at 40 arbitrary moments: what lies in pending/ is whole each time,
 * and what it reported as queued is there. */
TEST(kill_9_while_queueing_leaves_whole_entries_only)
{
	_cleanup_spool_ struct spool *s = open_spool();
	size_t fine, damaged, promised = 0;
	unsigned int seed = 7;

	for (int round = 0; round < 40; round++) {
		int fds[2];
		CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
		pid_t pid = fork();
		if (pid == 0) {
			for (int i = 0;; i++) {
				char run[32];
				char body[20000];
				struct err err = ERR_INIT;

				memset(body, 'a' + i % 26, sizeof(body));
				snprintf(run, sizeof(run), "r%d-%d", round, i);
				if (spool_enqueue(s, run, &here, body, sizeof(body),
						  false, NULL, &err) ||
				    write(fds[1], "q", 1) != 1)
					_exit(1);
			}
		}
		close(fds[1]);
		int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		struct pollfd p = { .fd = pidfd, .events = POLLIN };
		struct timespec moment = { .tv_nsec =
						   (long)(rand_r(&seed) % 8000) * 1000 };
		CHECK_EQ(ppoll(&p, 1, &moment, NULL), 0); /* it runs until killed */
		kill(pid, SIGKILL);
		CHECK_EQ(waitpid(pid, NULL, 0), pid);
		char said[4096];
		ssize_t n = read(fds[0], said, sizeof(said));
		CHECK(n >= 0);
		promised += (size_t)n;
		close(fds[0]);
		close(pidfd);
	}
	take_all(s, &fine, &damaged);
	CHECK_EQ(damaged, 0);
	CHECK(fine >= promised && promised > 0);
}

TESTS(T(what_was_queued_comes_back_whole), T(one_body_for_one_receiver_is_one_entry),
      T(what_was_sent_is_not_queued_again_unless_asked),
      T(attempts_are_remembered_across_processes), T(an_entry_is_held_by_one_at_a_time),
      T(damaged_entries_are_set_aside_and_block_nobody),
      T(a_damaged_state_only_forgets_the_attempts), T(a_full_disk_leaves_nothing_behind),
      T(a_rejected_entry_keeps_its_body_and_the_reason),
      T(what_was_sent_is_kept_in_bounds), T(only_the_owner_reads_the_outbox),
      T(the_default_outbox_follows_the_environment),
      T(a_destination_says_what_is_posted_there),
      T(the_environment_and_the_job_name_receivers_and_each_counts_once),
      T(a_bad_run_id_never_becomes_a_file_name),
      T(kill_9_while_queueing_leaves_whole_entries_only))
