// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the lines that show the machine's state: registers, the words of Code, the
 * syndrome that die() prints. */
#include "parse/oops_lines.h"
#include "util/ascii.h"

static bool is_alnum(char c)
{
	return ascii_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_register(const char *s, size_t n)
{
	/* clang-format off */
	static const char *const more[] = {
		"lr", "sp", "pc", "fp", "ip", "gp", "tp", "ra",
	};
	/* clang-format on */

	if (n < 2 || n > 4)
		return n == 1 && false;
	if ((s[0] == 'x' || s[0] == 'w' || s[0] == 'r' || s[0] == 'R') &&
	    ascii_is_digit(s[1]))
		return n == 2 || (n == 3 && ascii_is_digit(s[2]));
	if ((s[0] == 'R' || s[0] == 'E') && n == 3)
		return (s[2] == 'X' && s[1] >= 'A' && s[1] <= 'D') ||
		       (s[1] == 'S' && (s[2] == 'I' || s[2] == 'P')) ||
		       (s[1] == 'D' && s[2] == 'I') || (s[1] == 'B' && s[2] == 'P');
	if (n == 3 && memcmp(s, "CR2", 3) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		if (n == 2 && memcmp(s, more[i], 2) == 0)
			return true;
	/* riscv a0-a7, s0-s11, t0-t6 */
	return (s[0] == 'a' || s[0] == 's' || s[0] == 't') && ascii_is_digit(s[1]) &&
	       (n == 2 || (n == 3 && ascii_is_digit(s[2])));
}

/* "x29: ffff.. x28: ..", "x9 : ..", "RAX: .. RBX: ..", "r10: ..", "sp : ..", "X19: .." */
size_t lines_registers(const char *s, register_fn fn, void *arg)
{
	size_t found = 0;

	s = lines_skip_blanks(s);
	while (*s) {
		size_t n = 0;
		char name[8];
		uint64_t v;

		while (is_alnum(s[n]))
			n++;
		if (!is_register(s, n))
			break;
		for (size_t i = 0; i < n; i++)
			name[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 32) : s[i];
		name[n] = '\0';
		s = lines_skip_blanks(s + n);
		if (*s != ':')
			break;
		s = lines_skip_blanks(s + 1);
		/* x86: "RSP: 0018:ffffc900.." */
		if (ascii_is_digit(s[0]) && ascii_is_hex(s[1]) && ascii_is_hex(s[2]) &&
		    ascii_is_hex(s[3]) && s[4] == ':')
			s += 5;
		if (s[0] == '0' && s[1] == 'x' && !ascii_is_hex(s[2]))
			break;
		n = lines_hex(s, &v);
		/* A dump of memory around a register has words of 8 digits and more. */
		if (n < 8)
			break;
		fn(arg, name, v);
		found++;
		s = lines_skip_blanks(s + n);
	}
	return found;
}

size_t lines_code(const char *s, uint32_t *words, size_t max, int32_t *faulting)
{
	const char *p = lines_after(s, "Code: ");
	size_t n = 0;

	*faulting = -1;
	if (!p)
		return 0;
	while (n < max) {
		uint64_t v;
		bool paren;

		p = lines_skip_blanks(p);
		paren = *p == '(';
		if (paren)
			p++;

		size_t k = lines_hex(p, &v);

		/* arch/arm64/kernel/traps.c dump_kernel_instr(): what lies before the
		 * page cannot be read. Such words are left out. */
		if (lines_starts(p, "????????")) {
			p += 8 + (paren && p[8] == ')');
			continue;
		}
		if (k != 8)
			break; /* x86 prints bytes; "bad PC value" */
		if (paren)
			*faulting = (int32_t)n;
		words[n++] = (uint32_t)v;
		p += k;
		if (*p == ')')
			p++;
	}
	return n;
}

bool lines_die_code(const char *s, uint64_t *out)
{
	const char *end = strstr(s, " [#"), *p = end;
	size_t n;

	if (!end)
		return false;
	while (p > s && p[-1] != ' ')
		p--;
	n = lines_hex(p, out);
	return n >= 8 && p + n == end;
}
