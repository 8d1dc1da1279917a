// SPDX-License-Identifier: GPL-2.0-or-later
/* The live console. Console bytes are hostile: control bytes and escapes never reach the
 * terminal. */
#include "cmd/live.h"

#include "cmd/lossy.h"
#include "parse/line.h"
#include "report/diagnose.h"
#include "report/proof_line.h"
#include "report/text.h"
#include "util/clock.h"
#include "util/jsonx.h"
#include "util/log.h"
#include "util/mem.h"

enum { SHOW_MAX = 1024, PROGRESS_EVERY_MS = 100 };

struct live {
	FILE *to;
	bool color, is_tty, quiet;
	char line[SHOW_MAX];
	size_t len;
	uint64_t taken, about; /* bytes of the console so far; where the event stands */
	bool is_dim, in_incident, progress_shown, seen_tftp;
	struct deadline next_progress;
	char progress_what[64];
};

struct live *live_new(int fd, bool quiet)
{
	struct live *l = xcalloc(1, sizeof(*l));

	l->to = lossy_open(fd);
	if (!l->to)
		BUG("no stream for the live view");
	l->quiet = quiet;
	l->is_tty = isatty(fd);
	l->color = log_wants_color(fd);
	return l;
}

void live_free(struct live *l)
{
	fclose(l->to);
	free(l);
}

static const char *on(const struct live *l, const char *seq)
{
	return l->color ? seq : "";
}

static void clear_progress(struct live *l)
{
	if (l->progress_shown && l->is_tty)
		fputs("\r\033[K", l->to);
	l->progress_shown = false;
}

/* Titles, names and reasons quote the board; nothing but text gets to the terminal. */
static void put_text(FILE *to, const char *text)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	text_add_line(&sb, text);
	fputs(strbuf_str(&sb), to);
}

static bool is_ascii(const char *s, size_t n)
{
	uint64_t high = 0, some;

	for (; n >= sizeof(some); s += sizeof(some), n -= sizeof(some)) {
		memcpy(&some, s, sizeof(some));
		high |= some;
	}
	for (; n > 0; s++, n--)
		high |= (unsigned char)*s;
	return (high & UINT64_C(0x8080808080808080)) == 0;
}

static void show_line(struct live *l)
{
	char text[SHOW_MAX + 1];
	const char *look = l->in_incident ? "\033[31;1m" : l->is_dim ? "\033[2m" : "";

	clear_progress(l);
	size_t n = line_clean(l->line, l->len, text, sizeof(text));
	l->len = 0;
	if (*look)
		fputs(on(l, look), l->to);
	if (is_ascii(text, n))
		fwrite_unlocked(text, 1, n, l->to);
	else
		put_text(l->to, text);
	if (*look)
		fputs(on(l, "\033[0m"), l->to);
	putc_unlocked('\n', l->to);
}

void live_console(void *live, const char *data, size_t len)
{
	struct live *l = live;

	l->taken += len;
	while (len) {
		const char *nl = memchr(data, '\n', len);
		size_t n = nl ? (size_t)(nl - data) : len;
		size_t room = sizeof(l->line) - l->len;

		memcpy(l->line + l->len, data, n < room ? n : room);
		l->len += n < room ? n : room;
		if (nl)
			show_line(l);
		n += nl != NULL;
		data += n;
		len -= n;
	}
}

void live_flush(void *live)
{
	struct live *l = live;

	fflush(l->to);
}

PRINTF(3, 4)
static void mark(struct live *l, const char *look, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	va_list ap;

	if (l->quiet)
		return;
	/* A line of which half has come is not cut by a mark that is about it. */
	if (l->len && l->about >= l->taken)
		show_line(l);
	clear_progress(l);
	fputs(on(l, look), l->to);
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	put_text(l->to, strbuf_str(&text));
	fprintf(l->to, "%s\n", on(l, "\033[0m"));
	fflush(l->to);
}

