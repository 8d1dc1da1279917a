// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the shapes of single report lines over kernel versions and architectures
 * (arch/arm64/kernel/traps.c, process.c; lib/dump_stack.c; arch/x86/kernel/dumpstack.c).
 * Keeps no state: which report a line belongs to is the reader's. */
#include "parse/oops_lines.h"

#include "util/ascii.h"
#include "util/num.h"

const char *lines_after(const char *s, const char *word)
{
	const char *p = strstr(s, word);

	return p ? p + strlen(word) : NULL;
}

const char *lines_skip_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c)
{
	return is_name_start(c) || ascii_is_digit(c) || c == '.' || c == '$';
}

size_t lines_hex(const char *s, uint64_t *out)
{
	size_t skip = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 2 : 0, n = 0;

	while (ascii_is_hex(s[skip + n]))
		n++;
	if (n == 0 || n > 16 || parse_u64n(s + skip, n, 16, UINT64_MAX, out) < 0)
		return 0;
	return skip + n;
}

/* " [module]", also with a build id or flags: "[dwmac_rk 1a2b..]", "[nvidia(PO)]". */
static size_t module_len(const char *s, struct slice *out)
{
	size_t i = 0, n = 0;

	while (s[i] == ' ')
		i++;
	if (s[i] != '[' || !is_name(s[i + 1]))
		return 0;
	i++;
	while (is_name(s[i + n]) || s[i + n] == '-')
		n++;
	if (s[i + n] != ']' && s[i + n] != ' ' && s[i + n] != '(')
		return 0;

	const char *end = strchr(s + i + n, ']');

	if (!end || end - (s + i) > 120)
		return 0;
	if (n == 6 && memcmp(s + i, "inline", 6) == 0)
		return 0;
	*out = (struct slice){ s + i, n };
	return (size_t)(end + 1 - s);
}

bool lines_symbol(const char *s, bool bare_ok, struct symbol *out)
{
	size_t n = 0, k;

	memset(out, 0, sizeof(*out));
	/* ppc64's ELFv1 dot, and the address that s390 or arm print before. */
	if (*s == '.')
		s++;
	if (!is_name_start(*s))
		return false;
	while (is_name(s[n]))
		n++;
	if (n > 127)
		return false;
	out->name = (struct slice){ s, n };
	if (s[n] == '+' && (k = lines_hex(s + n + 1, &out->offset)) > 0) {
		n += 1 + k;
		out->has_offset = true;
		if (s[n] == '/' && (k = lines_hex(s + n + 1, &out->size)) > 0)
			n += 1 + k;
	} else if (!bare_ok) {
		return false;
	}
	n += module_len(s + n, &out->module);
	out->whole = (struct slice){ s, n };
	return true;
}

/* "[<ffffffc0087e>] ", "[c000000012345678] ", "(ptrval) ": what stands before a frame's
 * name. */
static const char *skip_addresses(const char *s)
{
	for (int i = 0; i < 3; i++) {
		const char *p = s;

		if (*p == '(' && p[1] == '[')
			p++;
		if (*p != '[')
			return s;
		p++;

		/* "[<0>]" is what is left when addresses are hidden. */
		size_t n = 0, min = 4;

		if (*p == '<') {
			min = 1;
			p++;
		}
		while (*p == ' ')
			p++;

		while (ascii_is_hex(p[n]) || (n == 1 && p[n] == 'x'))
			n++;
		if (n < min)
			return s;
		p += n;
		if (*p == '>')
			p++;
		if (*p != ']')
			return s;
		s = lines_skip_blanks(p + 1);
	}
	return s;
}

/* 32-bit arm: "[<c010>] (f) from [<c020>] (g+0x10/0x20)", "f from g+0x10/0x20". */
static bool arm_frame(const char *s, struct symbol *out, struct symbol *from)
{
	bool paren = *s == '(';
	const char *p = lines_after(s, " from ");

	if (!p || !lines_symbol(s + paren, true, out))
		return false;

	const char *end = out->whole.s + out->whole.len;

	if (paren && *end == ')')
		end++;
	if (!lines_starts(end, " from "))
		return false;
	p = skip_addresses(end + 6);
	if (*p == '(')
		p++;
	return lines_symbol(p, true, from) && from->has_offset;
}

