// SPDX-License-Identifier: GPL-2.0-or-later
/* Which builds the modules are of that go to a board: the GNU build ids of those that
 * somebody wants to know, out of the archive that is staged. What the board loads can
 * then be held against it. */
#pragma once

#include "kernel/task.h"
#include "parse/build_note.h"
#include "util/strvec.h"

/* include/linux/module.h, MODULE_NAME_LEN: 64 less a long. */
enum { MODULE_NAME_MAX = 56, MODULE_IDS_MAX = 64 };

struct module_id {
	char name[MODULE_NAME_MAX]; /* as in /sys/module: "videobuf2_common" */
	char hex[2 * BUILD_NOTE_MAX_BYTES + 1];
};

struct module_ids {
	struct module_id v[MODULE_IDS_MAX];
	size_t n;
};

/* Takes them while the modules pass by on their way into an archive. */
struct module_watch {
	const struct strvec *names; /* borrowed */
	const struct task *task;    /* borrowed */
	struct module_ids *out;     /* borrowed */
	/* of the module that passes */
	int fd; /* -1 = not one of names */
	char name[MODULE_NAME_MAX];
};
void module_watch_init(struct module_watch *w, const struct strvec *names,
		       const struct task *task, struct module_ids *out);
/* A file begins, which ends the one before; path NULL: something else does. */
void module_watch_next(struct module_watch *w, const char *path);
void module_watch_data(struct module_watch *w, const void *data, size_t len);

/* cpio_fd: what kernel/modules.h wrote, packed or not; read from its start. Fills in
 * those of names that are in it and have a build id. ERR_LAB: disk, time. */
MUST_CHECK int module_ids_read(int cpio_fd, const struct strvec *names,
			       const struct task *task, struct module_ids *out,
			       struct err *err);
/* Borrowed from ids; NULL = not there. */
const char *module_ids_find(const struct module_ids *ids, const char *name);
