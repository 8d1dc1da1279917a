// SPDX-License-Identifier: GPL-2.0-or-later
/* A git repository as a base. The pool has a clone that borrows the repository's objects
 * (git clone --shared); the repository itself is only read. */
#include <errno.h>
#include <fcntl.h>

#include "kernel/source_kinds.h"
#include "kernel/source_patch.h"
#include "kernel/tool.h"
#include "util/ascii.h"
#include "util/mem.h"
#include "util/num.h"

enum { MAX_COMMITS = 20000 };

/* Nothing of git's may stay behind in the background. */
#define GIT(dir)                                                                         \
	"git", "-C", dir, "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c",       \
		"core.fsmonitor=false", "-c", "advice.detachedHead=false", "-c",         \
		"core.hooksPath=/dev/null", "-c", "log.showSignature=false", "-c",       \
		"core.autocrlf=false"

/* What a hook of the user's repository has set. */
static const char *const git_env[] = { "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE",
				       "GIT_OBJECT_DIRECTORY", NULL };

static int git(const char *const argv[], const char *what, const struct task *task,
	       struct strbuf *said, struct err *err)
{
	const struct tool tool = { .argv = argv, .what = what, .env_add = git_env };
	int status, r = tool_run(&tool, task, &status, said, err);

	if (!r && status)
		r = err_set(err, ERR_JOB, -EINVAL, "%s: %s", what, tool_last_line(said));
	return r;
}

static bool is_full_id(const char *s)
{
	size_t n = 0;

	while (ascii_is_hex(s[n]))
		n++;
	return (n == 40 || n == 64) && !s[n];
}

/* The commit that a name stands for. The caller owns *id. */
static int resolve(const struct source *s, const char *rev, const struct task *task,
		   char **id, struct err *err)
{
	_cleanup_free_ char *commit = xasprintf("%s^{commit}", rev);
	_cleanup_free_ char *what = xasprintf("%s: no commit %s", s->path, rev);
	_cleanup_strbuf_ struct strbuf said = STRBUF_INIT;
	const char *argv[] = { GIT(s->path),       "rev-parse", "--verify", "--quiet",
			       "--end-of-options", commit,      NULL };
	int r = git(argv, what, task, &said, err);

	if (r)
		return r;
	if (!is_full_id(tool_last_line(&said)))
		return err_set(err, ERR_JOB, -EINVAL, "%s: %s", what, strbuf_str(&said));
	*id = xstrdup(tool_last_line(&said));
	return 0;
}

/* Points count up from A: a range that is turned round, or whose ends went apart, has
 * none. */
static int check_line(const struct source *s, const char *range, const char *to,
		      const struct task *task, struct err *err)
{
	const char *argv[] = { GIT(s->path), "merge-base", "--is-ancestor",
			       s->from,      to,           NULL };
	const struct tool tool = { .argv = argv, .what = s->path, .env_add = git_env };
	_cleanup_strbuf_ struct strbuf said = STRBUF_INIT;
	int status, r = tool_run(&tool, task, &status, &said, err);

	if (r || !status)
		return r;
	return err_set(err, ERR_JOB, -EINVAL,
		       "%s: the first is no ancestor of the second; expected A..B with "
		       "all of A in B%s%s",
		       range, status == 1 ? "" : ": ",
		       status == 1 ? "" : tool_last_line(&said));
}

static int list_range(struct source *s, const char *from, const char *to,
		      const struct task *task, struct err *err)
{
	_cleanup_free_ char *range = xasprintf("%s..%s", from, to);
	_cleanup_strbuf_ struct strbuf said = STRBUF_INIT;
	const char *argv[] = { GIT(s->path),     "log", "--reverse", "--first-parent",
			       "--format=%H %s", range, "--",        NULL };
	int r = git(argv, s->path, task, &said, err);
	char *at = said.buf;

	if (r)
		return r;
	for (size_t n; at && *at; at += n + (at[n] == '\n')) {
		n = strcspn(at, "\n");
		if (s->commits.n == MAX_COMMITS)
			return err_set(err, ERR_JOB, -EFBIG, "%s: more than %d commits",
				       range, MAX_COMMITS);
		strvec_add_take(&s->commits, xstrndup(at, n));
	}
	return 0;
}

static void cut_commits(struct source *s, size_t n)
{
	while (s->commits.n > n)
		free(s->commits.v[--s->commits.n]);
	if (s->commits.v)
		s->commits.v[n] = NULL;
}

/* Which of the range's commits the point is. */
static int choose_upto(struct source *s, const char *range, const char *upto,
		       const struct task *task, struct err *err)
{
	_cleanup_free_ char *id = NULL;
	uint32_t n;

	if (strlen(upto) < 7 && !parse_u32(upto, 10, UINT32_MAX, &n)) {
		if (n > s->commits.n)
			return err_set(err, ERR_JOB, -ERANGE,
				       "%s: commit %u is asked for, it has %zu", range, n,
				       s->commits.n);
		cut_commits(s, n);
		return 0;
	}
	int r = resolve(s, upto, task, &id, err);
	for (size_t i = 0; !r && i < s->commits.n; i++)
		if (strncmp(s->commits.v[i], id, strlen(id)) == 0) {
			cut_commits(s, i + 1);
			return 0;
		}
	return r ? r : err_set(err, ERR_JOB, -ENOENT, "%s: %s is not in it", range, upto);
}

