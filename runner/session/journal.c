// SPDX-License-Identifier: GPL-2.0-or-later
/* actions.jsonl and events.jsonl of one run. */
#include "session/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

struct journal {
	int actions_fd, events_fd;
	int64_t start_ns;
	struct watch *watch;     /* borrowed */
	struct console *console; /* borrowed */
	int failed;
};

int journal_new(const struct run_dir *dir, int64_t start_ns, struct journal **out,
		struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC;
	struct journal *j = xcalloc(1, sizeof(*j));

	j->start_ns = start_ns;
	j->actions_fd = openat(dir->dirfd, "actions.jsonl", flags, 0644);
	j->events_fd = openat(dir->dirfd, "events.jsonl", flags, 0644);
	if (j->actions_fd < 0 || j->events_fd < 0) {
		int r = err_set(err, ERR_LAB, -errno, "%s/actions.jsonl: %s", dir->path,
				strerror(errno));

		journal_free(j);
		return r;
	}
	*out = j;
	return 0;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	if (j->actions_fd >= 0) {
		fsync(j->actions_fd);
		close(j->actions_fd);
	}
	if (j->events_fd >= 0) {
		fsync(j->events_fd);
		close(j->events_fd);
	}
	free(j);
}

void journal_connect(struct journal *j, struct watch *w, struct console *c)
{
	j->watch = w;
	j->console = c;
}

static void write_line(struct journal *j, int fd, const json_t *object)
{
	size_t len;
	_cleanup_free_ char *line = json_line(object, &len);
	int r = io_write_all(fd, line, len);

	if (r && !j->failed)
		j->failed = r;
}

void journal_event(struct journal *j, const json_t *event)
{
	write_line(j, j->events_fd, event);
}

void journal_action_json(struct journal *j, const char *what, json_t *take_members)
{
	_cleanup_json_ json_t *members = take_members;
	_cleanup_json_ json_t *a = json_object();
	uint64_t offset = j->console ? console_offset(j->console) : 0;

	json_put(a, "t", json_integer(clock_now_ns() - j->start_ns));
	json_put(a, "offset", json_integer((json_int_t)offset));
	json_put(a, "do", json_string(what));
	if (members)
		json_object_update(a, members);
	write_line(j, j->actions_fd, a);
	if (j->watch)
		watch_action(j->watch, a);
}

void journal_action(struct journal *j, const char *what, const char *fmt, ...)
{
	json_t *members = NULL;
	json_error_t why;
	va_list ap;

	if (fmt) {
		va_start(ap, fmt);
		members = json_vpack_ex(&why, 0, fmt, ap);
		va_end(ap);
		if (!members)
			BUG("journal_action %s: %s", what, why.text);
	}
	journal_action_json(j, what, members);
}

int journal_check(const struct journal *j, struct err *err)
{
	if (!j->failed)
		return 0;
	return err_set(err, ERR_LAB, j->failed, "actions.jsonl: %s",
		       strerror(-j->failed));
}
