// SPDX-License-Identifier: GPL-2.0-or-later
/* Links by the names of boards. One that a killed run left leads to a socket where nobody
 * listens; the next run replaces it. */
#include "session/live_console.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/io.h"
#include "util/mem.h"
#include "util/runtime_dir.h"

static int link_path(const char *board, char **path, struct err *err)
{
	_cleanup_free_ char *dir = NULL;
	int r = runtime_dir(&dir, err);

	if (r)
		return r;
	_cleanup_free_ char *sub = xasprintf("%s/consoles", dir);
	if (mkdir(sub, 0755) && errno != EEXIST)
		return err_set(err, ERR_LAB, -errno, "%s: %s", sub, strerror(errno));
	*path = xasprintf("%s/%s.sock", sub, board);
	return 0;
}

static char *socket_path(const struct run_dir *dir)
{
	return xasprintf("%s/console.sock", dir->path);
}

int live_console_announce(const char *board, const struct run_dir *dir, struct err *err)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *target = socket_path(dir);
	int r = link_path(board, &path, err);

	if (r)
		return r;
	_cleanup_free_ char *fresh = xasprintf("%s.%d", path, (int)getpid());
	unlink(fresh);
	if (symlink(target, fresh) || rename(fresh, path))
		return err_set(err, ERR_LAB, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

static char *read_link(const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target));

	return n > 0 ? xstrndup(target, (size_t)n) : NULL;
}

void live_console_withdraw(const char *board, const struct run_dir *dir)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *ours = socket_path(dir);
	struct err ignored = ERR_INIT;

	if (link_path(board, &path, &ignored))
		return;
	_cleanup_free_ char *target = read_link(path);
	if (target && strcmp(target, ours) == 0)
		unlink(path);
}

int live_console_connect(const char *board, int *fd, char **run_path, struct err *err)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	_cleanup_free_ char *path = NULL;
	int r = link_path(board, &path, err);

	if (r)
		return r;
	if (strlen(path) >= sizeof(a.sun_path))
		return err_set(err, ERR_LAB, -ENAMETOOLONG,
			       "%s is too long for a socket; set XDG_RUNTIME_DIR", path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	_cleanup_close_ int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return err_set(err, ERR_LAB, -errno, "socket: %s", strerror(errno));
	if (connect(s, (struct sockaddr *)&a, sizeof(a))) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			return -ENOENT;
		return err_set(err, ERR_LAB, -errno, "%s: %s", path, strerror(errno));
	}
	_cleanup_free_ char *target = read_link(path);
	char *slash = target ? strrchr(target, '/') : NULL;
	*run_path = slash ? xstrndup(target, (size_t)(slash - target)) : xstrdup(path);
	*fd = TAKE_FD(s);
	return 0;
}
