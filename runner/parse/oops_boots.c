// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns what boots amount to: resets nobody explained, boot loops, a loader that found no
 * kernel. Incidents of these kinds have no report behind them. */
#include "parse/loader_fault.h"
#include "parse/oops_reader.h"

#include "util/mem.h"

enum { BOOT_LOOP_BOOTS = 3 };

struct incident *reader_new_incident(const struct oops_reader *r, enum incident_kind kind,
				     const char *title, uint64_t offset, uint64_t line,
				     int64_t t_ns)
{
	struct incident *in = incident_new(kind);

	in->title = xstrdup(title);
	in->line = line;
	in->offset = in->last_offset = offset;
	in->t_ns = in->decided_t_ns = t_ns;
	in->boot = r->stage.boot;
	return in;
}

static void report_boot_kind(struct oops_reader *r, enum incident_kind kind,
			     const char *title, uint64_t offset, uint64_t line,
			     int64_t t_ns)
{
	struct incident *in = reader_new_incident(r, kind, title, offset, line, t_ns);

	r->ops.opened(r->arg, in);
	r->ops.closed(r->arg, in);
	incident_free(in);
}

static void on_boot(struct oops_reader *r, const struct stage_event *e)
{
	/* The first stamp of a log that began in the middle is no boot's first word. */
	if (r->n_boots > 0 || e->stage < STAGE_KERNEL)
		reader_close_all(r);
	r->n_boots++;
	r->loader_failed = r->boot_panicked = false;
	free(r->banner);
	r->banner = NULL;
	if (r->ops.booted)
		r->ops.booted(r->arg, e->boot, e->offset, e->t_ns);
	if (r->opts.no_resets || !e->is_unexpected) {
		r->boot_has_cause = false;
		return;
	}
	if (!r->boot_has_cause) {
		r->n_unexplained++;
		if (r->n_unexplained == 1)
			report_boot_kind(r, INCIDENT_RESET,
					 "kernel restarted without a word", e->offset,
					 r->line, e->t_ns);
		if (r->n_unexplained + 1 >= BOOT_LOOP_BOOTS && !r->loop_reported) {
			r->loop_reported = true;
			report_boot_kind(r, INCIDENT_BOOT_LOOP, "boot loop", e->offset,
					 r->line, e->t_ns);
		}
	}
	r->boot_has_cause = false;
}

void reader_on_stage(void *arg, const struct stage_event *e)
{
	struct oops_reader *r = arg;

	if (e->is_boot)
		on_boot(r, e);
}

/* init/main.c linux_banner, the first line of a boot that is not quiet. */
void reader_note_banner(struct oops_reader *r, const struct message *m)
{
	const char *v = lines_after(m->text, "Linux version ");

	if (!v || *v < '0' || *v > '9' || v - m->text > 32)
		return;
	free(r->banner);
	r->banner = xstrdup(v - strlen("Linux version "));
}

static void note_failure(struct oops_reader *r, const struct message *m,
			 const char *title)
{
	r->loader_failed = true;
	r->failed_title = title;
	r->failed_offset = m->offset;
	r->failed_line = r->line;
	r->failed_t_ns = r->t_ns;
}

/* It crashed, or waits for somebody who resets it. */
static bool is_crash(const char *text)
{
	const struct loader_fault *f = loader_fault_find(text, strlen(text));

	return f && loader_fault_is_end(f);
}

void reader_note_loader_failure(struct oops_reader *r, const struct message *m)
{
	/* clang-format off */
	static const char *const words[] = {
		"Retry count exceeded", "TFTP error:", "Bad Linux", "SCRIPT FAILED",
		"Wrong Image Format", "Wrong Image Type", "can't get kernel image",
		"Wrong Ramdisk Image", "for failure retrieving kernel",
	};
	/* clang-format on */

	if (r->loader_failed || r->stage.stage < STAGE_DDR || r->stage.stage > STAGE_TFTP)
		return;
	if (!m->prefix.has_stamp && is_crash(m->text)) {
		note_failure(r, m, "firmware crashed before any kernel started");
		return;
	}
	for (size_t i = 0; r->stage.stage >= STAGE_UBOOT && i < ARRAY_SIZE(words); i++) {
		if (strstr(m->text, words[i])) {
			note_failure(r, m, "boot loader found no kernel to start");
			return;
		}
	}
}

void reader_end_boots(struct oops_reader *r)
{
	if (!r->opts.no_resets && r->loader_failed && !r->stage.kernel_seen)
		report_boot_kind(r, INCIDENT_NO_BOOT, r->failed_title, r->failed_offset,
				 r->failed_line, r->failed_t_ns);
}
