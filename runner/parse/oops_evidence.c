// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the choice of the lines that an incident shows as its evidence. */
#include "parse/oops_report.h"

#include "util/mem.h"

enum { SHOWN_FRAMES = 3 };

/* The lines that a verdict rests on, besides the header and the first frames. */
static bool is_telling(const char *t)
{
	/* clang-format off */
	static const char *const words[] = {
		"KASAN: ", "ESR = ", "ESR: ", "Internal error: ", "Oops: ", "pc : ",
		"PC is at ", "pc is at ", "RIP: 0010:", "EIP: ", "EIP is at ", "epc : ",
		"NIP [", "lr : ", "LR is at ", "Code: ", "Kernel panic - not syncing",
		"user pgtable: ", "swapper pgtable: ", "CPU: ", "Read of size ",
		"Write of size ", "CR2: ", "Kernel Offset: ",
	};
	/* clang-format on */

	return lines_starts_any(t, words, ARRAY_SIZE(words)) || strstr(t, "] pgd=") ||
	       strstr(t, "] address between") || strstr(t, " likely owned by ") ||
	       strstr(t, " likely last held by ");
}

/* Did the line that was just taken add one of the first frames? */
static bool is_first_frame(struct report *r)
{
	const struct report_trace *t = report_main_trace(r);

	if (!t || t->n == r->n_frames_shown || r->n_frames_shown >= SHOWN_FRAMES)
		return false;
	r->n_frames_shown = t->n;
	return true;
}

void report_note_evidence(struct report *r, uint64_t line, const char *text)
{
	struct incident *in = r->in;
	const char *t = lines_skip_blanks(text);
	size_t n = strlen(t);
	/* Both keep count, so no short cut. */
	bool is_frame = is_first_frame(r), is_first = in->n_evidence == 0;

	if (in->n_evidence == INCIDENT_MAX_EVIDENCE || r->in_other_cpu)
		return;
	if (!is_first && !is_frame && !is_telling(t))
		return;
	if (!is_first && in->evidence[in->n_evidence - 1].line == line &&
	    strcmp(in->evidence[in->n_evidence - 1].text, t) == 0)
		return;
	while (n > 0 && t[n - 1] == ' ')
		n--;
	if (n > INCIDENT_MAX_EVIDENCE_BYTES)
		n = INCIDENT_MAX_EVIDENCE_BYTES;
	in->evidence =
		xreallocarray(in->evidence, in->n_evidence + 1, sizeof(*in->evidence));
	in->evidence[in->n_evidence++] = (struct incident_evidence){
		.line = line,
		.text = xstrndup(t, n),
	};
}
