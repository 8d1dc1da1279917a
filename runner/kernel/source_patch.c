// SPDX-License-Identifier: GPL-2.0-or-later
/* STATE/pristine/<path> is what the base has in a patched file; STATE/absent/<path> says
 * that it has none. These copies are the list of what may differ from the base. Patches
 * are applied in STATE/scratch by git apply, which knows renames, modes and binary
 * patches, and is as strict as git am. */
#include "kernel/source_patch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "kernel/source_file.h"
#include "kernel/tool.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"

struct work {
	const struct source_tree *t;
	int tree_fd, pristine_fd, absent_fd, scratch_fd;
	char *scratch; /* its path */
	const struct task *task;
	struct err *err;
};

static int open_dir(struct work *w, const char *name, int *fd)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", w->t->state, name);
	int r = io_mkdir_p(path);

	*fd = r ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return err_set(w->err, ERR_LAB, r ? r : -errno, "%s: %s", path,
			       strerror(r ? -r : errno));
	return 0;
}

static int file_failed(const struct work *w, int r, const char *path)
{
	return err_set(w->err, ERR_LAB, r, "%s/%s: %s", w->t->dir, path, strerror(-r));
}

static int begin(struct work *w)
{
	int r;

	w->tree_fd = w->pristine_fd = w->absent_fd = w->scratch_fd = -1;
	w->scratch = xasprintf("%s/scratch", w->t->state);
	r = io_remove_tree_at(AT_FDCWD, w->scratch);
	if (r)
		return err_set(w->err, ERR_LAB, r, "%s: %s", w->scratch, strerror(-r));
	w->tree_fd = open(w->t->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->tree_fd < 0)
		return err_set(w->err, ERR_LAB, -errno, "%s: %s", w->t->dir,
			       strerror(errno));
	r = open_dir(w, "pristine", &w->pristine_fd);
	if (!r)
		r = open_dir(w, "absent", &w->absent_fd);
	return r ? r : open_dir(w, "scratch", &w->scratch_fd);
}

static void end(struct work *w)
{
	int fds[] = { w->tree_fd, w->pristine_fd, w->absent_fd, w->scratch_fd };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (io_remove_tree_at(AT_FDCWD, w->scratch))
		w->scratch_fd = -1; /* the next one removes it */
	free(w->scratch);
}

/* The base's file into the scratch directory. */
static int lay_out(struct work *w, const char *path)
{
	int r;

	if (source_file_exists(w->absent_fd, path))
		return 0;
	if (source_file_exists(w->pristine_fd, path))
		r = source_file_copy(w->pristine_fd, path, w->scratch_fd, path);
	else if (source_file_exists(w->tree_fd, path))
		r = source_file_copy(w->tree_fd, path, w->scratch_fd, path);
	else
		return 0;
	return r ? file_failed(w, r, path) : 0;
}

/* ---- git apply -------------------------------------------------------------------- */

static int run_apply(struct work *w, const struct series_patch *p, const char *file,
		     bool tell_hunks, int *status, struct strbuf *said)
{
	_cleanup_free_ char *strip = xasprintf("-p%u", p->strip);
	/* Inside of another repository git apply would silently skip what lies elsewhere:
	 * it must not find one. */
	_cleanup_free_ char *ceiling =
		xasprintf("GIT_CEILING_DIRECTORIES=%s", w->t->state);
	const char *env[] = { ceiling, "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE",
			      NULL };
	const char *argv[] = { "git",
			       "-c",
			       "core.autocrlf=false",
			       "-c",
			       "apply.ignoreWhitespace=no",
			       "apply",
			       "--whitespace=nowarn",
			       strip,
			       file,
			       tell_hunks ? "--reject" : NULL,
			       tell_hunks ? "-v" : NULL,
			       NULL };
	const struct tool tool = {
		.argv = argv, .dir = w->scratch, .env_add = env, .what = p->name
	};

	strbuf_reset(said);
	return tool_run(&tool, w->task, status, said, w->err);
}

/* "error: patch failed: FILE:LINE", and by --reject "Rejected hunk #N." behind "Applying
 * patch FILE with …": git's builtin apply.c. */
static int explain(struct work *w, const struct series_patch *p, const char *file,
		   const char *said)
{
	_cleanup_strbuf_ struct strbuf more = STRBUF_INIT;
	static const char failed[] = "error: patch failed: ",
			  rejected[] = "Rejected hunk #";
	const char *at = strstr(said, failed);
	int status;

	if (!at) {
		at = strstr(said, "error: ");
		at = at ? at + strlen("error: ") : said;
		return err_set(w->err, ERR_JOB, -EBADMSG, "%s: does not apply: %.*s",
			       p->name, (int)strcspn(at, "\n"), at);
	}
	at += strlen(failed);
	_cleanup_free_ char *where = xstrndup(at, strcspn(at, "\n"));
	char *colon = strrchr(where, ':');
	const char *line = "?";
	if (colon) {
		*colon = '\0';
		line = colon + 1;
	}
	int r = run_apply(w, p, file, true, &status, &more);
	if (r)
		return r;
	_cleanup_free_ char *head = xasprintf("Applying patch %s with", where);
	const char *hunk = strstr(strbuf_str(&more), head);
	hunk = hunk ? strstr(hunk, rejected) : NULL;
	if (!hunk)
		return err_set(w->err, ERR_JOB, -EBADMSG,
			       "%s: a hunk of %s (line %s) does not apply", p->name,
			       where, line);
	hunk += strlen(rejected);
	return err_set(w->err, ERR_JOB, -EBADMSG,
		       "%s: hunk %.*s of %s (line %s) does not apply", p->name,
		       (int)strspn(hunk, "0123456789"), hunk, where, line);
}

