// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the names under which a failure is known: title (syzkaller's style) and signature.
 * Neither holds anything that differs from boot to boot or build to build. */
#include "parse/esr.h"
#include "parse/oops_culprit.h"
#include "parse/oops_report.h"

#include "util/ascii.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum { TITLE_MAX = 120, SIGNATURE_FRAMES = 3 };

/* "foo.isra.0", "foo.constprop.0.cold", "foo.part.3", "foo.llvm.123": what the compiler
 * made of foo this time. */
static size_t base_len(const char *name)
{
	return strcspn(name, ".");
}

static const char *fault_title(enum incident_kind k)
{
	switch (k) {
	case INCIDENT_NULL_DEREF:
		return "BUG: unable to handle kernel NULL pointer dereference";
	case INCIDENT_USER_ACCESS:
		return "BUG: unable to handle kernel access to user memory";
	default:
		return "BUG: unable to handle kernel paging request";
	}
}

/* Copy without addresses, numbers and offsets, which differ from boot to boot; the caller
 * owns it. */
static char *normalize(const char *s)
{
	struct strbuf sb = STRBUF_INIT;

	while (*s) {
		uint64_t v;
		size_t n;

		/* "f+0x12/0x34" */
		if (lines_starts(s, "+0x") && (n = lines_hex(s + 1, &v)) > 0) {
			s += 1 + n;
			if (*s == '/' && (n = lines_hex(s + 1, &v)) > 0)
				s += 1 + n;
			continue;
		}
		if (sb.len > 0 && ascii_is_word(sb.buf[sb.len - 1])) {
			strbuf_addch(&sb, *s++);
			continue;
		}
		n = lines_hex(s, &v);
		if (n >= 8 && !ascii_is_word(s[n])) {
			strbuf_addstr(&sb, "ADDR");
			s += n;
			continue;
		}
		n = s[0] == '0' && s[1] == 'x' ? n : strspn(s, "0123456789");
		if (n > 0 && !ascii_is_word(s[n])) {
			strbuf_addstr(&sb, "NUM");
			s += n;
			continue;
		}
		strbuf_addch(&sb, *s++);
	}
	while (sb.len > 0 && strchr(" !*`", sb.buf[sb.len - 1]))
		sb.buf[--sb.len] = '\0';
	return strbuf_take(&sb);
}

static void add_normal(struct strbuf *sb, const char *prefix, const char *text)
{
	char *n = normalize(text);

	strbuf_addstr(sb, prefix);
	strbuf_add(sb, n, strlen(n) < TITLE_MAX ? strlen(n) : TITLE_MAX);
	free(n);
}

static const char *checker_name(enum incident_kind head)
{
	switch (head) {
	case INCIDENT_KASAN:
		return "KASAN: ";
	case INCIDENT_KFENCE:
		return "KFENCE: ";
	case INCIDENT_KMSAN:
		return "KMSAN: ";
	case INCIDENT_KCSAN:
		return "KCSAN: ";
	case INCIDENT_UBSAN:
		return "UBSAN: ";
	case INCIDENT_PANIC:
		return "kernel panic: ";
	default:
		return NULL;
	}
}

/* From the header's own words, up to what differs each time: CPU, process, address. */
static void add_header_words(struct strbuf *sb, const struct report *r)
{
	const char *literal =
		strcmp(r->header->literal, "[#") == 0 ? "" : r->header->literal;
	char *head = xasprintf("%s%s", literal, r->detail ? r->detail : "");
	const char *cpu = strstr(head, " on CPU#");
	char *taint = lines_starts(head, "BUG ") ? strstr(head, " (") : NULL;
	char *slub = taint ? strstr(taint, "):") : NULL;
	bool is_preempt = strstr(head, " in preemptible [") != NULL;
	size_t n = strcspn(head, ",[");

	if (cpu && (size_t)(cpu - head) < n)
		n = (size_t)(cpu - head);
	head[n] = '\0';
	/* mm/slub.c: "BUG kmalloc-64 (Tainted: G B): Object already free" */
	if (slub && slub < head + n) {
		*taint = '\0';
		strbuf_addstr(sb, head);
		add_normal(sb, "", slub + 1);
	} else {
		add_normal(sb, "", head);
	}
	/* lib/smp_processor_id.c: "in preemptible [%08x] code: %s/%d" */
	if (is_preempt)
		strbuf_addstr(sb, " code");
	free(head);
}

