// SPDX-License-Identifier: GPL-2.0-or-later
/* Copies, not hard links: whoever writes into his Image must not change the pool's. */
#include "kernel/build_export.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "kernel/build_work.h"
#include "util/io.h"
#include "util/mem.h"

enum { MAX_DEPTH = 64 };

static int copy_tree(const char *from, const char *to, int depth, const struct task *task,
		     struct err *err)
{
	_cleanup_strvec_ struct strvec names = STRVEC_INIT;
	int r = depth < MAX_DEPTH ? io_list_at(AT_FDCWD, from, &names) : -ELOOP;

	if (!r)
		r = io_mkdir_p(to);
	if (r)
		err_set(err, ERR_LAB, r, "copying %s: %s", from, strerror(-r));
	for (size_t i = 0; !r && i < names.n; i++) {
		_cleanup_free_ char *a = xasprintf("%s/%s", from, names.v[i]);
		_cleanup_free_ char *b = xasprintf("%s/%s", to, names.v[i]);
		struct stat st;

		r = task_check(task, "copying the build", err);
		if (r)
			break;
		if (lstat(a, &st))
			r = -errno;
		else if (S_ISDIR(st.st_mode))
			r = copy_tree(a, b, depth + 1, task, err);
		else if (S_ISREG(st.st_mode))
			r = build_copy_file(a, b);
		if (r && !err->code)
			err_set(err, ERR_LAB, r, "%s: %s", b, strerror(-r));
	}
	return r;
}

/* Nothing, an empty directory, or an earlier build. */
static bool may_replace(const char *to)
{
	_cleanup_free_ char *manifest = xasprintf("%s/build.json", to);

	return access(to, F_OK) != 0 || access(manifest, F_OK) == 0 || rmdir(to) == 0;
}

static int put_in_place(const char *fresh, const char *to, struct err *err)
{
	int r = 0;

	if (rename(fresh, to) == 0)
		return 0;
	if (renameat2(AT_FDCWD, fresh, AT_FDCWD, to, RENAME_EXCHANGE))
		return err_set(err, ERR_LAB, -errno, "%s: %s", to, strerror(errno));
	r = io_remove_tree_at(AT_FDCWD, fresh); /* the earlier build */
	return r ? err_set(err, ERR_LAB, r, "%s: %s", fresh, strerror(-r)) : 0;
}

int kernel_build_export(const struct kernel_built *b, const char *to,
			const struct task *task, struct err *err)
{
	size_t n = strlen(to);

	while (n > 1 && to[n - 1] == '/')
		n--;
	_cleanup_free_ char *at = xstrndup(to, n);
	_cleanup_free_ char *fresh = xasprintf("%s.bootrig-new", at);
	int r = io_remove_tree_at(AT_FDCWD, fresh);

	if (r)
		return err_set(err, ERR_LAB, r, "%s: %s", fresh, strerror(-r));
	if (!may_replace(at))
		return err_set(err, ERR_JOB, -EEXIST,
			       "%s: is there, and holds something else than a build", at);
	r = copy_tree(b->dir, fresh, 0, task, err);
	if (!r)
		r = put_in_place(fresh, at, err);
	if (r && io_remove_tree_at(AT_FDCWD, fresh))
		err_prefix(err, "%s cannot be removed; ", fresh);
	return r;
}
