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

/* As json_pack, but what consoles and cut messages say need not be UTF-8. */
static json_t *pack(const char *fmt, va_list ap)
{
	json_t *members = json_object();

	for (const char *at = strchr(fmt, ':'); at; at = strchr(at + 1, ':')) {
		const char *key = va_arg(ap, const char *);

		switch (at[1]) {
		case 's':
			json_put(members, key, json_lossy_str(va_arg(ap, const char *)));
			break;
		case 'i':
			json_put(members, key, json_integer(va_arg(ap, int)));
			break;
		case 'I':
			json_put(members, key, json_integer(va_arg(ap, json_int_t)));
			break;
		case 'b':
			json_put(members, key, json_boolean(va_arg(ap, int)));
			break;
		case 'f':
			json_put(members, key, json_real(va_arg(ap, double)));
			break;
		default:
			BUG("journal_action: format %s", fmt);
		}
	}
	return members;
}

void journal_action(struct journal *j, const char *what, const char *fmt, ...)
{
	json_t *members = NULL;
	va_list ap;

	if (fmt) {
		va_start(ap, fmt);
		members = pack(fmt, ap);
		va_end(ap);
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
