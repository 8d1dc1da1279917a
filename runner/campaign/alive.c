// SPDX-License-Identifier: GPL-2.0-or-later
/* Overwritten in place and not synced: one line, once a second for hours. What a crash of
 * the host leaves may be half a minute old. */
#include "campaign/alive.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "util/clock.h"
#include "util/io.h"

enum { FILE_MAX = 128 };
#define SECOND_NS INT64_C(1000000000)
#define FILE_NAME "alive"

static void say(struct campaign_alive *a, int64_t now_ns)
{
	char line[FILE_MAX];
	/* A shorter line must not leave the end of a longer one. */
	int len = snprintf(line, sizeof(line), "%" PRId64 " %15" PRId64 "\n", a->n,
			   (now_ns - a->begin_ns) / 1000000);

	a->said_ns = now_ns;
	if (a->fd >= 0 && pwrite(a->fd, line, (size_t)len, 0) != len)
		campaign_alive_end(a);
}

void campaign_alive_begin(const struct campaign *c, int64_t n, struct campaign_alive *a)
{
	*a = (struct campaign_alive){ .n = n, .begin_ns = clock_now_ns() };
	a->fd = openat(c->dir.dirfd, FILE_NAME,
		       O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	say(a, a->begin_ns);
}

void campaign_alive_say(struct campaign_alive *a)
{
	int64_t now_ns = clock_now_ns();

	if (a->fd >= 0 && now_ns - a->said_ns >= SECOND_NS)
		say(a, now_ns);
}

void campaign_alive_end(struct campaign_alive *a)
{
	cleanup_close(&a->fd);
}

double campaign_alive_seconds(const struct campaign *c, int64_t n)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	int64_t of = 0, ms = 0;

	if (io_read_file_at(c->dir.dirfd, FILE_NAME, FILE_MAX, &text) ||
	    sscanf(strbuf_str(&text), "%15" SCNd64 " %15" SCNd64, &of, &ms) != 2 ||
	    of != n || ms < 0)
		return 0;
	return (double)ms / 1e3;
}
