// SPDX-License-Identifier: GPL-2.0-or-later
/* The runtime directory. In /tmp anybody may have made it first: it is looked at before
 * it is believed. */
#include "util/runtime_dir.h"

#include <errno.h>
#include <sys/stat.h>

#include "util/mem.h"

static int check(const char *path, mode_t forbidden, struct err *err)
{
	struct stat st;

	if (lstat(path, &st))
		return err_set(err, ERR_LAB, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_LAB, -ENOTDIR, "%s is no directory", path);
	if (st.st_uid != geteuid() || st.st_mode & forbidden)
		return err_set(err, ERR_LAB, -EPERM,
			       "%s is not ours alone; remove it, or set XDG_RUNTIME_DIR",
			       path);
	return 0;
}

static int make(const char *path, mode_t forbidden, struct err *err)
{
	if (mkdir(path, 0700) && errno != EEXIST)
		return err_set(err, ERR_LAB, -errno, "%s: %s", path, strerror(errno));
	return check(path, forbidden, err);
}

/* The lab's own: an administrator made it, and its mode says who may enter. */
static char *shared_dir(void)
{
	static const char dir[] = "/run/bootrig";

	if (access(dir, W_OK | X_OK) == 0 || (geteuid() == 0 && !mkdir(dir, 0755)))
		return xstrdup(dir);
	return NULL;
}

int runtime_dir(char **path, struct err *err)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");

	if (xdg && xdg[0] == '/') {
		*path = xasprintf("%s/bootrig", xdg);
	} else {
		*path = shared_dir();
		if (*path)
			return 0;
		*path = xasprintf("/tmp/bootrig-%u", (unsigned)geteuid());
	}
	int r = make(*path, S_IRWXG | S_IRWXO, err);

	if (r) {
		free(*path);
		*path = NULL;
	}
	return r;
}
