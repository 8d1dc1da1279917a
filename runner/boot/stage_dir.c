// SPDX-License-Identifier: GPL-2.0-or-later
/* One run's directory in the TFTP root. The lock is flock() on the directory itself, so
 * it ends with its owner however that dies, and nothing extra lies about. Creating and
 * sweeping happen under the lock of the directory above, or a sweep could take a
 * directory between its mkdir and its lock. Where flock() does not work (some NFS)
 * nothing is swept. Knows nothing of what the files are. */
#include "boot/stage_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "util/io.h"
#include "util/mem.h"

static const char name_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				 "0123456789._-";
static const char part_suffix[] = ".part";

bool stage_is_run_name(const char *run)
{
	size_t n = strspn(run, name_chars);

	return n >= 1 && n <= 100 && !run[n] && run[0] != '.';
}

bool stage_is_subdir(const char *subdir)
{
	for (const char *p = subdir; *p;) {
		size_t n = strcspn(p, "/");

		if (n == 0 || n != strspn(p, name_chars) || p[0] == '.')
			return false;
		p += n;
		if (*p == '/' && !*++p)
			return false;
	}
	return strlen(subdir) <= 200;
}

static int lab(struct err *err, const char *what, const char *name)
{
	int e = errno;

	return err_set(err, ERR_LAB, -e, "TFTP root: %s %s: %s", what, name, strerror(e));
}

/* Readable for the TFTP server, which is another user. */
static int open_base(const char *root, const char *subdir, struct err *err)
{
	_cleanup_free_ char *path =
		subdir[0] ? xasprintf("%s/%s", root, subdir) : xstrdup(root);
	bool is_new = access(path, F_OK) != 0;
	int r = io_mkdir_p(path);

	if (r) {
		errno = -r;
		return lab(err, "cannot create", path);
	}
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (is_new && fchmod(fd, 0755))) {
		r = lab(err, "cannot use", path);
		cleanup_close(&fd);
		return r;
	}
	return fd;
}

static int lock_retry(int fd, int operation)
{
	int r;

	do
		r = flock(fd, operation);
	while (r && errno == EINTR);
	return r ? -errno : 0;
}

/* A directory with the prefix of ours, whose lock nobody holds. */
static bool sweep_one(int base_fd, const char *name)
{
	_cleanup_close_ int fd =
		openat(base_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || (geteuid() != 0 && st.st_uid != geteuid()) ||
	    lock_retry(fd, LOCK_EX | LOCK_NB))
		return false;
	/* Without the mark it is one that died at birth, and empty, or somebody else's.
	 */
	if (fstatat(fd, STAGE_DIR_OWNER, &st, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(st.st_mode))
		return unlinkat(base_fd, name, AT_REMOVEDIR) == 0;
	return io_remove_tree_at(base_fd, name) == 0;
}

static uint32_t sweep(int base_fd)
{
	_cleanup_strvec_ struct strvec names = STRVEC_INIT;
	uint32_t n = 0;

	if (io_list_at(base_fd, ".", &names))
		return 0;
	for (size_t i = 0; i < names.n; i++)
		if (strncmp(names.v[i], STAGE_DIR_PREFIX, strlen(STAGE_DIR_PREFIX)) ==
			    0 &&
		    sweep_one(base_fd, names.v[i]))
			n++;
	return n;
}

static int make(struct stage_dir *d, const char *part, struct err *err)
{
	_cleanup_free_ char *owner = xasprintf("pid %d\n", (int)getpid());
	struct stat st;

	if (fstatat(d->base_fd, d->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return lab(err, "already in use:", d->name);
	}
	if (mkdirat(d->base_fd, part, 0755))
		return lab(err, "cannot create", part);
	d->fd = openat(d->base_fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d->fd < 0 || fchmod(d->fd, 0755))
		return lab(err, "cannot use", part);
	(void)lock_retry(d->fd, LOCK_EX | LOCK_NB);
	int r = io_atomic_write_at(d->fd, STAGE_DIR_OWNER, owner, strlen(owner));
	if (!r)
		return 0;
	errno = -r;
	return lab(err, "cannot write in", part);
}

static char *part_name(const struct stage_dir *d)
{
	return xasprintf("%s%s", d->name, d->is_complete ? "" : part_suffix);
}

int stage_dir_create(const char *root, const char *subdir, const char *run,
		     struct stage_dir *out, uint32_t *n_swept, struct err *err)
{
	*out = (struct stage_dir)STAGE_DIR_INIT;
	*n_swept = 0;
	if (!stage_is_run_name(run) || !stage_is_subdir(subdir))
		return err_set(err, ERR_JOB, -EINVAL,
			       "TFTP root: \"%.100s\" or \"%.100s\" is no name for a "
			       "directory",
			       subdir, run);
	out->base_fd = open_base(root, subdir, err);
	if (out->base_fd < 0)
		return out->base_fd;
	out->name = xasprintf(STAGE_DIR_PREFIX "%s", run);
	_cleanup_free_ char *part = part_name(out);
	if (lock_retry(out->base_fd, LOCK_EX) == 0)
		*n_swept = sweep(out->base_fd);
	int r = make(out, part, err);
	if (r && out->fd >= 0)
		(void)!io_remove_tree_at(out->base_fd, part);
	(void)lock_retry(out->base_fd, LOCK_UN);
	if (r)
		stage_dir_release(out);
	return r;
}

int stage_dir_complete(struct stage_dir *d, struct err *err)
{
	_cleanup_free_ char *part = part_name(d);

	if (fsync(d->fd))
		return lab(err, "cannot flush", part);
	if (renameat(d->base_fd, part, d->base_fd, d->name))
		return lab(err, "cannot rename", part);
	d->is_complete = true;
	if (fsync(d->base_fd))
		return lab(err, "cannot flush", d->name);
	return 0;
}

int stage_dir_remove(struct stage_dir *d, struct err *err)
{
	_cleanup_free_ char *name = part_name(d);
	int r = io_remove_tree_at(d->base_fd, name);

	if (!r)
		return 0;
	errno = -r;
	return lab(err, "cannot remove", name);
}

void stage_dir_release(struct stage_dir *d)
{
	cleanup_close(&d->fd);
	cleanup_close(&d->base_fd);
	free(d->name);
	*d = (struct stage_dir)STAGE_DIR_INIT;
}
