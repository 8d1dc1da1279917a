// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns which of the words that begin reports count where: at the start of a message,
 * behind what kernels put there, not in another program's text. Reads no lines beyond the
 * header: the report collects those. */
#include "parse/esr.h"
#include "parse/oops_headers.h"
#include "util/ascii.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool is_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return n > 0;
}

/* "at f.c:12 sym", "CPU: 3 PID: 4 at f.c:12 sym", "f.c:12 at sym, CPU#3: x/1": the forms
 * of
 * __warn() over the years, told apart from other programs' warnings. */
static bool is_warn(const char *after)
{
	const char *at, *colon;

	if (lines_starts(after, "CPU: "))
		return after[5] == '\0' || is_digits(after + 5, 1);
	if (lines_starts(after, "at "))
		return (colon = strchr(after, ':')) && is_digits(colon + 1, 1);
	at = strstr(after, " at ");
	colon = strchr(after, ':');
	if (at && colon && colon < at && is_digits(colon + 1, 1))
		return strstr(at, "CPU#") || strstr(at, "+0x");
	/* The message was cut off by another CPU. */
	return false;
}

static bool is_rcu_stall(const char *after)
{
	return strstr(after, "detected") != NULL && strstr(after, "stall") != NULL;
}

/* "<words>: 0000 [#1] PREEMPT SMP" or "<words>[#1]:" and nothing else. */
static bool is_die(const char *text, const char *hit)
{
	const char *p = hit + 2;

	if (hit == text)
		return false;
	for (const char *q = text; q < hit; q++)
		if (!ascii_is_word(*q) && !strchr(" :-()", *q))
			return false;
	p += strspn(p, "0123456789");
	if (p == hit + 2 || *p != ']')
		return false;
	p++;
	if (*p == ':')
		p++;
	/* "PREEMPT SMP KASAN PTI", "PREEMPT_{RT,(full)}" */
	return p[strspn(p,
			" ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789{},()dynamicfullazytr")] ==
	       '\0';
}

/* "Unhandled fault: alignment fault (0x92000021) at 0x…" of arm64 up to 4.x: EC tells
 * that a program ran into it, which is the program's own. */
static bool is_programs(const char *after)
{
	const char *p = lines_after(after, "(0x");
	uint64_t v;
	struct esr e;

	if (!p || lines_hex(p, &v) < 8)
		return false;
	esr_decode(v, &e);
	return e.ec == ESR_EC_DABT_LOWER || e.ec == ESR_EC_IABT_LOWER;
}

static bool is_bug(const struct oops_header *h, const char *text, const char *hit,
		   const char *after)
{
	if (strcmp(h->literal, "BUG ") == 0)
		/* SLUB: "BUG dentry (Tainted: G B): Object already free" */
		return strstr(after, "ainted") && strstr(after, "):") &&
		       !strstr(after, "kasan: bad access");
	if (strcmp(h->literal, "BUG: ") == 0)
		return hit - text < 2 || (hit[-2] == ':' && hit[-1] == ' ') ||
		       hit[-1] == '[' || hit[-2] == '[';
	if (strcmp(h->literal, "PANIC at ") == 0)
		/* ZFS's spl_panic(): "PANIC at arc.c:7026:arc_write_done()" */
		return strstr(after, ".c:") && strstr(after, "()");
	return true;
}

static bool is_oops(const struct oops_header *h, const char *text, const char *hit,
		    const char *after)
{
	struct symbol sym;

	if (h->class == HEADER_HEADLESS)
		return h->literal[0] == 'M' || h->literal[0] == ']' ||
		       lines_pc(hit, &sym);
	if (strcmp(h->literal, "[#") == 0)
		return is_die(text, hit);
	if (strcmp(h->literal, "Unhandled ") == 0)
		/* "64-bit el1h sync exception on CPU2, ESR 0x… -- BTI" */
		return strstr(after, " exception on CPU") && strstr(after, ", ESR 0x");
	if (lines_starts(h->literal, "Unhandled "))
		return !is_programs(after);
	if (strcmp(h->literal, "Oops: ") == 0 || strcmp(h->literal, "Oops - ") == 0)
		return strstr(after, "[#") != NULL;
	if (strcmp(h->literal, "Internal error: ") == 0)
		return strstr(after, "[#") != NULL || lines_starts(after, "Oops");
	return true;
}

