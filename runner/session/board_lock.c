// SPDX-License-Identifier: GPL-2.0-or-later
/* flock() on two files: the board file, which whoever reads the same file meets, and one
 * of the board's name in the runtime directory, which stays when an editor puts a new
 * file in the board file's place. A campaign has a record lock, which tells its owner, on
 * a third. */
#include "session/board_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "util/hash.h"
#include "util/mem.h"
#include "util/runtime_dir.h"

/* Takes fd, also when it fails. */
static int take(int take_fd, const char *path, const struct board_spec *board, int *fd,
		struct err *err)
{
	_cleanup_close_ int file = take_fd;

	if (flock(file, LOCK_EX | LOCK_NB) == 0) {
		*fd = TAKE_FD(file);
		return 0;
	}
	if (errno != EWOULDBLOCK)
		return err_set(err, ERR_LAB, -errno, "%s cannot be locked: %s", path,
			       strerror(errno));
	return err_set(err, ERR_LAB, -EBUSY,
		       "board %s is busy: another run or command holds it (%s)",
		       board->board, path);
}

static int lock_file(const struct board_spec *board, int *fd, struct err *err)
{
	int file = open(board->path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return err_set(err, ERR_JOB, -errno, "%s: %s", board->path,
			       strerror(errno));
	return take(file, board->path, board, fd, err);
}

/* Two runs of one QEMU board file each switch on a machine of their own when they have a
 * copy each; a real board is there once. */
static char *lock_name(const struct board_spec *board)
{
	char real[PATH_MAX];

	if (board->power.backend != BOARD_POWER_QEMU || !realpath(board->path, real))
		return xasprintf("board-%s.lock", board->board);
	struct sha256_hex sha = sha256_of(real, strlen(real));
	return xasprintf("board-%s-%.16s.lock", board->board, sha.str);
}

static int in_runtime_dir(const char *name, char **path, struct err *err)
{
	_cleanup_free_ char *dir = NULL;
	int r = runtime_dir(&dir, err);

	if (r)
		return err_prefix(err, "the board's lock: ");
	*path = xasprintf("%s/%s", dir, name);
	return 0;
}

/* Reading will do where another user of the lab made it. It is never removed: whoever
 * waits for it would then hold another one. */
static int lock_by_name(const struct board_spec *board, int *fd, struct err *err)
{
	_cleanup_free_ char *path = NULL, *name = lock_name(board);
	int r = in_runtime_dir(name, &path, err);

	if (r)
		return r;
	int file = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (file < 0)
		return err_set(err, ERR_LAB, -errno, "%s: %s", path, strerror(errno));
	return take(file, path, board, fd, err);
}

static int reservation_path(const struct board_spec *board, char **path, struct err *err)
{
	_cleanup_free_ char *lock = lock_name(board);
	_cleanup_free_ char *name = xasprintf("%s.campaign", lock);

	return in_runtime_dir(name, path, err);
}

/* Whose it is: us, or who started us. -EBUSY: another's. */
static int check_reservation(const struct board_spec *board, struct err *err)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	_cleanup_free_ char *path = NULL;
	int r = reservation_path(board, &path, err);

	if (r)
		return r;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fcntl(fd, F_GETLK, &l) || l.l_type == F_UNLCK ||
	    l.l_pid == getppid())
		return 0;
	return err_set(err, ERR_LAB, -EBUSY,
		       "board %s is busy: a matrix or soak has it, process %d (%s)",
		       board->board, (int)l.l_pid, path);
}

int board_reserve(const struct board_spec *board, int *fd, struct err *err)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	_cleanup_free_ char *path = NULL;
	int r = reservation_path(board, &path, err);

	*fd = -1;
	if (r)
		return r;
	_cleanup_close_ int file =
		open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (file < 0)
		return err_set(err, ERR_LAB, -errno, "%s: %s", path, strerror(errno));
	/* The next one may be another user of this lab; if not ours, it was done. */
	if (fchmod(file, 0666)) {
	}
	if (fcntl(file, F_SETLK, &l)) {
		r = -errno;
		return check_reservation(board, err)
			       ?: err_set(err, ERR_LAB, r, "%s: %s", path, strerror(-r));
	}
	*fd = TAKE_FD(file);
	return 0;
}

int board_lock(const struct board_spec *board, struct board_lock *lock, struct err *err)
{
	int r;

	*lock = (struct board_lock)BOARD_LOCK_INIT;
	r = check_reservation(board, err);
	if (r)
		return r;
	r = lock_file(board, &lock->file_fd, err);
	if (!r)
		r = lock_by_name(board, &lock->name_fd, err);
	if (r)
		board_unlock(lock);
	return r;
}

void board_unlock(struct board_lock *lock)
{
	cleanup_close(&lock->file_fd);
	cleanup_close(&lock->name_fd);
	*lock = (struct board_lock)BOARD_LOCK_INIT;
}
