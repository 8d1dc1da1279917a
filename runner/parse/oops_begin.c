// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns what the first line of a report says by itself, and what later headers add to a
 * report that is open. The lines between are oops_report.c's. */
#include "parse/oops_report.h"

#include "util/mem.h"
#include "util/num.h"

static bool is_path(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '/' || c == '_' || c == '-' || c == '.' ||
	       c == '+';
}

/* "kernel BUG at drivers/x.c:12!", "WARNING: .. at ./include/y.h:3 f+0x..", "UBSAN: .. in
 * z.c:1:2": the first file with a line number. */
static void header_source(struct report *r, const char *text)
{
	for (const char *p = strchr(text, ':'); p; p = strchr(p + 1, ':')) {
		size_t digits = strspn(p + 1, "0123456789");
		const char *start = p;

		while (start > text && is_path(start[-1]))
			start--;
		if (digits == 0 || p - start < 3)
			continue;
		if (!(p[-2] == '.' && strchr("chS", p[-1])) && memcmp(p - 3, ".rs", 3))
			continue;
		if (lines_starts(start, "./"))
			start += 2;
		report_set_once(
			&r->in->source,
			(struct slice){ start, (size_t)(p + 1 + digits - start) });
		return;
	}
}

/* "in f+0x1/0x2" of the checkers, also "in f" alone; old KASAN goes on " at addr X". */
static void header_named(struct report *r, const char *after)
{
	const char *p = lines_after(after, " in ");
	struct symbol sym;

	if (p && lines_symbol(p, true, &sym)) {
		report_set_once(&r->named, sym.name);
		report_set_once(&r->in->module, sym.module);
	}
	p = lines_after(after, " at addr ");
	if (p)
		report_set_address(r, p);
}

static void header_kasan(struct report *r, const char *after)
{
	const char *in = strstr(after, " in ");
	const char *on = strstr(after, " on address");
	size_t n = strcspn(after, "\n");

	/* "data-race in f / g": the two make the title. */
	if (in && r->in->kind != INCIDENT_KCSAN)
		n = (size_t)(in - after);
	else if (on)
		n = (size_t)(on - after);
	free(r->detail);
	r->detail = xstrndup(after, n < 80 ? n : 80);
	header_named(r, after);
}

int32_t header_cpu(const char *text)
{
	const char *p = lines_after(text, "CPU: ");
	uint64_t v;

	if (!p)
		p = lines_after(text, "CPU#");
	if (!p)
		p = lines_after(text, "on cpu ");
	if (!p || parse_u64n(p, strspn(p, "0123456789"), 10, 65535, &v) < 0)
		return -1;
	return (int32_t)v;
}

/* "WARNING: CPU: 0 PID: 1 at f.c:12 sym+0x1/0x2", "WARNING: f.c:12 at sym+0x.., CPU#0:
 * x/1" */
static void header_warn(struct report *r, const char *after)
{
	const char *p =
		lines_starts(after, "at ") ? after + 3 : lines_after(after, " at ");
	struct symbol sym;
	struct cpu_line cpu;

	if (!p)
		return;
	if (!strchr(p, '/') || !lines_symbol(p, true, &sym) || !sym.has_offset) {
		p += strcspn(p, " ");
		p = lines_skip_blanks(p);
		if (!lines_symbol(p, true, &sym))
			sym.name.len = 0;
	}
	report_set_once(&r->named, sym.name);
	report_set_once(&r->in->module, sym.module);
	r->detail = xstrndup(after, strcspn(after, "\n"));
	if (lines_cpu(after, &cpu) && cpu.pid >= 0)
		r->in->pid = (int32_t)cpu.pid;
	r->in->cpu = header_cpu(after);
}

/* "INFO: task comm:pid blocked for more than": comm may hold colons and blanks. */
static void header_hung(struct report *r, const char *text)
{
	const char *after = lines_after(text, "INFO: task ");
	const char *end = after ? strstr(after, " blocked ") : NULL;
	const char *p;
	uint64_t v;

	if (!end && after)
		end = strstr(after, " can't die ");
	if (!end)
		return;
	p = end;
	while (p > after && p[-1] != ':')
		p--;
	if (p == after)
		return;
	r->in->comm = xstrndup(after, (size_t)(p - 1 - after));
	if (parse_u64n(p, strspn(p, "0123456789"), 10, INT32_MAX, &v) == 0)
		r->in->pid = (int32_t)v;
}

/* "soft lockup - CPU#1 stuck for 22s! [comm:123]" */
static void header_lockup(struct report *r, const char *text)
{
	const char *b = strrchr(text, '[');
	uint64_t v;

	r->in->cpu = header_cpu(text);
	if (b && strchr(b, ']')) {
		const char *end = strchr(b, ']'), *colon = end;

		while (colon > b && *colon != ':')
			colon--;
		if (colon > b && parse_u64n(colon + 1, (size_t)(end - colon - 1), 10,
					    INT32_MAX, &v) == 0) {
			r->in->pid = (int32_t)v;
			r->in->comm = xstrndup(b + 1, (size_t)(colon - b - 1));
		}
	}
}