/* What the literal alone cannot tell. */
static bool confirm(const struct oops_header *h, const char *text, const char *hit,
		    const char *after)
{
	switch (h->kind) {
	case INCIDENT_WARN:
		if (h->literal[0] == 'B')
			return strchr(after, '/') && strchr(after, ':');
		return h->pick == PICK_NONE || is_warn(after);
	case INCIDENT_HUNG_TASK:
		/* Not "is blocked on a mutex likely owned by": a line of the report. */
		return h->literal[0] == 'c' || strstr(after, " blocked for more") ||
		       strstr(after, " blocked in I/O wait for");
	case INCIDENT_RCU_STALL:
		return is_rcu_stall(after);
	case INCIDENT_PAGING_FAULT:
		/* Whole, or cut off by another CPU; not a line of a manual. */
		return strstr(after, "at ") || strstr(after, "address") ||
		       !after[strspn(after, LETTERS " -()?:,.")];
	case INCIDENT_SERROR:
		return !*after || is_digits(after, 1);
	case INCIDENT_GPF:
		/* "traps: comm[1] general protection fault ip:" is a process's own. */
		return !lines_starts(text, "traps: ") && !strstr(after, " ip:");
	case INCIDENT_LOCKDEP:
		if (strcmp(h->literal, "-safe -> ") == 0)
			return strstr(after, "lock order detected") != NULL;
		return true;
	case INCIDENT_MCE:
		/* APEI's records (drivers/firmware/efi/cper.c) say how bad it is in their
		 * second line; corrected ones are good news. */
		if (*lines_skip_blanks(text) == '{')
			return strstr(after, "event severity: fatal") ||
			       strstr(after, "event severity: recoverable");
		return !strstr(after, "corrected error") &&
		       !strstr(after, "Corrected error");
	case INCIDENT_BUG:
		return is_bug(h, text, hit, after);
	case INCIDENT_OOPS_OTHER:
		return is_oops(h, text, hit, after);
	default:
		return true;
	}
}

/* "systemd[1]: …" or "init: …" through /dev/kmsg. */
static bool is_other_program(const char *text, const char *hit)
{
	const char *p = text;

	while (p < hit && *p != ' ' && *p != '[' && *p != ':')
		p++;
	if (p < hit && *p == '[' && p > text) {
		const char *d = p + 1;

		while (d < hit && *d >= '0' && *d <= '9')
			d++;
		return d > p + 1 && d + 1 < hit && d[0] == ']' && d[1] == ':';
	}
	return false;
}

/* What a device calls itself: "usb 1-1: Product: Oops [#1]", "input: BUG: Mouse as
 * /dev..".
 */
static bool is_device_name(const char *text, const char *hit)
{
	/* clang-format off */
	static const char *const words[] = {
		": Product: ", ": Manufacturer: ", ": SerialNumber: ",
	};
	/* clang-format on */
	const char *word;

	if (lines_starts(text, "input: "))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if ((word = strstr(text, words[i])) && word < hit)
			return true;
	return false;
}

/* Where may the literal stand? At the start, or after the words that kernels put there
 * ("rcu: ", "watchdog: ", "[ ", "=== [ cut", a CPU number). */
static bool is_at_start(const char *text, const char *hit, bool is_stamped)
{
	size_t before = (size_t)(hit - text);
	const char *quote;

	if (before == 0)
		return true;
	if (ascii_is_word(hit[-1]) || hit[-1] == '"' || hit[-1] == '\'' || hit[-1] == '`')
		return false;
	if (before > 100 || is_other_program(text, hit) || is_device_name(text, hit))
		return false;
	if (is_stamped)
		return true;
	quote = memchr(text, '"', before);
	if (quote)
		return false;

	/* clang-format off */
	static const char *const ok[] = {
		"rcu: ", "watchdog: ", "NMI watchdog: ", "[ ", "[", "kernel: ",
		"---[ ", "BUG: ", "Oops: ", "segment-related ", "kmemleak: ", "traps: ", "Watchdog ", "EDAC ", "mce: ", "CPU",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(ok); i++)
		if (lines_starts(lines_skip_blanks(text), ok[i]))
			return true;
	/* Blanks, lines of a box, half a character of line noise. */
	for (const char *p = text; p < hit; p++)
		if (ascii_is_word(*p))
			return false;
	return true;
}

/* Literals that begin with a small letter or a sign stand inside a sentence. */
static bool is_mid_sentence(const char *literal)
{
	char c = literal[0];

	if (lines_starts(literal, "slab "))
		return false;
	return c == '-' || c == ':' || c == 'c' || c == 'i' || c == 's' || c == 'p' ||
	       c == 'P' || c == ']' || c == '[';
}

/* A kernel without stamps prints right behind a prompt: "board login: ",
 * "root@board:~# ", "/ # ", "sh-5.2$ ". */