static void on_stage(struct live *l, const json_t *e, double t)
{
	const char *stage = json_get_str(e, "stage", "");
	bool is_tftp = strcmp(stage, "tftp") == 0;

	/* U-Boot and its transfers alternate with every file: one mark for each of them.
	 */
	if (!(l->seen_tftp && (is_tftp || strcmp(stage, "u-boot") == 0)))
		mark(l, "\033[36m", "--- %7.3f s  %s", t, stage);
	l->seen_tftp |= is_tftp;
	l->is_dim = strcmp(stage, "kernel") != 0 && strcmp(stage, "userspace") != 0;
}

static void on_files(struct live *l, const json_t *e, double t, const char *what)
{
	mark(l, "\033[36m", "--- %7.3f s  %s %zu files in %.0f ms", t, what,
	     json_array_size(json_object_get(e, "files")),
	     json_number_value(json_object_get(e, "ms")));
}

/* What the registers say, under the failure's own line: the page is `bootrig oops`. */
static void on_incident(struct live *l, const json_t *e)
{
	const json_t *in = json_object_get(e, "incident");
	const json_t *d = json_object_get(in, "diagnosis");
	const char *insn = json_get_str(d, "instruction", NULL);
	const char *base = json_get_str(d, "base_register", NULL);
	const char *why = json_get_str(json_object_get(d, "origin"), "says", NULL);

	if (!json_get_bool(in, "fatal", false) || !insn)
		return;
	mark(l, "\033[33m", "    %s: %s%s%s%s%s", json_get_str(in, "pc", "?"), insn,
	     base ? ", " : "", base ? base : "", base ? " = " : "",
	     base ? json_get_str(d, "base_value", "?") : "");
	if (why)
		mark(l, "\033[33m", "    %s", why);
}

void live_event(void *live, const json_t *e)
{
	struct live *l = live;
	const char *type = json_get_str(e, "type", "");
	double t = json_number_value(json_object_get(e, "t"));

	l->about = (uint64_t)json_get_int(e, "offset", 0);
	if (strcmp(type, "power") == 0 || strcmp(type, "boot") == 0)
		l->seen_tftp = false;
	if (strcmp(type, "stage") == 0)
		on_stage(l, e, t);
	else if (strcmp(type, "staged") == 0)
		on_files(l, e, t, "staged");
	else if (strcmp(type, "verified") == 0)
		on_files(l, e, t, "fetched back over TFTP and compared");
	else if (strcmp(type, "power") == 0)
		mark(l, "\033[35m", "--- %7.3f s  power %s", t,
		     json_get_str(e, "what", ""));
	else if (strcmp(type, "attempt") == 0 && json_get_int(e, "n", 1) > 1)
		mark(l, "\033[35m", "--- %7.3f s  attempt %d", t,
		     (int)json_get_int(e, "n", 0));
	else if (strcmp(type, "boot") == 0 &&
		 strcmp(json_get_str(e, "cause", ""), "commanded") != 0)
		mark(l, "\033[33m", "--- %7.3f s  boot %d, nobody asked for it (%s)", t,
		     (int)json_get_int(e, "boot", 0), json_get_str(e, "cause", ""));
	else if (strcmp(type, "reset-cause") == 0)
		mark(l, "\033[33m", "--- %7.3f s  boot %d came by %s: %s", t,
		     (int)json_get_int(e, "boot", 0), json_get_str(e, "cause", ""),
		     json_get_str(e, "said", ""));
	else if (strcmp(type, "echo-wrong") == 0)
		mark(l, "\033[33m", "--- %7.3f s  U-Boot got \"%.60s\": typed again", t,
		     json_get_str(e, "seen", ""));
	else if (strcmp(type, "probe") == 0)
		mark(l, "\033[33m", "--- %7.3f s  quiet: asking the board with a newline",
		     t);
	else if (strcmp(type, "incident-opened") == 0) {
		bool fatal = json_get_bool(e, "fatal", false);

		mark(l, fatal ? "\033[41;97;1m" : "\033[33m", "*** %7.3f s  %s: %s", t,
		     json_get_str(e, "kind", ""), json_get_str(e, "title", ""));
		l->in_incident = fatal;
	} else if (strcmp(type, "incident") == 0) {
		l->in_incident = false;
		on_incident(l, e);
	} else if (strcmp(type, "test") == 0)
		mark(l, "\033[36m", "--- %7.3f s  test %s/%s: %s", t,
		     json_get_str(e, "suite", ""), json_get_str(e, "name", ""),
		     json_get_str(e, "result", ""));
	else if (strcmp(type, "rung") == 0)
		mark(l, "\033[35m", "--- %7.3f s  recovery: %s", t,
		     json_get_str(e, "name", ""));
	else if (strcmp(type, "rung-end") == 0)
		mark(l, "\033[35m", "--- %7.3f s  recovery: %s %s%s", t,
		     json_get_str(e, "name", ""),
		     json_get_bool(e, "ok", false) ? "worked" : "failed: ",
		     json_get_str(e, "reason", ""));
	else if (strcmp(type, "harvest") == 0)
		mark(l, "\033[35m", "--- %7.3f s  harvested %s (%lld bytes): %s", t,
		     json_get_str(e, "file", ""), (long long)json_get_int(e, "bytes", 0),
		     json_get_str(e, "command", ""));
	else if (strcmp(type, "gap") == 0)
		mark(l, "\033[33m", "--- %7.3f s  console was gone for %lld ms", t,
		     (long long)json_get_int(e, "ms", 0));
}

