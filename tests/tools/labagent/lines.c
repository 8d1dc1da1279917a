// SPDX-License-Identifier: GPL-2.0-or-later
/* gpio-sim's lines as the outside world has them: levels are looked at, inputs are
 * pulled. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "labagent/agent.h"

static int open_in(const char *dir, const char *file, int flags)
{
	char path[256];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, file) >= sizeof(path))
		return -ENAMETOOLONG;
	int fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int lines_open(struct lines *l, const char *path)
{
	FILE *f = fopen(path, "re");
	char name[64], dir[192];
	int r = f ? 0 : -errno;

	while (f && !r && fscanf(f, "%63s %191s", name, dir) == 2) {
		struct line *line = &l->all[l->n];

		if (l->n == AGENT_MAX_LINES) {
			r = -E2BIG;
			break;
		}
		memcpy(line->name, name, sizeof(name));
		line->value_fd = open_in(dir, "value", O_RDONLY);
		line->pull_fd = open_in(dir, "pull", O_WRONLY);
		r = line->value_fd < 0  ? line->value_fd
		    : line->pull_fd < 0 ? line->pull_fd
					: 0;
		l->n++;
	}
	if (f)
		fclose(f);
	return r;
}

void lines_look(struct lines *l, void (*tell)(void *arg, const char *name, char level),
		void *arg)
{
	for (int i = 0; i < l->n; i++) {
		struct line *line = &l->all[i];
		char now;

		if (pread(line->value_fd, &now, 1, 0) != 1 || now == line->level)
			continue;
		line->level = now;
		tell(arg, line->name, now);
	}
}

int lines_pull(struct lines *l, const char *name, bool up)
{
	const char *word = up ? "pull-up" : "pull-down";

	for (int i = 0; i < l->n; i++) {
		if (strcmp(l->all[i].name, name) != 0)
			continue;
		return pwrite(l->all[i].pull_fd, word, strlen(word), 0) < 0 ? -errno : 0;
	}
	return -ENOENT;
}