static bool has_fault_title(const struct report *r)
{
	switch (r->header->class) {
	case HEADER_FAULT:
		return !r->header->title && r->in->kind != INCIDENT_GPF;
	case HEADER_DIE:
	case HEADER_HEADLESS:
		return r->in->kind == INCIDENT_NULL_DEREF ||
		       r->in->kind == INCIDENT_PAGING_FAULT ||
		       r->in->kind == INCIDENT_USER_ACCESS;
	case HEADER_PANIC:
	case HEADER_REPORT:
	case HEADER_STALL:
	case HEADER_OOM:
	case HEADER_TENTATIVE:
		break;
	}
	return false;
}

static bool is_external(uint64_t esr)
{
	struct esr e;

	esr_decode(esr, &e);
	return e.is_abort && e.fault == ESR_FAULT_EXTERNAL;
}

/* A title that the sort of WARN, or the die() without its header, has of its own. */
static const char *special_title(const struct report *r)
{
	const struct oops_header *h = r->header;
	const struct warn_sort *sort;

	if (has_fault_title(r))
		return fault_title(r->in->kind);
	if (h->class == HEADER_HEADLESS && r->in->kind == INCIDENT_SERROR)
		return "SError";
	if (h->class == HEADER_DIE && r->in->kind == INCIDENT_BUG)
		return r->detail && strstr(r->detail, "CFI") ? "CFI failure"
							     : "kernel BUG";
	if (h->class == HEADER_DIE && r->in->has_esr && is_external(r->in->esr))
		return "synchronous external abort";
	if (h->class == HEADER_DIE && h->title && r->detail)
		return r->detail;
	if (h->kind == INCIDENT_WARN && h->title && r->detail) {
		sort = culprit_warn_sort(r->detail);
		if (sort)
			return sort->title;
	}
	return h->title;
}

/* Returns whether " in FUNCTION" may follow. */
static bool add_checker(struct strbuf *sb, const struct report *r, const char *name)
{
	enum incident_kind head = r->header->kind;

	add_normal(sb, name, r->detail ? r->detail : "");
	if (r->access)
		strbuf_addf(sb, " %s", r->access);
	return head != INCIDENT_PANIC && head != INCIDENT_KCSAN &&
	       !(r->detail && strstr(r->detail, " in "));
}

void report_make_title(struct report *r)
{
	struct incident *in = r->in;
	struct strbuf sb = STRBUF_INIT;
	const char *title = special_title(r);
	const char *checker = checker_name(r->header->kind);
	bool with_function = r->header->pick != PICK_NONE;

	if (title)
		strbuf_addstr(&sb, title);
	else if (checker)
		with_function &= add_checker(&sb, r, checker);
	else
		add_header_words(&sb, r);
	if (sb.len == 0) /* " [#1] SMP" and nothing before it */
		strbuf_addstr(&sb, "kernel report without its head");
	if (with_function && in->function)
		strbuf_addf(&sb, " in %.*s", (int)base_len(in->function), in->function);
	free(in->title);
	in->title = strbuf_take(&sb);
}

/* The frame of the guilty function, else the first. */
static size_t guilty_frame(const struct incident *in, const struct report_trace *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->frames[i].reliable &&
		    strcmp(culprit_plain(t->frames[i].function), in->function) == 0)
			return i + 1;
	return 0;
}

void report_make_signature(struct report *r)
{
	struct incident *in = r->in;
	const struct report_trace *t = report_shown_trace(r);
	struct strbuf sb = STRBUF_INIT;
	size_t n = 0;

	strbuf_addf(&sb, "%s ", incident_kind_to_str(in->kind));
	if (in->function)
		strbuf_add(&sb, in->function, base_len(in->function));
	else
		strbuf_addstr(&sb, in->title);
	for (size_t i = t && in->function ? guilty_frame(in, t) : SIZE_MAX;
	     t && i < t->n && n < SIGNATURE_FRAMES; i++) {
		const char *name = t->frames[i].function;

		if (culprit_is_entry(name))
			break;
		if (!t->frames[i].reliable || culprit_is_helper(name, NULL) ||
		    strcmp(culprit_plain(name), in->function) == 0)
			continue;
		name = culprit_plain(name);
		strbuf_addf(&sb, " < %.*s", (int)base_len(name), name);
		n++;
	}
	free(in->signature);
	in->signature = strbuf_take(&sb);
}