void report_die(struct report *r, const char *text)
{
	const char *p = lines_after(text, "[#");
	uint64_t v;

	if (p && parse_u64n(p, strspn(p, "0123456789"), 10, 100000, &v) == 0)
		r->die_number = (uint32_t)v;
	r->has_die = true;
	r->is_tentative = false;
	if (lines_die_code(text, &v)) {
		/* Two CPUs' heads may have been mixed: this one is certain. */
		r->in->has_esr = false;
		report_set_esr(r, v);
	}
	report_header_address(r, text);
}

void report_panic(struct report *r, const char *after)
{
	const char *mark = strstr(after, " ]---");

	r->in->panicked = true;
	r->says_serror |= strstr(after, "Asynchronous SError") != NULL;
	if (r->header->class == HEADER_PANIC && !r->detail) {
		while (*after == ':' || *after == ' ')
			after++;
		r->detail = mark && mark > after ? xstrndup(after, (size_t)(mark - after))
						 : xstrdup(after);

		const char *p = lines_after(after, "corrupted in: ");
		struct symbol sym;

		if (p && lines_symbol(p, false, &sym))
			report_set_once(&r->named, sym.name);
	}
}

void report_recover(struct report *r)
{
	const struct oops_header *h;

	if (!r->is_tentative || strcmp(r->header->literal, "[ cut here ]") != 0 ||
	    !r->has_end || !r->pc_function || !report_has_frames(r))
		return;
	/* arm64's die() shows the code, its warnings do not. */
	h = header_of(r->has_code && !r->pc_is_x86 ? "pc : " : "WARNING: ");
	r->header = h;
	r->in->kind = h->kind;
	r->is_headless = true;
	r->is_tentative = false;
}

void report_adopt(struct report *r, const struct oops_header *h, const char *text)
{
	if (h) {
		r->header = h;
		r->in->kind = h->kind;
		r->is_headless = false;
	}
	report_header_address(r, text);
}

/* What only the headers of one kind say. */
/* fs/dcache.c umount_check(): "BUG: Dentry X{i=0,n=.index}  still in use (1) [unmount of
 * ramfs ramfs]"; what was going on names the bug, as in syzkaller's title. */
static void header_dentry(struct report *r, const char *after)
{
	const char *p = lines_after(after, "[unmount of ");

	if (p)
		report_set_once(&r->named, (struct slice){ "unmount", 7 });
}

/* "Oops - undefined instruction: 0 [#1] SMP": the words, where they say more than "Oops".
 */
static void header_die_words(struct report *r, const char *after)
{
	const char *end = strstr(after, " [#");

	while (end && end > after && *end != ':')
		end--;
	if (end && end > after && !lines_starts(after, "Oops:"))
		r->detail = xstrndup(after, (size_t)(end - after));
}

/* "PANIC at arc.c:7026:arc_write_done()" */
static void header_spl(struct report *r, const char *after)
{
	const char *end = strstr(after, "()"), *name = end;

	while (name && name > after && name[-1] != ':')
		name--;
	if (end)
		report_set_once(&r->named, (struct slice){ name, (size_t)(end - name) });
}

static void header_of_kind(struct report *r, const char *text, const char *after)
{
	enum incident_kind kind = r->header->kind;

	switch (kind) {
	case INCIDENT_KASAN:
	case INCIDENT_KFENCE:
	case INCIDENT_KMSAN:
	case INCIDENT_KCSAN:
		header_kasan(r, after);
		if (kind != INCIDENT_KASAN)
			report_start_trace(r);
		break;
	case INCIDENT_WARN:
		/* "Badness at f.c:12" of old powerpc kernels. */
		header_warn(r, r->header->literal[0] == 'B' ? after - 3 : after);
		break;
	case INCIDENT_OOPS_OTHER:
		/* The words before "[#1]", without the code. */
		if (strcmp(r->header->literal, "[#") == 0)
			r->detail = xstrndup(text, strcspn(text, ":["));
		else if (strcmp(r->header->literal, "Internal error: ") == 0)
			header_die_words(r, after);
		break;
	case INCIDENT_HUNG_TASK:
		header_hung(r, text);
		break;
	case INCIDENT_SOFT_LOCKUP:
	case INCIDENT_HARD_LOCKUP:
		header_lockup(r, text);
		break;
	case INCIDENT_BUG:
		if (strcmp(r->header->literal, "BUG: Dentry ") == 0)
			header_dentry(r, after);
		else if (strcmp(r->header->literal, "PANIC at ") == 0)
			header_spl(r, after);
		break;
	default:
		break;
	}
}

