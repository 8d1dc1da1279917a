// SPDX-License-Identifier: GPL-2.0-or-later
/* Waits that hear U-Boot's complaints, and what becomes of them. The texts are data of
 * parse/loader_fault.c. */
#include <errno.h>

#include "boot/uboot_int.h"
#include "util/mem.h"

/* `pxe get` asks for 13 names, and each costs it all of its time-outs. */
enum { MAX_TIMEOUTS = 2, GAP_QUIET_MS = 2000 };

enum { HEARD_RESTART, HEARD_SILENT_SERVER, HEARD_SUCCESS, HEARD_COMPLAINT, N_HEARD };

/* The first words of a boot, not as an answer to `version` or inside a variable. */
static const char restart_regex[] =
	"^[^\\w=\"'#]{0,16}(?:DDR [0-9a-fV]|U-Boot (?:SPL |TPL )?2[0-9]{3}\\.)\\S*";
/* net/tftp.c prints a T for each time-out, behind the marks of what came before. */
static const char silent_server_regex[] = "(?:T ){3}";
static const char success_regex[] = "Config file found|DHCP client bound to address|"
				    "Bytes transferred = [0-9]|[0-9] bytes read in ";

static const struct loader_fault silent_server = {
	.text = "T T T",
	.blame = LOADER_SERVER,
	.then = LOADER_MAY_PASS,
	.means = "the TFTP server does not answer",
	.source = "net/tftp.c",
};

static char *complaints_regex(bool only_ends)
{
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < n_loader_faults; i++)
		if (!only_ends || loader_fault_is_end(&loader_faults[i]))
			strbuf_addf(&sb, "%s\\Q%s\\E",
				    sb.len ? "|" : "^.*(?:", loader_faults[i].text);
	strbuf_addstr(&sb, ").*");
	return strbuf_take(&sb);
}

static void add_heard(struct uboot_patterns *ps)
{
	_cleanup_free_ char *complaints = complaints_regex(false);
	struct err err = ERR_INIT;

	uboot_add_line(ps, restart_regex);
	if (pattern_new(silent_server_regex, &ps->p[ps->n++], &err))
		BUG("%s", err.msg);
	uboot_add_line(ps, success_regex);
	uboot_add_line(ps, complaints);
}

/* What cannot be taken back is the better reason, unless what led to it is known: "File
 * not found" says more than that the label is skipped for it. A crash is the best. */
static void note(struct uboot_ear *ear, const struct loader_fault *f, const char *text)
{
	bool stays = f->then != LOADER_MAY_PASS;
	bool is_news = !ear->fault ||
		       (!ear->is_final && stays && f->blame != ear->fault->blame) ||
		       (f->then == LOADER_CRASHES && !ear->is_over);

	ear->is_final |= stays;
	if (loader_fault_is_end(f) && !ear->is_over) {
		ear->is_over = true;
		ear->over = deadline_in_ms(LOADER_LAST_WORDS_MS);
	}
	if (!is_news)
		return;
	ear->fault = f;
	snprintf(ear->text, sizeof(ear->text), "%s", text);
}

static void hear(struct uboot_ear *ear, size_t what, const struct console_hit *hit)
{
	const struct loader_fault *f;

	switch (what) {
	case HEARD_SILENT_SERVER:
		note(ear, &silent_server, "TFTP time-outs (T T T)");
		break;
	case HEARD_SUCCESS:
		ear->n_timeouts = 0;
		if (!ear->is_final)
			*ear = (struct uboot_ear){ .fault = NULL };
		break;
	case HEARD_COMPLAINT:
		f = loader_fault_find(hit->text, strlen(hit->text));
		if (f)
			note(ear, f, hit->text);
		ear->n_timeouts += strstr(hit->text, "starting again") != NULL;
		break;
	}
}

int uboot_failed(struct uboot *u, const struct uboot_ear *ear, struct err *err,
		 const char *fmt, ...)
{
	struct strbuf intro = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&intro, fmt, ap);
	va_end(ap);
	u->fault = ear->fault;
	if (ear->fault)
		err_set(err, ERR_LAB, -EREMOTEIO, "%s: %.200s (%s: %s)",
			strbuf_str(&intro), ear->text,
			loader_blame_in_words(ear->fault->blame), ear->fault->means);
	else
		err_set(err, ERR_LAB, -EREMOTEIO, "%s", strbuf_str(&intro));
	strbuf_release(&intro);
	return -EREMOTEIO;
}

