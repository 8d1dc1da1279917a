// SPDX-License-Identifier: GPL-2.0-or-later
/* The doctor's findings as a table. */
#include "cmd/doctor_page.h"

#include "report/text.h"
#include "util/io.h"
#include "util/log.h"

enum { NAME_WIDTH = 16, FINDING_COLUMN = 24 };

static void show(const struct doctor_page *page, const struct strbuf *text)
{
	if (page->fd >= 0)
		(void)!io_write_all(page->fd, strbuf_str(text), text->len);
}

static void wipe(const struct doctor_page *page, struct strbuf *out)
{
	if (page->is_terminal)
		strbuf_addstr(out, "\r\033[K");
}

struct doctor_page doctor_page_open(int fd)
{
	return (struct doctor_page){ .fd = fd,
				     .color = fd >= 0 && log_wants_color(fd),
				     .is_terminal = fd >= 0 && isatty(fd) };
}

void doctor_page_progress(void *arg, const char *what)
{
	const struct doctor_page *page = arg;
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	if (!page->is_terminal)
		return;
	wipe(page, &sb);
	text_add_line(&sb, what);
	strbuf_addstr(&sb, " …");
	show(page, &sb);
}

static void add_word(const struct doctor_page *page, enum doctor_status s,
		     struct strbuf *out)
{
	static const struct {
		const char *word, *color;
	} words[] = {
		[DOCTOR_PASS] = { "  ok  ", "\033[32m" },
		[DOCTOR_WARN] = { " warn ", "\033[33m" },
		[DOCTOR_FAIL] = { " FAIL ", "\033[31m" },
		[DOCTOR_SKIP] = { " skip ", "\033[36m" },
	};

	strbuf_addf(out, "%s%s%s", page->color ? words[s].color : "", words[s].word,
		    page->color ? "\033[0m" : "");
}

void doctor_page_check(void *arg, const struct doctor_check *c)
{
	const struct doctor_page *page = arg;
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	wipe(page, &sb);
	add_word(page, c->status, &sb);
	strbuf_addf(&sb, " %-*s ", NAME_WIDTH, c->name);
	text_add_line(&sb, c->finding);
	if (c->fix) {
		strbuf_addf(&sb, "\n%*sfix: ", FINDING_COLUMN, "");
		text_add_line(&sb, c->fix);
	}
	strbuf_addch(&sb, '\n');
	show(page, &sb);
}

void doctor_page_close(struct doctor_page *page, const struct doctor_report *report,
		       const char *run_path)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	size_t warn = doctor_count(report, DOCTOR_WARN),
	       skip = doctor_count(report, DOCTOR_SKIP);

	wipe(page, &sb);
	if (run_path)
		strbuf_addf(&sb, "what the board said: %s\n", run_path);
	strbuf_addf(&sb, "%zu fine, %zu broken", doctor_count(report, DOCTOR_PASS),
		    doctor_count(report, DOCTOR_FAIL));
	if (warn)
		strbuf_addf(&sb, ", %zu could be better", warn);
	if (skip)
		strbuf_addf(&sb, ", %zu not checked", skip);
	strbuf_addch(&sb, '\n');
	show(page, &sb);
}
