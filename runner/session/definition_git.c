// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns how git is called and what its complaints mean. Knows nothing of what is in the
 * repository. */
#include "session/definition_git.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "kernel/transfer.h"
#include "util/child.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/strvec.h"

enum { MAX_COMPLAINTS = 64 << 10, MAX_REVISION = 256 };

/* Nothing asks for a password, nothing of a git that started us leaks in (a hook or `git
 * bisect run` sets GIT_DIR; GIT_WORK_TREE would send the files elsewhere), and complaints
 * are in English, because we read them. A name without = is taken away. */
static const char *const git_env[] = { "GIT_TERMINAL_PROMPT=0",
				       "GIT_ASKPASS=/bin/false",
				       "SSH_ASKPASS=/bin/false",
				       "SSH_ASKPASS_REQUIRE=force",
				       "LC_ALL=C",
				       "GIT_DIR",
				       "GIT_WORK_TREE",
				       "GIT_INDEX_FILE",
				       "GIT_OBJECT_DIRECTORY",
				       "GIT_ALTERNATE_OBJECT_DIRECTORIES",
				       "GIT_COMMON_DIR",
				       "GIT_NAMESPACE",
				       "GIT_PREFIX",
				       "GIT_SHALLOW_FILE",
				       NULL };

struct git {
	const struct git_source *src;
	const struct task *task;
	const char *dir;
	char *shown;             /* the repository without a password */
	struct strbuf complaint; /* of the last call: its first "fatal:" or "error:" */
};

static void release(struct git *g)
{
	free(g->shown);
	strbuf_release(&g->complaint);
}

static void replace_all(struct strbuf *sb, const char *what, const char *by)
{
	struct strbuf out = STRBUF_INIT;
	const char *p = strbuf_str(sb), *hit;

	while ((hit = strstr(p, what))) {
		strbuf_add(&out, p, (size_t)(hit - p));
		strbuf_addstr(&out, by);
		p = hit + strlen(what);
	}
	strbuf_addstr(&out, p);
	strbuf_release(sb);
	*sb = out;
}

/* git says the cause first and general advice last. Of ssh it knows only that it failed:
 * then the line before says why. */
static void keep_complaint(struct git *g, const char *text)
{
	static const char vague[] = "Could not read from remote repository";
	const char *line = strstr(text, "fatal: ");

	if (!line)
		line = strstr(text, "error: ");
	line = line ? line + strlen("fatal: ") : text;
	strbuf_reset(&g->complaint);
	if (strncmp(line, vague, strlen(vague)) == 0 && strncmp(text, "fatal", 5) != 0)
		line = text;
	strbuf_add(&g->complaint, line, strcspn(line, "\r\n"));
	replace_all(&g->complaint, g->src->repository, g->shown);
	_cleanup_free_ char *masked = url_masked(strbuf_str(&g->complaint));
	strbuf_reset(&g->complaint);
	strbuf_addstr(&g->complaint, masked);
}

/* 0, -EREMOTEIO with the complaint kept when git said no, or another error with err set.
 */
static int run(struct git *g, const char *const argv[], const char *cwd, struct err *err)
{
	_cleanup_close_ int errors_fd = memfd_create("git-stderr", MFD_CLOEXEC);
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct child_opts opts = CHILD_OPTS_INIT;
	struct child c = CHILD_INIT;
	int status = 0, r;

	if (errors_fd < 0)
		return err_set(err, ERR_LAB, -errno, "memfd_create: %s", strerror(errno));
	opts.stderr_fd = errors_fd;
	opts.env_add = git_env;
	opts.own_group = true;
	opts.dir = cwd;
	r = child_spawn(&c, argv, &opts, err);
	if (!r)
		r = child_wait(&c, g->task->deadline, g->task->cancel_fd, &status, err);
	child_kill(&c, SIGKILL);
	if (r == -ETIMEDOUT)
		return err_set(err, ERR_LAB, r, "git: %s did not come in time", g->shown);
	if (r)
		return r;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (lseek(errors_fd, 0, SEEK_SET) == 0)
		(void)!io_read_fd(errors_fd, MAX_COMPLAINTS, &text);
	keep_complaint(g, strbuf_str(&text));
	return err_set(err, ERR_LAB, -EREMOTEIO, "git: %s: %s", g->shown,
		       g->complaint.len ? g->complaint.buf : "failed without a word");
}

/* Who has to act on git's complaint: the job names something that is not there, or the
 * lab's network or disk is out of order. */