static const char *after_prompt(const char *text)
{
	const char *login = strstr(text, " login: ");
	size_t n = strcspn(text, "#$");

	if (login && login - text < 80)
		return login + strlen(" login: ");
	if (n == 0 || n > 80 || !text[n] || text[n + 1] != ' ')
		return text;
	for (size_t i = 0; i + 1 < n; i++)
		if (text[i] == ' ' && text[0] != '[')
			return text;
	if (text[n - 1] == ' ' && text[0] != '/' && text[0] != '~')
		return text;
	return text + n + 2;
}

/* Which pairs of bytes stand in a text, by a hash: that one of a literal's is missing is
 * told faster than by a search for it, and there are more than a hundred literals. */
struct pairs {
	uint64_t bits[16];
};

static unsigned pair_of(const char *p)
{
	return ((unsigned)(unsigned char)p[0] << 5 ^ (unsigned char)p[1]) & 1023U;
}

static void collect_pairs(struct pairs *pairs, const char *text)
{
	memset(pairs, 0, sizeof(*pairs));
	for (; text[0] && text[1]; text++)
		pairs->bits[pair_of(text) >> 6] |= UINT64_C(1) << (pair_of(text) & 63);
}

static bool has_pair(const struct pairs *pairs, const char *p)
{
	return pairs->bits[pair_of(p) >> 6] >> (pair_of(p) & 63) & 1;
}

static const char *find_literal(const struct pairs *pairs, const char *text,
				const char *literal)
{
	if (!has_pair(pairs, literal) ||
	    !has_pair(pairs, literal + (strlen(literal) - 2) / 2))
		return NULL;
	return strstr(text, literal);
}

const struct oops_header *header_find(const char *text, bool is_stamped, const char **at)
{
	struct pairs pairs;

	if (!is_stamped)
		text = after_prompt(text);
	collect_pairs(&pairs, text);
	for (size_t i = 0; i < oops_n_headers; i++) {
		const struct oops_header *h = &oops_headers[i];
		const char *hit = find_literal(&pairs, text, h->literal);
		const char *after;

		if (!hit)
			continue;
		after = hit + strlen(h->literal);
		if (is_mid_sentence(h->literal)) {
			/* The middle of its sentence: judged by its other words. */
			if (is_other_program(text, hit) || hit - text > 100)
				continue;
			if (!is_stamped && h->class == HEADER_REPORT &&
			    !strstr(text, "INFO:") && !strstr(text, "WARNING:") &&
			    !strstr(text, "BUG:") && h->literal[0] != ':')
				continue;
		} else if (!is_at_start(text, hit, is_stamped)) {
			continue;
		}
		if (!confirm(h, text, hit, after))
			continue;
		*at = after;
		return h;
	}
	return NULL;
}

/* Headers whose first half another CPU's message cut off. */
static const char *const cut_headers[] = {
	/* clang-format off */
	"Unable to handle kernel NULL pointer dereference at virtual address ",
	"Unable to handle kernel paging request at virtual address ",
	"Unable to handle kernel read from unreadable memory at virtual address ",
	"Unable to handle kernel write to read-only memory at virtual address ",
	"Unable to handle kernel execute from non-executable memory at virtual address ",
	"Unable to handle kernel access to user memory outside uaccess routines at virtual address ",
	"BUG: unable to handle kernel NULL pointer dereference at ",
	"BUG: unable to handle kernel paging request at ",
	"BUG: unable to handle page fault for address: ",
	"BUG: kernel NULL pointer dereference, address: ",
	/* clang-format on */
};

const struct oops_header *header_of(const char *literal)
{
	for (size_t i = 0; i < oops_n_headers; i++)
		if (strcmp(oops_headers[i].literal, literal) == 0)
			return &oops_headers[i];
	return NULL;
}

const struct oops_header *header_find_tail(const char *text, const char **at)
{
	enum { TAIL_MIN = 24 };

	if (strnlen(text, TAIL_MIN) < TAIL_MIN)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(cut_headers); i++) {
		const char *whole = cut_headers[i];
		size_t n = strlen(whole);

		for (size_t k = 4; n - k >= TAIL_MIN; k++) {
			if (text[0] != whole[k] || !lines_starts(text, whole + k))
				continue;
			*at = text + n - k;
			return header_of("Unable to handle kernel");
		}
	}
	return NULL;
}

bool header_is_vague(const struct oops_header *h)
{
	return strcmp(h->literal, "BUG: ") == 0 || strcmp(h->literal, "BUG ") == 0 ||
	       strcmp(h->literal, ": nobody cared") == 0;
}