bool lines_frame(const char *s, struct symbol *out, bool *reliable, struct symbol *from)
{
	const char *p = skip_addresses(lines_skip_blanks(s));

	*reliable = true;
	memset(from, 0, sizeof(*from));
	if (*p == '?' && p[1] == ' ') {
		*reliable = false;
		p = lines_skip_blanks(p + 2);
	}
	if (arm_frame(p, out, from))
		return true;
	if (!lines_symbol(p, false, out) || out->size == 0)
		return false;
	p = out->whole.s + out->whole.len;
	if (strstr(p, "(unreliable)"))
		*reliable = false;
	/* A symbol in the middle of a sentence is no frame. What may follow is a module,
	 * a flag in parentheses, a source position. */
	p = lines_skip_blanks(p);
	return *p == '\0' || *p == '(' || *p == '[' || strchr(p, ':') || strchr(p, '/') ||
	       *p == ')';
}

bool lines_trace_start(const char *s, const char **rest)
{
	/* clang-format off */
	static const char *const words[] = {
		"Call trace:", "Call Trace:", "Backtrace:", "backtrace:",
		"stack backtrace:",
	};
	/* clang-format on */

	s = lines_skip_blanks(s);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (lines_starts(s, words[i])) {
			*rest = s + strlen(words[i]);
			return true;
		}
	}
	/* kmemleak: "backtrace (crc 1a2b3c4d):" */
	if (lines_starts(s, "backtrace (")) {
		*rest = s + strlen(s);
		return true;
	}
	return false;
}

/* After "IP: 0010:", "pc : ": an address, brackets, then the symbol. */
static bool pc_symbol(const char *s, struct symbol *out)
{
	size_t n;
	uint64_t v;

	s = lines_skip_blanks(s);
	if (ascii_is_digit(*s)) {
		/* x86: the code segment. */
		const char *colon = s;

		while (ascii_is_hex(*colon))
			colon++;
		if (*colon == ':' && colon - s <= 4)
			s = lines_skip_blanks(colon + 1);
	}
	s = skip_addresses(s);
	if (*s == '(')
		s++;
	if (lines_symbol(s, false, out))
		return true;
	/* "pc : ffffffc0087e" or "0x.."; "[<...>] func" was handled above. */
	n = lines_hex(s, &v);
	if (n == 0)
		return false;
	return lines_symbol(skip_addresses(lines_skip_blanks(s + n)), false, out);
}

bool lines_pc(const char *s, struct symbol *out)
{
	/* clang-format off */
	static const char *const words[] = {
		"pc : ", "PC : ", "epc : ", "RIP: ", "EIP: ", "IP: ", "pc is at ",
		"PC is at ", "EIP is at ", "RIP is at ",
	};
	/* clang-format on */
	const char *p;

	s = lines_skip_blanks(s);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (lines_starts(s, words[i]))
			return pc_symbol(s + strlen(words[i]), out);
	/* ppc "NIP [c00..] f+0x/0x", mips "epc   : 80123 f", s390 "Krnl PSW : ..
	 * (f+0x/0x)" */
	if (lines_starts(s, "NIP ["))
		return pc_symbol(s + 4, out);
	if (lines_starts(s, "NIP: f") || lines_starts(s, "epc   : "))
		return pc_symbol(s + 8, out);
	if (lines_starts(s, "ERA: ")) /* loongarch */
		return pc_symbol(s + 5, out);
	if (lines_starts(s, "Krnl PSW : ") && (p = strchr(s, '(')))
		return pc_symbol(p + 1, out);
	return false;
}

bool lines_lr(const char *s, struct symbol *out)
{
	s = lines_skip_blanks(s);
	if (lines_starts(s, "lr : "))
		return pc_symbol(s + 5, out);
	if (lines_starts(s, "LR is at "))
		return pc_symbol(s + 9, out);
	if (lines_starts(s, "LR ["))
		return pc_symbol(s + 3, out);
	/* riscv, mips, loongarch */
	if (lines_starts(s, "ra : ") || lines_starts(s, "ra    : ") ||
	    lines_starts(s, "ra: "))
		return pc_symbol(strchr(s, ':') + 1, out);
	return false;
}

