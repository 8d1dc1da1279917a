// SPDX-License-Identifier: GPL-2.0-or-later
/* The doctor's round: what is examined in which order, and the list of what was found. */
#include "session/doctor.h"

#include <errno.h>

#include "session/doctor_int.h"
#include "util/jsonx.h"
#include "util/mem.h"

/* A session needs a job; the doctor's own has no step that is ever run. */
static const char doctor_job[] =
	"job_name: " DOCTOR_JOB "\n"
	"timeouts: {job: {minutes: 30}, action: {minutes: 30}}\n"
	"actions:\n"
	"- boot: {method: minimal, prompts: ['=> ']}\n"
	"bootrig:\n"
	"  watch: {record: [boot-loop, reset, no-boot, silence]}\n"
	"  loop: {boots: 1000}\n";

const char *doctor_status_to_str(enum doctor_status s)
{
	switch (s) {
	case DOCTOR_PASS:
		return "pass";
	case DOCTOR_WARN:
		return "warn";
	case DOCTOR_FAIL:
		return "fail";
	case DOCTOR_SKIP:
		return "skip";
	}
	BUG("doctor status %d", (int)s);
}

PRINTF(1, 0) static char *format(const char *fmt, va_list ap)
{
	struct strbuf sb = STRBUF_INIT;

	strbuf_vaddf(&sb, fmt, ap);
	return strbuf_take(&sb);
}

PRINTF(5, 0)
static void add(struct doctor *d, const char *name, enum doctor_status status,
		const char *fix, const char *fmt, va_list ap)
{
	struct doctor_report *r = d->report;
	int64_t now = clock_now_ns();

	r->v = xreallocarray(r->v, r->n + 1, sizeof(*r->v));
	struct doctor_check *c = &r->v[r->n++];
	*c = (struct doctor_check){
		.name = name,
		.status = status,
		.finding = format(fmt, ap),
		.fix = xstrdup_or_null(fix),
		.ms = (now - d->since_ns) / 1000000,
	};
	d->since_ns = now;
	if (d->s && d->s->journal)
		journal_action(d->s->journal, "doctor", "{s:s, s:s, s:s}", "check", name,
			       "status", doctor_status_to_str(status), "finding",
			       c->finding);
	if (d->o->on_check)
		d->o->on_check(d->o->arg, c);
}

void doctor_pass(struct doctor *d, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, name, DOCTOR_PASS, NULL, fmt, ap);
	va_end(ap);
}

void doctor_skip(struct doctor *d, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, name, DOCTOR_SKIP, NULL, fmt, ap);
	va_end(ap);
}

void doctor_warn(struct doctor *d, const char *name, const char *fix, const char *fmt,
		 ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, name, DOCTOR_WARN, fix, fmt, ap);
	va_end(ap);
}

void doctor_fail(struct doctor *d, const char *name, const char *fix, const char *fmt,
		 ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, name, DOCTOR_FAIL, fix, fmt, ap);
	va_end(ap);
}

void doctor_progress(struct doctor *d, const char *fmt, ...)
{
	va_list ap;

	if (!d->o->on_progress)
		return;
	va_start(ap, fmt);
	_cleanup_free_ char *text = format(fmt, ap);
	va_end(ap);
	d->o->on_progress(d->o->arg, text);
}

int doctor_failed(struct doctor *d, const char *name, const char *fix, int r,
		  struct err *err)
{
	if (err->class == ERR_CANCELED)
		return r;
	if (r == -EINTR) {
		console_resume(d->s->console);
		err_set(err, ERR_LAB, r, "the system on the board crashed meanwhile: %s",
			watch_state(d->s->watch)->fatal_title);
	}
	doctor_fail(d, name, fix, "%s", err->msg[0] ? err->msg : strerror(-r));
	*err = (struct err)ERR_INIT;
	return 0;
}

void doctor_tap_reset(struct doctor *d)
{
	strbuf_reset(&d->tap);
}

static void tap(void *arg, const char *data, size_t len)
{
	struct doctor *d = arg;

	if (d->tap.len + len <= DOCTOR_TAP_MAX)
		strbuf_add(&d->tap, data, len);
}

/* Power first: without it nothing else can be asked. */
static int examine_powered(struct doctor *d, struct err *err)
{
	d->moved_power = true;
	int r = doctor_power(d, err);

	if (!r && d->at_prompt)
		r = doctor_echo(d, err);
	if (!r && d->at_prompt)
		r = doctor_network(d, err);
	if (!r && d->is_served && d->at_prompt && d->has_network)
		r = doctor_tftp_board(d, err);
	if (!r && d->is_proven)
		r = doctor_maskrom(d, err);
	return r;
}

static int open_failed(struct doctor *d, int r, struct err *err)
{
	static const char cable[] =
		"is the cable plugged in, is the device's name right (ls /dev/serial/by-id), "
		"does another program hold it?";
	static const char relays[] =
		"`bootrig power status` shows each line and who holds it";

	/* The session blames itself for its console only. */
	if (d->s->self_check_ok)
		return doctor_failed(d, "power", relays, r, err);
	return doctor_failed(d, "console", cable, r, err);
}