static int apply_one(struct work *w, const struct series_patch *p)
{
	_cleanup_free_ char *file = xasprintf("%s/current.patch", w->t->state);
	_cleanup_strbuf_ struct strbuf said = STRBUF_INIT;
	int status, r = io_atomic_write(file, p->text, p->len);

	if (r)
		return err_set(w->err, ERR_LAB, r, "%s: %s", file, strerror(-r));
	r = run_apply(w, p, file, false, &status, &said);
	if (!r && status)
		r = explain(w, p, file, strbuf_str(&said));
	return r;
}

/* ---- into the tree ---------------------------------------------------------------- */

/* What the base has in a file, kept before the file is changed. */
static int keep(struct work *w, const char *path)
{
	int r = 0;

	if (source_file_exists(w->pristine_fd, path) ||
	    source_file_exists(w->absent_fd, path))
		return 0;
	if (!source_file_exists(w->tree_fd, path)) {
		r = source_file_touch(w->absent_fd, path);
	} else {
		r = source_file_copy(w->tree_fd, path, w->pristine_fd, path);
		if (!r)
			r = source_file_sync(w->pristine_fd, path);
	}
	return r ? file_failed(w, r, path) : 0;
}

static int put(struct work *w, int from_fd, const char *path)
{
	int r;

	if (!source_file_exists(from_fd, path))
		r = source_file_remove(w->tree_fd, path);
	else if (source_file_same(from_fd, path, w->tree_fd, path))
		return 0;
	else
		r = source_file_copy(from_fd, path, w->tree_fd, path);
	return r ? file_failed(w, r, path) : 0;
}

static bool has(const struct strvec *sorted, const char *path)
{
	return sorted->n &&
	       bsearch(&path, sorted->v, sorted->n, sizeof(path), strvec_order);
}

/* Files that other points patched and this one does not. */
static int put_back(struct work *w, int list_fd, const struct strvec *keep_out)
{
	_cleanup_strvec_ struct strvec known = STRVEC_INIT;
	int r = source_file_list(list_fd, &known);

	if (r)
		return file_failed(w, r, "");
	for (size_t i = 0; !r && i < known.n; i++)
		if (!has(keep_out, known.v[i]))
			r = put(w, w->pristine_fd, known.v[i]);
	return r;
}

static int into_tree(struct work *w, const struct strvec *files)
{
	int r = 0;

	for (size_t i = 0; !r && i < files->n; i++)
		r = keep(w, files->v[i]);
	if (!r)
		r = put_back(w, w->pristine_fd, files);
	if (!r)
		r = put_back(w, w->absent_fd, files);
	for (size_t i = 0; !r && i < files->n; i++)
		r = put(w, w->scratch_fd, files->v[i]);
	return r;
}

static void all_files(const struct series *series, struct strvec *out)
{
	for (size_t i = 0; i < series->n; i++)
		for (size_t k = 0; k < series->v[i].files.n; k++)
			strvec_add(out, series->v[i].files.v[k]);
	source_file_sort(out);
}

int source_patch(const struct source_tree *t, const struct series *series,
		 const struct task *task, struct err *err)
{
	struct work w = { .t = t, .task = task, .err = err };
	_cleanup_strvec_ struct strvec files = STRVEC_INIT;
	int r = begin(&w);

	all_files(series, &files);
	for (size_t i = 0; !r && i < files.n; i++)
		r = lay_out(&w, files.v[i]);
	for (size_t i = 0; !r && i < series->n; i++)
		r = apply_one(&w, &series->v[i]);
	if (!r)
		r = into_tree(&w, &files);
	end(&w);
	return r;
}

int source_unpatch(const struct source_tree *t, struct err *err)
{
	static const char *const lists[] = { "absent", "pristine" };
	const struct series none = { .v = NULL };
	const struct task task = TASK_INIT;
	int r = source_patch(t, &none, &task, err);

	for (size_t i = 0; !r && i < ARRAY_SIZE(lists); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", t->state, lists[i]);

		r = io_remove_tree_at(AT_FDCWD, path);
		if (r)
			err_set(err, ERR_LAB, r, "%s: %s", path, strerror(-r));
	}
	return r;
}