bool source_has_range(const struct source *s, const char *series)
{
	return s->kind == SOURCE_GIT && series && access(series, F_OK) != 0;
}

int source_choose(struct source *s, const char *range, const char *upto,
		  const struct task *task, struct err *err)
{
	const char *dots = strstr(range, "..");
	_cleanup_free_ char *to = NULL;
	int r;

	if (!dots)
		return upto ? err_set(err, ERR_JOB, -EINVAL,
				      "%s is one commit: it has no part up to %s", range,
				      upto)
			    : (free(s->commit), resolve(s, range, task, &s->commit, err));
	_cleanup_free_ char *from = xstrndup(range, (size_t)(dots - range));
	dots += 2;
	if (*dots == '.')
		return err_set(err, ERR_JOB, -EINVAL, "%s: expected A..B with two dots",
			       range);
	r = resolve(s, from[0] ? from : "HEAD", task, &s->from, err);
	if (!r)
		r = resolve(s, *dots ? dots : "HEAD", task, &to, err);
	if (!r)
		r = check_line(s, range, to, task, err);
	if (!r)
		r = list_range(s, s->from, to, task, err);
	if (!r && upto)
		r = choose_upto(s, range, upto, task, err);
	if (r)
		return r;
	const char *last = s->commits.n ? s->commits.v[s->commits.n - 1] : s->from;
	free(s->commit);
	s->commit = xstrndup(last, strcspn(last, " "));
	return 0;
}

int source_identify_git(struct source *s, const struct task *task, struct err *err)
{
	_cleanup_strbuf_ struct strbuf said = STRBUF_INIT;
	char *id = NULL;
	int r = resolve(s, s->commit, task, &id, err);

	if (r)
		return r;
	free(s->commit);
	s->commit = id;
	/* The tree, not the commit: dates and messages build nothing. */
	_cleanup_free_ char *tree = xasprintf("%s^{tree}", s->commit);
	const char *argv[] = { GIT(s->path), "rev-parse", "--verify", tree, NULL };
	r = git(argv, s->path, task, &said, err);
	if (!r) {
		const char *line = tool_last_line(&said);

		s->id = sha256_of(line, strlen(line));
	}
	return r;
}

static int clone(const struct source *s, const struct task *task,
		 const struct source_tree *t, struct err *err)
{
	_cleanup_free_ char *fresh = xasprintf("%s.new", t->dir);
	_cleanup_strbuf_ struct strbuf said = STRBUF_INIT;
	const char *argv[] = { GIT("/"),  "clone",     "--shared",    "--no-checkout",
			       "--quiet", "--no-tags", "--template=", "--",
			       s->path,   fresh,       NULL };
	int r = source_start_over(t, err);

	if (!r)
		r = source_remove(fresh, err);
	if (!r)
		r = git(argv, s->path, task, &said, err);
	if (!r && rename(fresh, t->dir))
		r = err_set(err, ERR_LAB, -errno, "%s: %s", t->dir, strerror(errno));
	return r;
}

static int check_out(const struct source *s, const struct task *task,
		     const struct source_tree *t, struct err *err)
{
	_cleanup_free_ char *lock = xasprintf("%s/.git/index.lock", t->dir);
	_cleanup_strbuf_ struct strbuf said = STRBUF_INIT;
	const char *argv[] = { GIT(t->dir), "checkout", "--force", "--quiet",
			       "--detach",  s->commit,  NULL };

	/* Of a git that was killed: the pool's lock says that nobody else is here. */
	if (unlink(lock) && errno != ENOENT)
		return err_set(err, ERR_LAB, -errno, "%s: %s", lock, strerror(errno));
	return git(argv, s->given, task, &said, err);
}

/* A checkout that was killed had written files that no index knows of. */
static int drop_untracked(const struct source *s, const struct task *task,
			  const struct source_tree *t, struct err *err)
{
	_cleanup_strbuf_ struct strbuf said = STRBUF_INIT;
	const char *argv[] = { GIT(t->dir), "clean", "--quiet", "-ffdx", NULL };

	return git(argv, s->given, task, &said, err);
}

int source_prepare_git(const struct source *s, const struct task *task,
		       const struct source_tree *t, struct err *err)
{
	_cleanup_free_ char *stamp = xasprintf("%s/base", t->state);
	bool is_new = access(t->dir, F_OK) != 0, was_whole = access(stamp, F_OK) == 0;
	int r = 0;

	if (source_has_stamp(t, s->commit))
		return 0;
	if (!is_new)
		r = source_unpatch(t, err);
	if (!r)
		r = source_remove(stamp, err);
	if (!r && is_new)
		r = clone(s, task, t, err);
	if (!r)
		r = check_out(s, task, t, err);
	if (!r && !is_new && !was_whole)
		r = drop_untracked(s, task, t, err);
	/* The repository may have dropped what the clone borrows. */
	if (r && r != -ECANCELED && r != -ETIMEDOUT && !is_new) {
		*err = (struct err)ERR_INIT;
		r = clone(s, task, t, err);
		if (!r)
			r = check_out(s, task, t, err);
	}
	return r ? r : source_write_stamp(t, s->commit, err);
}
