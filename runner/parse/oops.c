// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the stream: bytes to candidate lines. Between reports it only searches for
 * literals; lines are cut while a report is open. Messages are oops_messages.c's
 * business, which report one belongs to oops_incidents.c's, boots and resets
 * oops_boots.c's. */
#include "parse/oops.h"

#include "parse/oops_reader.h"
#include "util/mem.h"

struct oops_reader *oops_new(const struct oops_opts *opts, const struct oops_ops *ops,
			     void *arg)
{
	struct oops_reader *r = xcalloc(1, sizeof(*r));

	r->opts = *opts;
	r->ops = *ops;
	r->arg = arg;
	r->enabled = true;
	r->line = 1;
	matcher_init(&r->matcher, oops_literals, oops_n_literals);
	stage_init(&r->stage);
	return r;
}

void oops_free(struct oops_reader *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_open; i++)
		report_free(r->open[i]);
	incident_free(r->firmware.in);
	free(r->banner);
	free(r);
}

void oops_set_enabled(struct oops_reader *r, bool enabled)
{
	r->enabled = enabled;
}

bool oops_is_open(const struct oops_reader *r)
{
	for (size_t i = 0; i < r->n_open; i++)
		if (!r->open[i]->is_tentative)
			return true;
	return r->firmware.in != NULL;
}

static void look_for_stamp(struct oops_reader *r, const char *p, size_t len)
{
	size_t at;

	if (r->stage.stage >= STAGE_KERNEL && r->stamps_seen)
		return;
	at = prefix_next_stamp(p, len, 0);
	if (at == len)
		return;
	r->stamps_seen = true;
	if (r->stage.stage < STAGE_KERNEL)
		stage_feed_text(&r->stage, "", 0, true, r->offset + at, r->t_ns,
				reader_on_stage, r);
}

static void skip(struct oops_reader *r, const char *p, size_t len)
{
	look_for_stamp(r, p, len);
	r->line += match_count_byte(p, len, '\n');
	r->offset += len;
}

/* p holds whole lines, or one piece of a line that is longer than LINE_MAX_BYTES. */
static void scan(struct oops_reader *r, const char *p, size_t len)
{
	size_t pos = 0, hit = 0;
	bool have_hit = false;

	while (pos < len) {
		size_t start = pos, n;
		const char *lf;

		if (!have_hit || hit < pos) {
			hit = matcher_find(&r->matcher, p, len, pos);
			have_hit = true;
		}
		if (r->n_open == 0) {
			const char *before;

			if (hit == len)
				break;
			before = memrchr(p + pos, '\n', hit - pos);
			if (before)
				start = (size_t)(before + 1 - p);
			/* Pieces of a long line are cut at the same places wherever the
			 * chunks end. */
			start += (hit - start) / LINE_MAX_BYTES * LINE_MAX_BYTES;
			skip(r, p + pos, start - pos);
		}
		n = len - start < LINE_MAX_BYTES ? len - start : LINE_MAX_BYTES;
		lf = memchr(p + start, '\n', n);
		if (lf)
			n = (size_t)(lf - (p + start));
		/* A line that is looked at tells its own stamp, after its banner. */
		if (hit >= start + n)
			look_for_stamp(r, p + start, n);
		reader_feed_line(r, p + start, n, r->offset, hit < start + n);
		reader_age_reports(r);
		if (lf) {
			r->line++;
			n++;
		}
		r->offset += n;
		pos = start + n;
	}
	if (pos < len)
		skip(r, p + pos, len - pos);
}

static void scan_stash(struct oops_reader *r)
{
	size_t n = r->stash_len;

	r->stash_len = 0;
	scan(r, r->stash, n);
}

/* Bytes of a line that goes on from, or into, another chunk. Returns how many it took. */
static size_t hold(struct oops_reader *r, const char *p, size_t len)
{
	size_t taken = 0;

	while (taken < len) {
		size_t room = sizeof(r->stash) - r->stash_len, n = len - taken;
		const char *lf;

		if (room == 0) {
			scan_stash(r);
			continue;
		}
		if (n > room)
			n = room;
		lf = memchr(p + taken, '\n', n);
		if (lf)
			n = (size_t)(lf + 1 - (p + taken));
		memcpy(r->stash + r->stash_len, p + taken, n);
		r->stash_len += n;
		taken += n;
		if (lf) {
			scan_stash(r);
			return taken;
		}
	}
	return taken;
}

void oops_feed(struct oops_reader *r, const void *data, size_t len, int64_t t_ns)
{
	const char *p = data;
	size_t used = 0, whole;
	const char *last;

	if (len == 0)
		return;
	reader_settle(r, t_ns);
	r->t_ns = r->firmware.last_t_ns = t_ns;
	if (!r->enabled) {
		scan_stash(r);
		r->line += match_count_byte(p, len, '\n');
		r->offset += len;
		return;
	}
	if (r->stash_len > 0)
		used = hold(r, p, len);
	last = memrchr(p + used, '\n', len - used);
	whole = last ? (size_t)(last + 1 - p) : used;
	if (whole > used)
		scan(r, p + used, whole - used);
	if (whole < len)
		hold(r, p + whole, len - whole);
}

void oops_tick(struct oops_reader *r, int64_t t_ns)
{
	reader_settle(r, t_ns);
}

void oops_end(struct oops_reader *r)
{
	scan_stash(r);
	reader_end_lines(r);
	reader_close_all(r);
	reader_end_boots(r);
}
