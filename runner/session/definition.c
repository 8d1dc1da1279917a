// SPDX-License-Identifier: GPL-2.0-or-later
/* Test definitions from git and from files. How git is called is definition_git.c's
 * business, what stands in a definition is parse/'s. */
#include "session/definition.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "kernel/transfer.h"
#include "session/definition_git.h"
#include "util/io.h"
#include "util/mem.h"

enum { MAX_DEFINITION = 1 << 20 };

void definition_set_release(struct definition_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		free(set->v[i].tree);
		free(set->v[i].tree_name);
		free(set->v[i].revision);
	}
	free(set->v);
	if (set->dir)
		(void)!io_remove_tree_at(AT_FDCWD, set->dir);
	free(set->dir);
	*set = (struct definition_set){ .v = NULL };
}

const struct definition *definition_find(const struct definition_set *set,
					 const struct job_definition *spec)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i].spec == spec)
			return &set->v[i];
	return NULL;
}

/* "job.yaml:12:5: test definition smoke: " */
static int put_place(const struct job_spec *job, const struct job_definition *def,
		     struct err *err)
{
	return err_prefix(err, "%s:%u:%u: test definition %s: ", job->path,
			  def->mark.line, def->mark.col, def->name);
}

/* A missing or unreadable path is the job's mistake, a broken disk the lab's. */
static int cannot_read(const char *shown, int code, struct err *err)
{
	bool is_disk = code == -EIO || code == -ENFILE || code == -EMFILE;

	return err_set(err, is_disk ? ERR_LAB : ERR_JOB, code, "%s: %s", shown,
		       code == -EFBIG ? "more than 1 MiB, no test definition"
				      : strerror(-code));
}

/* A FIFO or a device would never end. */
static int read_plain_file(const char *path, const char *shown, struct strbuf *out,
			   struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st))
		return cannot_read(shown, -errno, err);
	if (S_ISDIR(st.st_mode))
		return cannot_read(shown, -EISDIR, err);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_JOB, -EINVAL, "%s: not a file", shown);
	r = io_read_fd(fd, MAX_DEFINITION, out);
	return r ? cannot_read(shown, r, err) : 0;
}

/* The messages name the file as the job does; the first one is the error. */
static int parse(struct job_definition *def, const char *shown, const struct strbuf *text,
		 struct err *err)
{
	struct spec_messages msgs = { STRVEC_INIT };
	int r = job_definition_parse(def, shown, strbuf_str(text), text->len, &msgs, err);

	strvec_release(&msgs.v);
	return r;
}

static int load_file(struct job_definition *def, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	int r = read_plain_file(def->path, def->path, &text, err);

	return r ? r : parse(def, def->path, &text, err);
}

/* Where path leads to below the tree, symbolic links followed; outside is the job's
 * mistake. The clone is ours alone, so what realpath() found stays true. */
static int resolve_inside(const char *tree, const char *path, char **out, struct err *err)
{
	_cleanup_free_ char *joined = xasprintf("%s/%s", tree, path);
	_cleanup_free_ char *root = realpath(tree, NULL);
	_cleanup_free_ char *real = root ? realpath(joined, NULL) : NULL;

	if (!real)
		return cannot_read(path, -errno, err);
	size_t n = strlen(root);
	if (strncmp(real, root, n) != 0 || real[n] != '/')
		return err_set(err, ERR_JOB, -EXDEV, "%s leads out of the repository",
			       path);
	*out = TAKE_PTR(real);
	return 0;
}

static int load_from_tree(struct job_definition *def, const struct definition *d,
			  struct err *err)
{
	_cleanup_free_ char *repository = url_masked(def->repository);
	_cleanup_free_ char *real = NULL;
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	int r = resolve_inside(d->tree, def->path, &real, err);

	if (!r)
		r = read_plain_file(real, def->path, &text, err);
	if (r)
		return err_prefix(err, "%s at %.12s: ", repository, d->revision);
	return parse(def, def->path, &text, err);
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* One clone serves all definitions of the same repository, branch and revision. */
static const struct definition *find_clone(const struct definition_set *set,
					   const struct job_definition *def)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct job_definition *o = set->v[i].spec;

		if (set->v[i].tree && same(o->repository, def->repository) &&
		    same(o->branch, def->branch) && same(o->revision, def->revision))
			return &set->v[i];
	}
	return NULL;
}

static int make_dir(struct definition_set *set, struct err *err)
{
	const char *tmp = getenv("TMPDIR");

	if (set->dir)
		return 0;
	_cleanup_free_ char *dir =
		xasprintf("%s/bootrig-tests-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return err_set(err, ERR_LAB, -errno, "%s: %s", dir, strerror(errno));
	/* Absolute, because git changes its directory. */
	set->dir = realpath(dir, NULL);
	return set->dir ? 0
			: err_set(err, ERR_LAB, -errno, "%s: %s", dir, strerror(errno));
}

static int clone_tree(const struct job_spec *job, const struct job_definition *def,
		      const struct task *task, struct definition_set *set,
		      struct definition *d, struct err *err)
{
	const struct definition *before = find_clone(set, def);
	const char *slash = strrchr(job->path, '/');
	_cleanup_free_ char *job_dir =
		slash ? xstrndup(job->path, (size_t)(slash - job->path) + 1) : NULL;
	const struct git_source src = { .repository = def->repository,
					.branch = def->branch,
					.revision = def->revision,
					.from_dir = job_dir };

	if (before) {
		d->tree = xstrdup(before->tree);
		d->revision = xstrdup(before->revision);
		return 0;
	}
	int r = make_dir(set, err);
	if (r)
		return r;
	_cleanup_free_ char *what = xasprintf("fetching test definition %s", def->name);
	task_progress(task, what, 0, 0);
	_cleanup_free_ char *tree = xasprintf("%s/%zu", set->dir, set->n);
	r = git_fetch(&src, tree, task, &d->revision, err);
	if (!r)
		d->tree = TAKE_PTR(tree);
	return r;
}

static int fetch_one(const struct job_spec *job, struct job_definition *def,
		     const struct task *task, struct definition_set *set, struct err *err)
{
	struct definition d = { .spec = def };
	int r;

	if (def->from == JOB_FROM_FILE) {
		r = load_file(def, err);
	} else {
		r = clone_tree(job, def, task, set, &d, err);
		if (!r)
			r = load_from_tree(def, &d, err);
		if (!r)
			d.tree_name = xasprintf("%zu_%s", set->n, def->name);
	}
	/* Into the set also when it failed: it is released with it. */
	set->v = xreallocarray(set->v, set->n + 1, sizeof(*set->v));
	set->v[set->n++] = d;
	return r ? put_place(job, def, err) : 0;
}

int definition_fetch_all(struct job_spec *job, const struct task *task,
			 struct definition_set *out, struct err *err)
{
	int r = 0;

	*out = (struct definition_set){ .v = NULL };
	for (size_t i = 0; i < job->n_actions && !r; i++) {
		struct job_action *a = &job->actions[i];

		if (a->kind != JOB_TEST)
			continue;
		for (size_t k = 0; k < a->test.n_definitions && !r; k++) {
			struct job_definition *def = &a->test.definitions[k];

			if (def->from == JOB_FROM_INLINE)
				continue;
			r = task_check(task, "fetching test definitions", err);
			if (!r)
				r = fetch_one(job, def, task, out, err);
		}
	}
	if (r)
		definition_set_release(out);
	return r;
}