/* "SError Interrupt on CPU6, code 0x00000000be000411 -- SError", "Bad mode in Error
 * handler detected on CPU2, code 0xbf000002 -- SError", "Unhandled 64-bit el1h sync
 * exception on CPU2, ESR 0x0000000034000002 -- BTI"; "Unhandled fault: synchronous
 * external abort (0x96000210) at 0x.." */
static void header_syndrome(struct report *r, const char *text)
{
	const char *p = lines_after(text, "(0x");
	uint64_t v;

	if (!p)
		p = lines_after(text, ", code ");
	if (!p)
		p = lines_after(text, ", ESR ");

	if (p && lines_hex(p, &v) >= 8)
		report_set_esr(r, v);
}

/* arm64, x86, riscv and powerpc; arm64's instruction fetch. */
static bool says_user(const char *text)
{
	/* clang-format off */
	static const char *const words[] = {
		"access to user memory", "user memory access", "execution of user memory",
		"Accessing user space memory",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

/* "Oops: 0002 [#1]": arch/x86/mm/fault.c page_fault_oops() alone says so. */
static bool is_x86_oops(const char *text)
{
	const char *p = lines_after(text, "Oops: ");
	uint64_t v;

	while (p && lines_starts(p, "Oops: "))
		p += strlen("Oops: ");
	return p && lines_hex(p, &v) == 4 && lines_starts(p + 4, " [#");
}

/* arch/arm/mm/fault.c do_DataAbort() says the same of a program's fault; only the
 * kernel's own goes on with die(). */
static bool may_be_programs(const struct report *r)
{
	enum { USER_START = 0x1000U, USER_END = 0xbf000000U };
	uint64_t addr = r->in->fault_address;

	return lines_starts(r->header->literal, "Unhandled ") && !r->in->has_esr &&
	       r->in->has_fault_address && addr >= USER_START && addr < USER_END;
}

struct report *report_new(const struct oops_header *h, const char *text,
			  const char *after)
{
	struct report *r = xcalloc(1, sizeof(*r));

	r->in = incident_new(h->kind);
	r->header = h;
	r->last_printk_s = -1;
	header_of_kind(r, text, after);
	if (h->class == HEADER_FAULT || h->class == HEADER_DIE)
		report_header_address(r, text);
	if (h->class == HEADER_FAULT &&
	    (h->kind == INCIDENT_SERROR || h->kind == INCIDENT_OOPS_OTHER))
		header_syndrome(r, text);
	if (h->class == HEADER_DIE)
		report_die(r, text);
	if (h->class == HEADER_PANIC)
		report_panic(r, after);
	header_source(r, text);
	if (!r->detail && !h->title)
		r->detail = xstrdup(after);
	r->wants_lock_at = h->pick == PICK_LOCK;
	r->says_user = says_user(text);
	r->says_null = strstr(text, "NULL pointer") || strstr(text, "null pointer");
	r->is_page_fault = strstr(text, "Internal error: Oops: ") || is_x86_oops(text);
	r->says_mce = strstr(text, "Oops: Machine check") != NULL;
	r->says_bug = strstr(text, "Oops - BUG") != NULL;
	r->is_survived = h->kind == INCIDENT_MCE && report_is_mild(text);
	r->is_tentative = h->class == HEADER_TENTATIVE || may_be_programs(r);
	r->is_headless = h->class == HEADER_HEADLESS || h->class == HEADER_TENTATIVE;
	if (h->class == HEADER_TENTATIVE)
		report_start_trace(r);
	if (r->is_headless)
		report_line(r, text);
	return r;
}

static void move_field(char **to, char **from)
{
	if (*to)
		return;
	*to = *from;
	*from = NULL;
}

void report_reread(struct report *r, const struct oops_header *h, const char *text,
		   const char *after)
{
	struct report *whole = report_new(h, text, after);

	/* Half a name was taken for a whole one. */
	if (whole->named) {
		free(r->named);
		r->named = NULL;
	}
	if (whole->detail) {
		free(r->detail);
		r->detail = NULL;
	}
	move_field(&r->named, &whole->named);
	move_field(&r->detail, &whole->detail);
	move_field(&r->in->source, &whole->in->source);
	move_field(&r->in->module, &whole->in->module);
	move_field(&r->in->comm, &whole->in->comm);
	if (whole->in->has_fault_address) {
		r->in->has_fault_address = true;
		r->in->fault_address = whole->in->fault_address;
	}
	if (r->in->cpu < 0)
		r->in->cpu = whole->in->cpu;
	if (r->in->pid < 0)
		r->in->pid = whole->in->pid;
	r->says_null |= whole->says_null;
	r->says_user |= whole->says_user;
	report_free(whole);
}