/* Claimed and open, or a failed check that says why not. */
static int open_board(struct doctor *d, bool *is_open, struct err *err)
{
	static const char fix[] =
		"wait for it, or see who holds the named file: `fuser -v FILE`";
	size_t n_broken;
	int r = session_claim(d->s, err);

	*is_open = false;
	if (r)
		return doctor_failed(d, "claim", fix, r, err);
	doctor_pass(d, "claim", "board %s is free", d->o->board->board);
	/* Not before: the tty of a board in use is its run's. */
	doctor_tty(d);
	n_broken = doctor_count(d->report, DOCTOR_FAIL);
	r = doctor_relay_lines(d, err);
	if (r || doctor_count(d->report, DOCTOR_FAIL) > n_broken)
		return r;
	r = session_open_board(d->s, err);
	if (r)
		return open_failed(d, r, err);
	*is_open = true;
	return 0;
}

static int examine_open_board(struct doctor *d, struct err *err)
{
	if (d->o->loopback)
		return doctor_loopback(d, err);
	if (d->o->board->power.backend == BOARD_POWER_NONE)
		doctor_skip(d, "power",
			    "the board file says `backend: none`: power and "
			    "what needs it is not checked");
	else if (!d->o->may_move_power)
		doctor_skip(d, "power",
			    "power was not to be moved (--yes allows it), so "
			    "relays, UART and U-Boot are not checked");
	else
		return examine_powered(d, err);
	return 0;
}

static int examine_board(struct doctor *d, struct err *err)
{
	bool is_open;
	int r = open_board(d, &is_open, err);

	if (!r && d->s->lock.file_fd >= 0 && !d->o->loopback)
		r = doctor_tftp_host(d, err);
	if (!r && is_open)
		r = examine_open_board(d, err);
	return r || !is_open ? r : doctor_mark(d, err);
}

/* A board whose power was not ours to move stays as it is. */
static void leave(struct doctor *d)
{
	struct session *s = d->s;

	if (!d->moved_power) {
		session_unstage(s);
		return;
	}
	session_leave_board(s);
	if (s->power->is_on)
		doctor_fail(d, "power off", "switch it off by hand",
			    "the board could not be switched off at the end");
}

static int doctor_board(struct doctor *d, struct run_dir *dir, struct err *err)
{
	struct spec_messages msgs = { .v = STRVEC_INIT };
	struct session s;
	struct session_opts so = { .board = d->o->board,
				   .runs_dir = d->o->runs_dir,
				   .cancel_fd = d->o->cancel_fd,
				   .begin_ns = clock_now_ns(),
				   .on_console = tap,
				   .arg = d };
	int r = job_spec_parse("doctor.yaml", doctor_job, strlen(doctor_job), &so.job,
			       &msgs, err);

	if (r)
		BUG("the doctor's job: %s", err->msg);
	session_init(&s, &so, dir);
	/* Not among the runs: this one has no result. */
	_cleanup_free_ char *records = xasprintf("%s/.doctor", d->o->runs_dir);
	r = run_dir_create(records, so.board->board, DOCTOR_JOB, dir, err);
	if (!r)
		doctor_sweep_records(records);
	if (!r)
		r = session_open_record(&s, err);
	if (!r) {
		d->s = &s;
		r = examine_board(d, err);
		leave(d);
		d->s = NULL;
		watch_end(s.watch);
	}
	session_release(&s);
	job_spec_free(so.job);
	return r;
}

static int write_record(struct doctor *d, const struct run_dir *dir, struct err *err)
{
	if (!dir->path)
		return 0;
	_cleanup_json_ json_t *j = doctor_to_json(d->report, d->o->board, dir);
	_cleanup_free_ char *text = json_pretty(j, NULL);
	return run_dir_write(dir, "doctor.json", text, strlen(text), err);
}

int doctor_run(const struct doctor_opts *opts, struct doctor_report *report,
	       struct run_dir *dir, struct err *err)
{
	struct doctor d = {
		.o = opts,
		.report = report,
		.since_ns = clock_now_ns(),
		.tap = STRBUF_INIT,
	};
	int r = 0;

	doctor_host(&d);
	doctor_devices(&d);
	if (opts->board)
		r = doctor_board(&d, dir, err);
	strbuf_release(&d.tap);
	return r ? r : write_record(&d, dir, err);
}

void doctor_report_release(struct doctor_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		free(report->v[i].finding);
		free(report->v[i].fix);
	}
	free(report->v);
	*report = (struct doctor_report)DOCTOR_REPORT_INIT;
}

size_t doctor_count(const struct doctor_report *report, enum doctor_status status)
{
	size_t n = 0;

	for (size_t i = 0; i < report->n; i++)
		n += report->v[i].status == status;
	return n;
}

json_t *doctor_to_json(const struct doctor_report *report, const struct board_spec *board,
		       const struct run_dir *dir)
{
	json_t *all = json_object(), *checks = json_array();

	for (size_t i = 0; i < report->n; i++) {
		const struct doctor_check *c = &report->v[i];
		json_t *j = json_object();

		json_put(j, "name", json_string(c->name));
		json_put(j, "status", json_string(doctor_status_to_str(c->status)));
		json_put(j, "finding", json_lossy_str(c->finding));
		json_put(j, "fix", json_lossy_str(c->fix));
		json_put(j, "ms", json_integer(c->ms));
		json_push(checks, j);
	}
	json_put(all, "schema", json_string("bootrig.doctor/1"));
	json_put(all, "ok", json_boolean(!doctor_count(report, DOCTOR_FAIL)));
	json_put(all, "board", json_lossy_str(board ? board->board : NULL));
	json_put(all, "run", json_lossy_str(dir ? dir->path : NULL));
	json_put(all, "checks", checks);
	return all;
}
