// SPDX-License-Identifier: GPL-2.0-or-later
/* The reader of the UART on a real socket pair: a board that says what the case wants,
 * and at the end the record is what the observers saw. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include "console/console.h"
#include "tap.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"

struct rig {
	struct console *c;
	int dirfd, peer; /* peer: the board's end of the line */
	struct strbuf seen;
	int64_t last_t_ns;
	uint32_t ticks;
	const char *stop_at; /* the observer stops the waits when it sees this */
	int reopen_fd;       /* what reopen gives; -1 = not back yet */
	uint32_t n_reopens, n_gaps;
	uint64_t gap_offset;
	uint32_t n_line_errors;
	struct stream_errors line_errors; /* of the last time */
};

static inline void bytes(void *arg, const char *data, size_t len, uint64_t offset,
			 int64_t t_ns)
{
	struct rig *rig = arg;

	CHECK_EQ(offset, rig->seen.len);
	CHECK(t_ns >= rig->last_t_ns);
	rig->last_t_ns = t_ns;
	strbuf_add(&rig->seen, data, len);
	if (rig->stop_at && strstr(rig->seen.buf, rig->stop_at))
		console_stop(rig->c);
}

static inline void tick(void *arg, int64_t t_ns)
{
	struct rig *rig = arg;

	CHECK(t_ns >= rig->last_t_ns);
	rig->ticks++;
}

static inline void gap(void *arg, int64_t gap_ms, uint64_t offset)
{
	struct rig *rig = arg;

	CHECK(gap_ms >= 0);
	rig->n_gaps++;
	rig->gap_offset = offset;
}

static inline void line_errors(void *arg, const struct stream_errors *delta,
			       uint64_t offset)
{
	struct rig *rig = arg;

	rig->n_line_errors++;
	rig->line_errors = *delta;
}

/* [0] is ours, [1] the board's. */
static inline void line_pair(int fds[2])
{
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
}

static inline void start(struct rig *rig, struct console_opts o)
{
	const struct console_observer ob = { .bytes = bytes, .tick = tick, .arg = rig };
	struct err err = ERR_INIT;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	rig->dirfd = open(tap_tmpdir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rig->reopen_fd = -1;
	o.dirfd = rig->dirfd;
	o.start_ns = clock_now_ns();
	o.arg = rig;
	o.gap = gap;
	o.line_errors = line_errors;
	if (!o.cancel_fd)
		o.cancel_fd = -1;
	if (!o.gap_ms)
		o.gap_ms = 5000;
	CHECK_EQ(console_new(&o, &rig->c, &err), 0);
	console_observe(rig->c, &ob);
	line_pair(fds);
	rig->peer = fds[1];
	console_attach(rig->c, stream_of_fd(fds[0]));
}

#define START(rig, ...) start(rig, (struct console_opts){ __VA_ARGS__ })

static inline struct strbuf record(const struct rig *rig, const char *name)
{
	struct strbuf sb = STRBUF_INIT;

	CHECK_EQ(io_read_file_at(rig->dirfd, name, 64 << 20, &sb), 0);
	return sb;
}

/* Index lines: offsets grow from 0 and stay below the size, times never go back. */
static inline void check_index(const struct rig *rig, size_t raw_len)
{
	struct strbuf idx = record(rig, "console.idx");
	uint64_t last_t = 0, last_offset = 0;
	const char *p = strbuf_str(&idx);

	for (bool is_first = true; *p; is_first = false) {
		size_t n = strcspn(p, " "), m;
		uint64_t t, offset;

		CHECK_EQ(parse_u64n(p, n, 10, INT64_MAX, &t), 0);
		m = strcspn(p + n + 1, "\n");
		CHECK_EQ(parse_u64n(p + n + 1, m, 10, INT64_MAX, &offset), 0);
		CHECK(is_first ? offset == 0 : offset > last_offset);
		CHECK(is_first || t > last_t);
		CHECK(offset < raw_len);
		last_t = t;
		last_offset = offset;
		p += n + 1 + m + 1;
	}
	CHECK(raw_len == 0 || idx.len > 0);
	strbuf_release(&idx);
}

/* Whatever a case did: the record is what the observers saw, and the index fits. */
static inline void finish(struct rig *rig)
{
	console_free(rig->c);
	struct strbuf raw = record(rig, "console.raw");

	CHECK_EQ(raw.len, rig->seen.len);
	CHECK(!raw.len || memcmp(raw.buf, rig->seen.buf, raw.len) == 0);
	check_index(rig, raw.len);
	strbuf_release(&raw);
	strbuf_release(&rig->seen);
	close(rig->dirfd);
	if (rig->peer >= 0)
		close(rig->peer);
}

static inline void say(struct rig *rig, const char *text)
{
	CHECK_EQ(io_write_all(rig->peer, text, strlen(text)), 0);
}

/* Let the console read what is there. */
static inline void pump(struct rig *rig)
{
	struct err err = ERR_INIT;

	CHECK_EQ(console_wait_fd(rig->c, -1, deadline_in_ms(2), &err), 0);
}

static inline int wait_for(struct rig *rig, const char *regex, int64_t ms,
			   struct console_hit *hit, struct err *err)
{
	struct pattern *p;

	CHECK_EQ(pattern_new(regex, &p, err), 0);
	int r = console_wait(rig->c, &p, 1, deadline_in_ms(ms), hit, err);
	pattern_free(p);
	return r;
}

static inline void check_found(struct rig *rig, const char *regex, const char *want)
{
	struct console_hit hit;
	struct err err = ERR_INIT;

	if (wait_for(rig, regex, 5000, &hit, &err))
		tap_fail(__FILE__, __LINE__, "/%s/ was not found: %s", regex, err.msg);
	CHECK_STR(hit.text, want);
}
