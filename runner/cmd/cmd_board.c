// SPDX-License-Identifier: GPL-2.0-or-later
/* A board for a command that is no run: its file read, and held. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "cmd/cmd.h"
#include "util/mem.h"

int cmd_load_board(const char *command, const char *path, struct board_spec **out)
{
	struct spec_messages msgs = { .v = STRVEC_INIT };
	struct err err = ERR_INIT;
	int r = board_spec_load(path, out, &msgs, &err);

	for (size_t i = 0; i < msgs.v.n; i++)
		fprintf(stderr, "%s\n", msgs.v.v[i]);
	if (r && !msgs.v.n)
		fprintf(stderr, "bootrig %s: %s\n", command, err.msg);
	strvec_release(&msgs.v);
	return r;
}

int cmd_claim_board(const struct board_spec *board, int *fd, struct err *err)
{
	*fd = open(board->path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return err_set(err, ERR_JOB, -errno, "%s: %s", board->path,
			       strerror(errno));
	if (flock(*fd, LOCK_EX | LOCK_NB))
		return err_set(err, ERR_LAB, -EBUSY,
			       "board %s is busy: a run or another command holds it",
			       board->board);
	return 0;
}