/* On a terminal one line that moves; in a log one line for each step. */
void live_progress(void *live, const char *what, uint64_t done, uint64_t total)
{
	struct live *l = live;

	if (l->quiet)
		return;
	if (!l->is_tty) {
		if (strncmp(l->progress_what, what, sizeof(l->progress_what) - 1) == 0)
			return;
		snprintf(l->progress_what, sizeof(l->progress_what), "%s", what);
		fprintf(l->to, "... %s\n", what);
		return;
	}
	if (!deadline_passed(l->next_progress) && l->progress_shown)
		return;
	l->next_progress = deadline_in_ms(PROGRESS_EVERY_MS);
	l->progress_shown = true;
	fprintf(l->to, "\r\033[K... %s", what);
	if (total)
		fprintf(l->to, " %3u %%", (unsigned int)(done * 100 / total));
	else
		fprintf(l->to, " %llu KiB", (unsigned long long)(done >> 10));
	fflush(l->to);
}

void live_verdict(struct live *l, const json_t *result, const char *run_dir)
{
	const json_t *v = json_object_get(result, "verdict");
	const char *status = json_get_str(v, "status", "?");
	const char *kind = json_get_str(v, "kind", NULL);
	bool pass = strcmp(status, "pass") == 0;
	bool fail = strcmp(status, "fail") == 0;
	_cleanup_strbuf_ struct strbuf reason = STRBUF_INIT;
	_cleanup_strbuf_ struct strbuf job = STRBUF_INIT;
	_cleanup_strbuf_ struct strbuf hypotheses = STRBUF_INIT;
	_cleanup_strbuf_ struct strbuf proof = STRBUF_INIT;

	if (l->len && !l->quiet)
		show_line(l);
	clear_progress(l);
	text_add_line(&reason, json_get_str(v, "reason", ""));
	text_add_line(&job, json_get_str(json_object_get(result, "job"), "name", "?"));
	if (!pass && !fail)
		fprintf(stderr, "bootrig run: %s: %s\n", status, strbuf_str(&reason));
	fprintf(l->to, "%s%s%s%s%s%s: %s on %s, %lld boot%s, %.1f s\n  %s\n",
		on(l, pass   ? "\033[32;1m"
		      : fail ? "\033[31;1m"
			     : "\033[33;1m"),
		status, kind ? " (" : "", kind ? kind : "", kind ? ")" : "",
		on(l, "\033[0m"), strbuf_str(&job),
		json_get_str(json_object_get(result, "board"), "name", "?"),
		(long long)json_get_int(result, "boots", 0),
		json_get_int(result, "boots", 0) == 1 ? "" : "s",
		json_number_value(json_object_get(result, "duration_s")),
		strbuf_str(&reason));
	diagnose_summary(result, "  ", &hypotheses);
	proof_line(result, &proof);
	if (proof.len)
		fprintf(l->to, "  %s\n", strbuf_str(&proof));
	fprintf(l->to, "%s  %s\n", strbuf_str(&hypotheses), run_dir);
	fflush(l->to);
}
