// SPDX-License-Identifier: GPL-2.0-or-later
/* A board for a command that is no run. */
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