bool lines_raw_pc(const char *s, struct slice *out)
{
	uint64_t v;

	s = lines_skip_blanks(s);
	if (lines_starts(s, "epc   : ") || lines_starts(s, "ERA: ")) {
		/* "702e7da4 0x702e7da4": no function is there. */
		s = lines_skip_blanks(strchr(s, ':') + 1);
		s = lines_skip_blanks(s + lines_hex(s, &v));
	} else if (lines_starts(s, "pc : ")) {
		s += strlen("pc : ");
	}
	if (!lines_starts(s, "0x"))
		return false;
	*out = (struct slice){ s, lines_hex(s, &v) };
	return out->len > 2;
}

static int64_t number_after(const char *s, const char *word)
{
	const char *p = lines_after(s, word);
	size_t n = 0;
	uint64_t v;

	if (!p)
		return -1;
	p = lines_skip_blanks(p);
	while (ascii_is_digit(p[n]))
		n++;
	return parse_u64n(p, n, 10, INT32_MAX, &v) < 0 ? -1 : (int64_t)v;
}

/* lib/dump_stack.c with CONFIG_STACKTRACE_BUILD_ID: the line's last word is vmlinux'
 * build id, 20 bytes. */
static struct slice last_build_id(const char *s)
{
	enum { DIGITS = 40 };
	size_t n = strlen(s);

	while (n > 0 && s[n - 1] == ' ')
		n--;
	if (n <= DIGITS || s[n - DIGITS - 1] != ' ')
		return (struct slice){ NULL, 0 };
	s += n - DIGITS;
	for (size_t i = 0; i < DIGITS; i++)
		if (!ascii_is_hex(s[i]))
			return (struct slice){ NULL, 0 };
	return (struct slice){ s, DIGITS };
}

/* "Not tainted 6.12.5 #1 PREEMPT" or "Tainted: G        W  O       6.12.5 #1 PREEMPT":
 * the kernel version is the first word that starts with a digit. */
void lines_taint(const char *s, struct cpu_line *out)
{
	bool is_tainted = lines_starts(s, "Tainted: ");
	const char *p = s + (is_tainted ? strlen("Tainted: ") : strlen("Not tainted"));
	const char *flags = p;

	while (*p && !(ascii_is_digit(*p) && p[-1] == ' ') &&
	       !(*p == '(' && ascii_is_digit(p[1])))
		p++;
	if (is_tainted) {
		size_t n = (size_t)(p - flags);

		while (n > 0 && flags[n - 1] == ' ')
			n--;
		out->tainted = (struct slice){ flags, n };
	}
	if (*p == '(')
		p++;
	out->kernel.s = p;
	while (p[out->kernel.len] && p[out->kernel.len] != ' ')
		out->kernel.len++;
	out->build_id = last_build_id(p);
}

/* "CPU: 3 [UID: 0 ]PID: 1 Comm: x [Kdump: loaded ](Not tainted|Tainted: G W O) 6.12.. #1"
 */
bool lines_cpu(const char *s, struct cpu_line *out)
{
	const char *comm, *taint;

	memset(out, 0, sizeof(*out));
	s = lines_skip_blanks(s);
	if (!lines_starts(s, "CPU: ") && !lines_starts(s, "Pid: "))
		return false;
	out->cpu = number_after(s, "CPU: ");
	out->pid = number_after(s, "PID: ");
	if (out->pid < 0)
		out->pid = number_after(s, "Pid: ");
	comm = lines_after(s, "Comm: ");
	if (!comm)
		comm = lines_after(s, "comm: ");
	if (!comm)
		return out->pid >= 0;

	taint = strstr(comm, "Tainted: ");

	const char *clean = strstr(comm, "Not tainted");
	const char *end = taint ? taint : clean ? clean : comm + strlen(comm);
	const char *kdump = strstr(comm, "Kdump: ");

	if (kdump && kdump < end)
		end = kdump;
	out->comm.s = comm;
	out->comm.len = (size_t)(end - comm);
	while (out->comm.len > 0 && comm[out->comm.len - 1] == ' ')
		out->comm.len--;
	if (!taint && !clean)
		return true;

	lines_taint(taint ? taint : clean, out);
	return true;
}