/* -ENODATA: the console was gone meanwhile, and nothing has come since. What U-Boot said
 * or was told in the gap is lost. */
static int wait_heard(struct uboot *u, struct uboot_patterns *ps, struct deadline d,
		      struct console_hit *hit, struct err *err)
{
	for (;;) {
		struct deadline look = deadline_min(d, deadline_in_ms(GAP_QUIET_MS));
		uint64_t before = console_offset(u->console);
		int r = console_wait(u->console, ps->p, ps->n, look, hit, err);

		if (r != -ETIMEDOUT || deadline_passed(d))
			return r;
		*err = (struct err)ERR_INIT;
		if (u->minds_gaps && console_n_gaps(u->console) != u->n_gaps &&
		    console_offset(u->console) == before)
			return err_set(err, ERR_LAB, -ENODATA,
				       "U-Boot is silent since the console was gone");
	}
}

static struct deadline until(struct deadline d, const struct uboot_ear *ear)
{
	return ear->is_over ? deadline_min(d, ear->over) : d;
}

/* It goes on to talk: it may be starting again, in words that nobody here knows. */
static bool is_silent(struct uboot *u, struct uboot_ear *ear)
{
	int64_t quiet_ns = console_now_ns(u->console) - console_last_byte_ns(u->console);
	int64_t left_ms = LOADER_LAST_WORDS_MS - quiet_ns / 1000000;

	if (left_ms > 0)
		ear->over = deadline_in_ms(left_ms);
	return left_ms <= 0;
}

static int wait_early(struct uboot *u, struct pattern *const ps[], size_t n,
		      struct deadline d, struct uboot_ear *ear, struct console_hit *hit,
		      struct err *err)
{
	for (;;) {
		int r = console_wait(u->console, ps, n, until(d, ear), hit, err);

		if (r != -ETIMEDOUT || !ear->is_over || !deadline_passed(ear->over))
			return r;
		if (is_silent(u, ear))
			return uboot_failed(u, ear, err, "no boot loader prompt");
		if (deadline_passed(d))
			return r;
	}
}

int uboot_listen_early(struct uboot *u, struct pattern *const wanted[], size_t n,
		       struct deadline d, struct uboot_ear *ear, struct console_hit *hit,
		       struct err *err)
{
	_cleanup_free_ char *ends = complaints_regex(true);
	_cleanup_patterns_ struct uboot_patterns own = { .n = 0 };
	struct pattern *ps[UBOOT_MAX_PATTERNS];
	int r;

	uboot_add_line(&own, ends);
	uboot_add_line(&own, restart_regex);
	memcpy(ps, wanted, n * sizeof(ps[0]));
	memcpy(ps + n, own.p, own.n * sizeof(ps[0]));
	while (!(r = wait_early(u, ps, n + own.n, d, ear, hit, err))) {
		if ((size_t)hit->index < n)
			return 0;
		if ((size_t)hit->index == n)
			hear(ear, HEARD_COMPLAINT, hit);
		else
			*ear = (struct uboot_ear){ .fault = NULL };
	}
	return r;
}

int uboot_listen(struct uboot *u, struct uboot_patterns *ps, size_t n_ends,
		 bool may_restart, struct deadline d, struct uboot_ear *ear, size_t *end,
		 struct err *err)
{
	struct console_hit hit;
	int r;

	add_heard(ps);
	while (!(r = wait_heard(u, ps, until(d, ear), &hit, err))) {
		if ((size_t)hit.index < n_ends) {
			*end = (size_t)hit.index;
			return 0;
		}
		if ((size_t)hit.index - n_ends == HEARD_RESTART) {
			/* The first banner of a boot, or what a failed boot ended in. */
			if (may_restart && !ear->is_final)
				continue;
			return uboot_failed(u, ear, err,
					    "U-Boot started again (\"%.60s\")", hit.text);
		}
		hear(ear, (size_t)hit.index - n_ends, &hit);
		if (ear->fault && u->is_lost && u->is_lost(u->arg))
			return uboot_failed(u, ear, err, "U-Boot lacks a file");
		if (ear->n_timeouts >= MAX_TIMEOUTS)
			return uboot_failed(u, ear, err, "U-Boot asks in vain");
	}
	return r;
}
