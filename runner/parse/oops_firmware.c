// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the last words of the firmware below a running kernel: TF-A's, and those of a
 * U-Boot whose exception vectors are still there when the kernel takes its first steps.
 * An incident without a report: what follows are TF-A's registers, not the kernel's.
 *
 * A kernel's log or a test may quote such words. TF-A's own are followed by its
 * registers (bl31/aarch64/crash_reporting.S): "x30 = 0x…" at the start of a line and
 * without a stamp, which is no form of Linux. */
#include "parse/oops_reader.h"

#include "util/mem.h"

/* Other CPUs may still print between the two. */
enum { MAX_LINES_BETWEEN = 3 };

static bool is_own(const struct message *m)
{
	return !m->prefix.has_stamp && !m->prefix.is_syslog;
}

/* In a file that begins anywhere a kernel may run. */
static bool may_be_under_kernel(const struct oops_reader *r)
{
	return r->stage.stage >= STAGE_STARTING ||
	       (r->stage.stage == STAGE_OFF && !r->opts.no_resets);
}

/* A kernel that has died may take the firmware with it: one failure. */
static bool has_cause(const struct oops_reader *r)
{
	for (size_t i = 0; i < r->n_open; i++)
		if (!r->open[i]->is_tentative && r->open[i]->in->fatal)
			return true;
	return r->boot_panicked;
}

static struct incident *begin(struct oops_reader *r, const struct message *m,
			      const char *title)
{
	struct firmware_end *f = &r->firmware;
	struct incident *in = reader_new_incident(
		r, INCIDENT_PANIC, title, f->said ? f->offset : m->offset,
		f->said ? f->line : r->line, f->said ? f->t_ns : r->t_ns);

	in->last_offset = m->end_offset;
	in->decided_t_ns = r->t_ns;
	if (r->banner)
		in->banner = xstrdup(r->banner);
	f->in = in;
	f->last_t_ns = r->t_ns;
	r->boot_panicked = r->boot_has_cause = true;
	return in;
}

static void tell(struct oops_reader *r)
{
	r->ops.opened(r->arg, r->firmware.in);
}

/* "x30            = 0x0000000040007d9c", in older ones "x30 =\t\t0x00000000ff00fff0". */
static const char *link_register(const char *text)
{
	if (!lines_starts(text, "x30"))
		return NULL;
	text = lines_skip_blanks(text + 3);
	if (*text != '=')
		return NULL;
	text = lines_skip_blanks(text + 1);
	return lines_starts(text, "0x") ? text : NULL;
}

/* What of TF-A ends this line; NULL = nothing. It does not begin a line for it. */
static const char *tfa_words(const char *text)
{
	static const char *const words[] = {
		"PANIC in EL3",
		"Unhandled Exception in EL3",
		"Unhandled Interrupt Exception in EL3",
	};
	size_t len = strlen(text);

	while (len && text[len - 1] == ' ')
		len--;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i]);

		if (len > n && text[len - 1] == '.' &&
		    memcmp(text + len - 1 - n, words[i], n) == 0)
			return words[i];
	}
	return NULL;
}

static void tell_tfa(struct oops_reader *r, const struct message *m, const char *words,
		     const char *lr)
{
	_cleanup_free_ char *title = xasprintf("firmware panic: %s (TF-A)", words);
	struct incident *in = begin(r, m, title);
	uint64_t v;

	in->lr = xstrndup(lr, lines_hex(lr, &v));
	r->firmware.said = NULL;
	tell(r);
}

static void note_tfa(struct oops_reader *r, const struct message *m)
{
	static const char older[] = "PANIC in EL3 at x30 = ";
	struct firmware_end *f = &r->firmware;
	const char *words = tfa_words(m->text), *lr = link_register(m->text);
	uint64_t v;

	if (is_own(m) && lines_starts(m->text, older) &&
	    lines_hex(m->text + sizeof(older) - 1, &v) >= 8) {
		f->said = NULL;
		tell_tfa(r, m, "PANIC in EL3", m->text + sizeof(older) - 1);
	} else if (words) {
		f->said = words;
		f->line = r->line;
		f->offset = m->offset;
		f->t_ns = r->t_ns;
	} else if (lr && is_own(m) && f->said) {
		if (r->line - f->line <= MAX_LINES_BETWEEN)
			tell_tfa(r, m, f->said, lr);
		f->said = NULL;
	}
}

/* U-Boot's arch/arm/lib/interrupts_64.c: "\"Synchronous Abort\" handler, esr 0x96000210,
 * far 0x10"; its lib/hang.c. */
static void note_loader(struct oops_reader *r, const struct message *m)
{
	const char *esr = lines_after(m->text, "\" handler, esr "), *far;
	struct incident *in;

	r->firmware.said = NULL;
	if (strcmp(m->text, "### ERROR ### Please RESET the board ###") == 0) {
		begin(r, m, "U-Boot gave up as the kernel started");
		tell(r);
		return;
	}
	if (!esr || (m->text[0] != '"' && !lines_starts(m->text, "Bad mode in \"")))
		return;
	in = begin(r, m, "U-Boot panic as the kernel started");
	far = lines_after(esr, ", far ");
	in->has_esr = lines_hex(esr, &in->esr) >= 8;
	in->has_fault_address = far && lines_hex(far, &in->fault_address);
	tell(r);
}

void reader_note_firmware(struct oops_reader *r, const struct message *m)
{
	if (r->firmware.in || !may_be_under_kernel(r) || has_cause(r)) {
		r->firmware.said = NULL;
		return;
	}
	if (r->stage.stage == STAGE_STARTING && is_own(m) &&
	    (m->text[0] == '"' || m->text[0] == '#' || m->text[0] == 'B'))
		note_loader(r, m);
	else
		note_tfa(r, m);
}

void reader_settle_firmware(struct oops_reader *r, int64_t t_ns)
{
	const struct firmware_end *f = &r->firmware;

	if (f->in && r->opts.has_times &&
	    (t_ns - f->last_t_ns >= OOPS_SETTLE_QUIET_NS ||
	     t_ns - f->in->t_ns >= OOPS_SETTLE_MAX_NS))
		reader_close_firmware(r);
}

void reader_close_firmware(struct oops_reader *r)
{
	struct incident *in = r->firmware.in;

	r->firmware.said = NULL;
	if (!in)
		return;
	r->firmware.in = NULL;
	r->ops.closed(r->arg, in);
	incident_free(in);
}