static int judge(struct git *g, int r, struct err *err)
{
	static const char *const wrong_job[] = {
		"does not exist",
		"not found",
		"does not appear to be",
		"could not read User",
		"could not read Pass",
		"Authentication failed",
		"couldn't find remote ref",
		"did not match any",
		"not a tree",
		"not a commit",
		"invalid reference",
		"bad object",
		"not our ref",
		"Permission denied",
		"dubious ownership",
		"remote helper",
		"not allowed",
		"returned error: 401",
		"returned error: 403",
		"returned error: 404",
		"returned error: 410",
	};
	const char *said = strbuf_str(&g->complaint);

	for (size_t i = 0; r == -EREMOTEIO && i < ARRAY_SIZE(wrong_job); i++)
		if (strcasestr(said, wrong_job[i]))
			return err_set(err, ERR_JOB, -ENOENT, "git: %s: %s", g->shown,
				       said);
	return r;
}

static void add_git(struct strvec *argv)
{
	strvec_add(argv, "git");
	strvec_add(argv, "-c");
	strvec_add(argv, "protocol.ext.allow=never");
}

static int run_vec(struct git *g, struct strvec *argv, const char *cwd, struct err *err)
{
	int r = run(g, (const char *const *)argv->v, cwd, err);

	strvec_release(argv);
	return r;
}

/* A path without "file://" ignores the depth, with a warning; that is as well. */
static int clone(struct git *g, bool is_shallow, bool checkout, struct err *err)
{
	struct strvec argv = STRVEC_INIT;

	add_git(&argv);
	strvec_add(&argv, "clone");
	strvec_add(&argv, "--quiet");
	if (is_shallow) {
		strvec_add(&argv, "--depth");
		strvec_add(&argv, "1");
	}
	if (!checkout)
		strvec_add(&argv, "--no-checkout");
	if (g->src->branch) {
		strvec_add(&argv, "--branch");
		strvec_add(&argv, g->src->branch);
	}
	strvec_add(&argv, "--");
	strvec_add(&argv, g->src->repository);
	strvec_add(&argv, g->dir);
	return run_vec(g, &argv, g->src->from_dir, err);
}

static int checkout(struct git *g, const char *revision, struct err *err)
{
	struct strvec argv = STRVEC_INIT;

	add_git(&argv);
	strvec_add(&argv, "checkout");
	strvec_add(&argv, "--quiet");
	strvec_add(&argv, "--detach");
	strvec_add(&argv, revision);
	strvec_add(&argv, "--");
	return run_vec(g, &argv, g->dir, err);
}

/* Many servers give a single commit. */
static int fetch_commit(struct git *g, struct err *err)
{
	struct strvec argv = STRVEC_INIT;
	int r;

	add_git(&argv);
	strvec_add(&argv, "init");
	strvec_add(&argv, "--quiet");
	strvec_add(&argv, "--");
	strvec_add(&argv, g->dir);
	r = run_vec(g, &argv, NULL, err);
	if (r)
		return r;
	/* From where a relative path starts, into the new repository. */
	add_git(&argv);
	strvec_addf(&argv, "--git-dir=%s/.git", g->dir);
	strvec_add(&argv, "fetch");
	strvec_add(&argv, "--quiet");
	strvec_add(&argv, "--depth");
	strvec_add(&argv, "1");
	strvec_add(&argv, "--");
	strvec_add(&argv, g->src->repository);
	strvec_add(&argv, g->src->revision);
	r = run_vec(g, &argv, g->src->from_dir, err);
	return r ? r : checkout(g, "FETCH_HEAD", err);
}

/* A short hash, or a server that gives branches only: the whole history has it. */
static int clone_for_commit(struct git *g, struct err *err)
{
	int r = io_remove_tree_at(AT_FDCWD, g->dir);

	if (r)
		return err_set(err, ERR_LAB, r, "%s: %s", g->dir, strerror(-r));
	r = clone(g, false, false, err);
	return r ? r : checkout(g, g->src->revision, err);
}

static int read_revision(struct git *g, char **out, struct err *err)
{
	const char *const argv[] = { "git", "rev-parse", "--verify", "HEAD^{commit}",
				     NULL };
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct child_opts opts = CHILD_OPTS_INIT;

	opts.dir = g->dir;
	opts.env_add = git_env;
	int r = child_capture(argv, &opts, g->task->deadline, g->task->cancel_fd,
			      MAX_REVISION, &text, err);
	if (r)
		return r;
	*out = xstrndup(strbuf_str(&text), strcspn(strbuf_str(&text), "\n"));
	return 0;
}

int git_fetch(const struct git_source *src, const char *dir, const struct task *task,
	      char **revision, struct err *err)
{
	_cleanup_(release) struct git g = {
		.src = src,
		.task = task,
		.dir = dir,
		.shown = url_masked(src->repository),
	};
	struct err first = ERR_INIT;
	int r;

	if (!src->revision) {
		r = clone(&g, true, true, err);
	} else {
		r = fetch_commit(&g, &first);
		if (r == -EREMOTEIO)
			r = clone_for_commit(&g, err);
		else if (r)
			*err = first;
	}
	return r ? judge(&g, r, err) : read_revision(&g, revision, err);
}
