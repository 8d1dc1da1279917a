// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines for a person, files and receivers for everybody else. */
#include "cmd/campaign_page.h"

#include <sys/ioctl.h>

#include "cmd/run_result.h"
#include "report/junit.h"
#include "report/table.h"
#include "report/text.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/log.h"
#include "util/mem.h"

struct campaign_page campaign_page_for(const char *json_path)
{
	struct campaign_page p = { .fd = STDOUT_FILENO };
	struct winsize w;

	if (json_path && strcmp(json_path, "-") == 0)
		p.fd = STDERR_FILENO;
	p.color = log_wants_color(p.fd);
	p.width = ioctl(p.fd, TIOCGWINSZ, &w) ? 0 : w.ws_col;
	return p;
}

void campaign_page_text(const struct campaign_page *p, const struct strbuf *text)
{
	/* Nobody reads along: no reason not to go on. */
	if (io_write_all(p->fd, strbuf_str(text), text->len))
		return;
}

void campaign_page_line(const struct campaign_page *p, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf raw = STRBUF_INIT, line = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&raw, fmt, ap);
	va_end(ap);
	text_add_line(&line, strbuf_str(&raw));
	strbuf_addch(&line, '\n');
	campaign_page_text(p, &line);
}

void campaign_page_begin(const struct campaign_page *p, const struct campaign *c)
{
	size_t n = json_array_size(campaign_boots(c));

	if (c->is_resumed)
		campaign_page_line(p, "going on with %s: %zu boot%s so far", c->dir.path,
				   n, n == 1 ? "" : "s");
	else
		campaign_page_line(p, "campaign %s", c->dir.path);
}

void campaign_page_verdict(const struct campaign_page *p, const json_t *result,
			   const char *dir)
{
	const json_t *v = json_object_get(result, "verdict");
	const char *status = json_get_str(v, "status", "?");
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "\n%s%s%s: ", p->color ? table_color(status) : "", status,
		    p->color ? "\033[0m" : "");
	text_add_line(&text, json_get_str(v, "reason", ""));
	strbuf_addf(&text, "\n%s\n", dir);
	campaign_page_text(p, &text);
}

/* Receivers of KCIDB get the boots, each from its own run. */
static void post(const char *command, const json_t *result, const struct destinations *to)
{
	struct destinations some = DESTINATIONS_INIT;

	some.v = xcalloc(to->n + 1, sizeof(*some.v));
	for (size_t i = 0; i < to->n; i++)
		if (to->v[i].kind == SPOOL_RESULT)
			some.v[some.n++] = to->v[i]; /* borrowed */
	run_result_post(command, result, NULL, &some);
	free(some.v);
}

void campaign_page_so_far(const struct run_dir *dir, const json_t *result)
{
	struct err err = ERR_INIT;

	if (run_result_write(dir, result, &err))
		fprintf(stderr, "bootrig: %s\n", err.msg);
}

int campaign_page_finish(const char *command, const struct campaign *c,
			 const json_t *result, const struct destinations *to,
			 const char *json_path, struct err *err)
{
	bool is_over = json_get_bool(c->state, "finished", false);
	_cleanup_strbuf_ struct strbuf xml = STRBUF_INIT;
	int r = run_result_write(&c->dir, result, err);

	junit_from_result(result, &xml);
	if (!r)
		r = run_dir_write(&c->dir, "junit.xml", strbuf_str(&xml), xml.len, err);
	if (!r && json_path)
		r = run_result_write_to(result, json_path, err);
	if (!r && is_over)
		post(command, result, to);
	return !r && is_over ? campaign_save(c, err) : r;
}
