// SPDX-License-Identifier: GPL-2.0-or-later
/* flock() on the board file. */
#include "session/board_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "util/mem.h"

int board_lock(const struct board_spec *board, int *fd, struct err *err)
{
	_cleanup_close_ int file = open(board->path, O_RDONLY | O_CLOEXEC);

	*fd = -1;
	if (file < 0)
		return err_set(err, ERR_JOB, -errno, "%s: %s", board->path,
			       strerror(errno));
	if (flock(file, LOCK_EX | LOCK_NB) == 0) {
		*fd = TAKE_FD(file);
		return 0;
	}
	if (errno != EWOULDBLOCK)
		return err_set(err, ERR_LAB, -errno, "%s cannot be locked: %s",
			       board->path, strerror(errno));
	return err_set(err, ERR_LAB, -EBUSY,
		       "board %s is busy: another run or command holds it", board->board);
}
