// SPDX-License-Identifier: GPL-2.0-or-later
/* Test definitions from real git repositories and from files. */
#include "session/definition.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "job_text.h"
#include "loopback.h"
#include "util/child.h"
#include "util/io.h"

static const char smoke[] =
	"metadata: {format: Lava-Test Test Definition 1.0, name: smoke}\n"
	"params: {LEVEL: low, SPEED: slow}\n"
	"run: {steps: [uname -a, ./run.sh]}\n";

static char *git_out(const char *first, ...)
{
	static const char *const env[] = {
		"GIT_AUTHOR_NAME=t",     "GIT_AUTHOR_EMAIL=t@example.org",
		"GIT_COMMITTER_NAME=t",  "GIT_COMMITTER_EMAIL=t@example.org",
		"GIT_CONFIG_NOSYSTEM=1", NULL
	};
	_cleanup_free_ char *repo = xasprintf("%s/repo", tap_tmpdir());
	struct strbuf out = STRBUF_INIT;
	struct child_opts opts = CHILD_OPTS_INIT;
	struct err err = ERR_INIT;
	const char *argv[16] = { "git" };
	size_t n = 1;
	va_list ap;

	va_start(ap, first);
	for (const char *a = first; a && n < 15; a = va_arg(ap, const char *))
		argv[n++] = a;
	va_end(ap);
	opts.dir = repo;
	opts.env_add = env;
	if (child_capture(argv, &opts, deadline_in_ms(20000), -1, 4096, &out, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return strbuf_take(&out);
}

#define GIT(...) free(git_out(__VA_ARGS__, NULL))

static void put(const char *name, const void *data, size_t len)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", tap_tmpdir(), name);
	_cleanup_free_ char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	_cleanup_close_ int fd = -1;

	CHECK_EQ(io_mkdir_p(dir), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	CHECK(fd >= 0);
	CHECK_EQ(io_write_all(fd, data, len), 0);
}

static void commit(const char *message)
{
	GIT("add", "-A");
	GIT("commit", "-q", "-m", message);
}

/* A home without anybody's settings, a repository with one definition, a place for
 * clones. */
static void set_up(void)
{
	_cleanup_free_ char *tmp = xasprintf("%s/tmp", tap_tmpdir());

	setenv("HOME", tap_tmpdir(), 1);
	setenv("TMPDIR", tmp, 1);
	CHECK_EQ(io_mkdir_p(tmp), 0);
	put("repo/automated/smoke.yaml", smoke, strlen(smoke));
	put("repo/automated/run.sh", "#!/bin/sh\n", 10);
	GIT("init", "-q", "-b", "main");
	commit("first");
}

static size_t n_leftovers(void)
{
	DIR *d = opendir(getenv("TMPDIR"));
	size_t n = 0;

	CHECK(d);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* A job whose definitions are the given YAML lines, in the file job.yaml beside repo/. */
static struct job_spec *job_with(const char *definitions)
{
	_cleanup_free_ char *path = xasprintf("%s/job.yaml", tap_tmpdir());
	_cleanup_free_ char *text =
		xasprintf("job_name: t\n"
			  "timeouts: {job: {minutes: 5}}\n"
			  "actions:\n"
			  "- boot: {method: minimal, prompts: ['# ']}\n"
			  "- test:\n"
			  "    definitions:\n"
			  "%s",
			  definitions);

	return job_at(path, text);
}

static struct job_spec *git_job(const char *more)
{
	_cleanup_free_ char *text =
		xasprintf("    - {from: git, name: smoke, repository: 'file://%s/repo', "
			  "path: automated/smoke.yaml%s}\n",
			  tap_tmpdir(), more);
	return job_with(text);
}

static int fetch(struct job_spec *job, struct definition_set *set, struct err *err)
{
	struct task task = TASK_INIT;

	task.deadline = deadline_in_ms(25000);
	return definition_fetch_all(job, &task, set, err);
}

static void check_fails(struct job_spec *job, enum err_class class, const char *want)
{
	struct definition_set set;
	struct err err = ERR_INIT;

	CHECK(fetch(job, &set, &err) < 0);
	CHECK_CONTAINS(err.msg, want);
	CHECK_CONTAINS(err.msg, "/job.yaml:7:7: test definition smoke: ");
	CHECK_EQ(err.class, class);
	CHECK_EQ(set.n, 0);
	CHECK_EQ(n_leftovers(), 0);
}

TEST(a_definition_from_git_brings_its_steps_its_tree_and_its_commit)
{
	set_up();
	_cleanup_free_ char *head = git_out("rev-parse", "HEAD", NULL);
	_cleanup_job_spec_ struct job_spec *job = git_job(", params: {LEVEL: high}");
	struct job_definition *def = &job->actions[1].test.definitions[0];
	struct definition_set set;
	struct err err = ERR_INIT;

	if (fetch(job, &set, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	CHECK_EQ(def->steps.n, 2);
	CHECK_STR(def->steps.v[1], "./run.sh");
	CHECK_EQ(def->n_params, 2);
	CHECK_STR(def->params[0].value, "high");
	CHECK_EQ(set.n, 1);
	CHECK(definition_find(&set, def) == &set.v[0]);
	CHECK_STR(set.v[0].tree_name, "0_smoke");
	CHECK_EQ(strncmp(set.v[0].revision, head, 40), 0);
	CHECK_EQ(strlen(set.v[0].revision), 40);
	_cleanup_free_ char *script = xasprintf("%s/automated/run.sh", set.v[0].tree);
	CHECK_EQ(access(script, R_OK), 0);
	definition_set_release(&set);
	CHECK_EQ(n_leftovers(), 0);
}

TEST(a_relative_repository_starts_at_the_job_file)
{
	set_up();
	_cleanup_job_spec_ struct job_spec *job =
		job_with("    - {from: git, name: smoke, repository: ./repo, path: "
			 "automated/smoke.yaml}\n"
			 "    - {from: git, name: again, repository: ./repo, path: "
			 "automated/smoke.yaml, revision: main}\n");
	struct definition_set set;
	struct err err = ERR_INIT;

	CHECK_EQ(chdir("/"), 0);
	if (fetch(job, &set, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	CHECK_EQ(set.n, 2);
	CHECK_STR(set.v[1].revision, set.v[0].revision);
	definition_set_release(&set);
}

TEST(definitions_of_one_repository_share_one_clone)
{
	set_up();
	_cleanup_job_spec_ struct job_spec *job =
		job_with("    - {from: git, name: a, repository: ./repo, path: "
			 "automated/smoke.yaml}\n"
			 "    - {from: git, name: b, repository: ./repo, path: "
			 "automated/smoke.yaml}\n");
	struct definition_set set;
	struct err err = ERR_INIT;

	CHECK_EQ(fetch(job, &set, &err), 0);
	CHECK_STR(set.v[1].tree, set.v[0].tree);
	CHECK_STR(set.v[0].tree_name, "0_a");
	CHECK_STR(set.v[1].tree_name, "1_b");
	definition_set_release(&set);
	CHECK_EQ(n_leftovers(), 0);
}

TEST(a_branch_and_a_revision_are_what_is_run)
{
	set_up();
	_cleanup_free_ char *first = git_out("rev-parse", "HEAD", NULL);
	first[40] = '\0';
	GIT("checkout", "-q", "-b", "next");
	put("repo/automated/smoke.yaml", "run: {steps: [second]}\n", 23);
	commit("second");
	GIT("tag", "v2");
	put("repo/automated/smoke.yaml", "run: {steps: [third]}\n", 22);
	commit("third");
	GIT("checkout", "-q", "main");
	_cleanup_free_ char *whole = xasprintf(", revision: '%s'", first);
	_cleanup_free_ char *cut = xasprintf(", branch: next, revision: '%.9s'", first);
	const struct {
		const char *more, *step;
	} table[] = {
		{ ", branch: next", "third" }, { ", revision: v2", "second" },
		{ ", branch: v2", "second" },  { whole, "uname -a" },
		{ cut, "uname -a" },           { ", revision: next", "third" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_job_spec_ struct job_spec *job = git_job(table[i].more);
		struct definition_set set;
		struct err err = ERR_INIT;

		if (fetch(job, &set, &err))
			tap_fail(__FILE__, __LINE__, "%s: %s", table[i].more, err.msg);
		CHECK_STR(job->actions[1].test.definitions[0].steps.v[0], table[i].step);
		definition_set_release(&set);
	}
}

TEST(what_the_repository_does_not_have_is_the_jobs_mistake)
{
	set_up();
	const struct {
		const char *more, *want;
	} table[] = {
		{ ", branch: nope", "Remote branch nope not found" },
		{ ", revision: deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
		  "git: file://" },
		{ ", revision: nope", "nope" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_job_spec_ struct job_spec *job = git_job(table[i].more);

		check_fails(job, ERR_JOB, table[i].want);
	}
	_cleanup_job_spec_ struct job_spec *job =
		job_with("    - {from: git, name: smoke, repository: ./repo, path: "
			 "automated/nope.yaml}\n");
	check_fails(job, ERR_JOB, "automated/nope.yaml: No such file or directory");
	_cleanup_job_spec_ struct job_spec *dir =
		job_with("    - {from: git, name: smoke, repository: ./repo, path: "
			 "automated}\n");
	check_fails(dir, ERR_JOB, "automated: Is a directory");
}

TEST(a_repository_that_is_not_there_is_the_jobs_mistake)
{
	set_up();
	_cleanup_job_spec_ struct job_spec *path =
		job_with("    - {from: git, name: smoke, repository: ./nope, path: x}\n");
	check_fails(path, ERR_JOB, "does not exist");
	_cleanup_free_ char *text = xasprintf(
		"    - {from: git, name: smoke, repository: 'file://%s/nope', path: x, "
		"revision: v1}\n",
		tap_tmpdir());
	_cleanup_job_spec_ struct job_spec *url = job_with(text);
	check_fails(url, ERR_JOB, "nope");
}

TEST(a_server_that_does_not_answer_is_the_labs_fault_and_no_password_is_told)
{
	set_up();
	/* Port 1 of this host: nobody listens. */
	_cleanup_job_spec_ struct job_spec *job =
		job_with("    - {from: git, name: smoke, repository: "
			 "'http://me:geheim@127.0.0.1:1/r.git', path: x}\n");
	struct definition_set set;
	struct err err = ERR_INIT;

	CHECK(fetch(job, &set, &err) < 0);
	if (strstr(err.msg, "remote-http"))
		SKIP("this git has no HTTP");
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "127.0.0.1");
	CHECK(!strstr(err.msg, "geheim"));
}

TEST(a_repository_cannot_run_programs_on_the_lab_host)
{
	set_up();
	_cleanup_free_ char *proof = xasprintf("%s/proof", tap_tmpdir());
	_cleanup_free_ char *text = xasprintf(
		"    - {from: git, name: smoke, repository: 'ext::touch %s', path: x}\n",
		proof);
	_cleanup_job_spec_ struct job_spec *job = job_with(text);

	check_fails(job, ERR_JOB, "not allowed");
	CHECK(access(proof, F_OK) != 0);
}

TEST(a_path_does_not_leave_the_repository)
{
	set_up();
	put("outside.yaml", smoke, strlen(smoke));
	_cleanup_job_spec_ struct job_spec *dots = git_job("");
	struct job_definition *def = &dots->actions[1].test.definitions[0];
	/* The loader refuses this; a definition may come from elsewhere. */
	free(def->path);
	def->path = xstrdup("automated/../../../../outside.yaml");
	check_fails(dots, ERR_JOB, "outside.yaml");

	_cleanup_free_ char *target = xasprintf("%s/outside.yaml", tap_tmpdir());
	_cleanup_free_ char *link =
		xasprintf("%s/repo/automated/link.yaml", tap_tmpdir());
	CHECK_EQ(symlink(target, link), 0);
	commit("link");
	_cleanup_job_spec_ struct job_spec *through =
		job_with("    - {from: git, name: smoke, repository: ./repo, path: "
			 "automated/link.yaml}\n");
	check_fails(through, ERR_JOB, "automated/link.yaml leads out of the repository");
}

TEST(a_symbolic_link_inside_the_repository_is_fine)
{
	set_up();
	_cleanup_free_ char *link = xasprintf("%s/repo/link.yaml", tap_tmpdir());

	CHECK_EQ(symlink("automated/smoke.yaml", link), 0);
	commit("link");
	_cleanup_job_spec_ struct job_spec *job =
		job_with("    - {from: git, name: smoke, repository: ./repo, path: "
			 "link.yaml}\n");
	struct definition_set set;
	struct err err = ERR_INIT;

	CHECK_EQ(fetch(job, &set, &err), 0);
	CHECK_EQ(job->actions[1].test.definitions[0].steps.n, 2);
	definition_set_release(&set);
}

TEST(a_wrong_definition_is_named_with_its_own_place_too)
{
	set_up();
	put("repo/automated/smoke.yaml", "run:\n  steps: [a\n", 17);
	commit("no YAML");
	_cleanup_job_spec_ struct job_spec *bad = git_job("");
	check_fails(bad, ERR_JOB, "automated/smoke.yaml:");
	put("repo/automated/smoke.yaml", "run:\n  stesp: [a]\n", 18);
	commit("a typo");
	_cleanup_job_spec_ struct job_spec *typo = git_job("");
	check_fails(typo, ERR_JOB, "automated/smoke.yaml:2:3: ");
}

TEST(a_definition_larger_than_1_mib_is_refused)
{
	_cleanup_free_ char *big = xmalloc((1 << 20) + 1);

	set_up();
	memset(big, '#', (1 << 20) + 1);
	put("repo/automated/smoke.yaml", big, (1 << 20) + 1);
	commit("big");
	_cleanup_job_spec_ struct job_spec *job = git_job("");
	check_fails(job, ERR_JOB, "more than 1 MiB");
}

TEST(a_definition_from_a_file_brings_steps_and_no_tree)
{
	set_up();
	put("tests/smoke.yaml", smoke, strlen(smoke));
	_cleanup_job_spec_ struct job_spec *job =
		job_with("    - {from: file, name: smoke, path: tests/smoke.yaml}\n");
	struct definition_set set;
	struct err err = ERR_INIT;

	if (fetch(job, &set, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	CHECK_EQ(job->actions[1].test.definitions[0].steps.n, 2);
	CHECK_EQ(set.n, 1);
	CHECK(!set.v[0].tree);
	CHECK(!set.v[0].revision);
	CHECK(!set.dir);
	definition_set_release(&set);
}

TEST(a_file_that_is_missing_or_no_file_is_the_jobs_mistake)
{
	set_up();
	_cleanup_free_ char *fifo = xasprintf("%s/fifo", tap_tmpdir());
	_cleanup_job_spec_ struct job_spec *missing =
		job_with("    - {from: file, name: smoke, path: nope.yaml}\n");
	_cleanup_job_spec_ struct job_spec *endless =
		job_with("    - {from: file, name: smoke, path: fifo}\n");

	check_fails(missing, ERR_JOB, "nope.yaml: No such file or directory");
	CHECK_EQ(mkfifo(fifo, 0600), 0);
	check_fails(endless, ERR_JOB, "fifo: not a file");
}

/* A server that takes the connection and then says nothing; its port. */
static int silent_server(uint16_t *port)
{
	int fd = bind_to_loopback(SOCK_STREAM, port);

	CHECK_EQ(listen(fd, 4), 0);
	return fd;
}

static struct job_spec *job_at_port(uint16_t port)
{
	_cleanup_free_ char *text = xasprintf(
		"    - {from: git, name: smoke, repository: 'http://127.0.0.1:%u/r.git', "
		"path: x}\n",
		port);

	return job_with(text);
}

TEST(cancel_ends_a_fetch_that_hangs)
{
	set_up();
	uint16_t port;
	_cleanup_close_ int server = silent_server(&port);
	_cleanup_job_spec_ struct job_spec *job = job_at_port(port);
	struct task task = TASK_INIT;
	struct definition_set set;
	struct err err = ERR_INIT;
	int fds[2];

	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		/* Cancel as soon as git has come. */
		int fd = accept(server, NULL, NULL);

		_exit(fd < 0 || write(fds[1], "x", 1) != 1 || pause());
	}
	task.cancel_fd = fds[0];
	task.deadline = deadline_in_ms(20000);
	int r = definition_fetch_all(job, &task, &set, &err);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (strstr(err.msg, "remote-http"))
		SKIP("this git has no HTTP");
	CHECK_EQ(r, -ECANCELED);
	CHECK_EQ(err.class, ERR_CANCELED);
	CHECK_EQ(n_leftovers(), 0);
}

TEST(a_fetch_that_hangs_ends_with_its_deadline)
{
	set_up();
	uint16_t port;
	int server = silent_server(&port);
	_cleanup_job_spec_ struct job_spec *job = job_at_port(port);
	struct task task = TASK_INIT;
	struct definition_set set;
	struct err err = ERR_INIT;

	task.deadline = deadline_in_ms(300);
	CHECK(server >= 0);
	int r = definition_fetch_all(job, &task, &set, &err);
	if (strstr(err.msg, "remote-http"))
		SKIP("this git has no HTTP");
	close(server);
	CHECK_EQ(r, -ETIMEDOUT);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_EQ(n_leftovers(), 0);
}

TEST(a_git_that_started_us_does_not_lead_the_clone_elsewhere)
{
	set_up();
	_cleanup_free_ char *trap = xasprintf("%s/trap", tap_tmpdir());
	_cleanup_free_ char *trapped = xasprintf("%s/automated", trap);
	_cleanup_job_spec_ struct job_spec *job = git_job("");
	struct definition_set set;
	struct err err = ERR_INIT;

	CHECK_EQ(io_mkdir_p(trap), 0);
	setenv("GIT_DIR", trap, 1);
	setenv("GIT_WORK_TREE", trap, 1);
	if (fetch(job, &set, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	CHECK(access(trapped, F_OK) != 0);
	definition_set_release(&set);
}

TESTS(T(a_definition_from_git_brings_its_steps_its_tree_and_its_commit),
      T(a_relative_repository_starts_at_the_job_file),
      T(definitions_of_one_repository_share_one_clone),
      T(a_branch_and_a_revision_are_what_is_run),
      T(what_the_repository_does_not_have_is_the_jobs_mistake),
      T(a_repository_that_is_not_there_is_the_jobs_mistake),
      T(a_server_that_does_not_answer_is_the_labs_fault_and_no_password_is_told),
      T(a_repository_cannot_run_programs_on_the_lab_host),
      T(a_path_does_not_leave_the_repository),
      T(a_symbolic_link_inside_the_repository_is_fine),
      T(a_wrong_definition_is_named_with_its_own_place_too),
      T(a_definition_larger_than_1_mib_is_refused),
      T(a_definition_from_a_file_brings_steps_and_no_tree),
      T(a_file_that_is_missing_or_no_file_is_the_jobs_mistake),
      T(cancel_ends_a_fetch_that_hangs), T(a_fetch_that_hangs_ends_with_its_deadline),
      T(a_git_that_started_us_does_not_lead_the_clone_elsewhere))
