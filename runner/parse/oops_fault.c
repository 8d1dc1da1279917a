// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the lines that describe a fault: address, syndrome, page tables. What they amount
 * to is oops_kind.c's. */
#include "parse/oops_report.h"

#include "util/mem.h"
#include "util/num.h"

void report_set_address(struct report *r, const char *s)
{
	uint64_t v = 0;

	s = lines_skip_blanks(s);
	if (r->in->has_fault_address)
		return;
	if (!lines_starts(s, "(null)") && lines_hex(s, &v) == 0)
		return;
	r->in->has_fault_address = true;
	r->in->fault_address = v;
}

/* The bad address, where header lines give it. */
void report_header_address(struct report *r, const char *text)
{
	/* clang-format off */
	static const char *const words[] = {
		"at virtual address ", "for address: ", "non-canonical address ",
		" dereference at ", " on read at ", " on write at ",
		" paging request at ", " access at ", ") at 0x",
		"read-only memory at ", "data at address ", "for data at ",
		"accessing 0x", "(addr ", " at address ", " address: ",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *p = lines_after(text, words[i]);

		if (p) {
			report_set_address(r, p);
			return;
		}
	}
}

void report_set_esr(struct report *r, uint64_t v)
{
	if (r->in->has_esr)
		return;
	r->in->has_esr = true;
	r->in->esr = v;
}

void report_set_range(struct report *r, const char *s)
{
	uint64_t first, last;
	size_t n = lines_hex(s, &first);

	if (r->range_is_printed || n == 0 || s[n] != '-' ||
	    lines_hex(s + n + 1, &last) == 0)
		return;
	r->range_is_printed = r->in->has_real_range = true;
	r->in->real_first = first;
	r->in->real_last = last;
}

/* "user pgtable: 4k pages, 48-bit VAs, pgdp=.." */
static void line_pgtable(struct report *r, const char *t)
{
	const char *p = lines_after(t, "pgtable: "), *bits = strstr(t, "-bit VAs");
	uint64_t v;

	if (p && parse_u64n(p, strspn(p, "0123456789"), 10, 64, &v) == 0)
		r->in->page_bytes = (uint32_t)v * 1024;
	if (!bits)
		return;
	p = bits;
	while (p > t && p[-1] >= '0' && p[-1] <= '9')
		p--;
	if (parse_u64n(p, (size_t)(bits - p), 10, 64, &v) == 0)
		r->va_bits = (uint32_t)v;
}

static void line_pstate(struct report *r, const char *t)
{
	const char *p = lines_after(t, "pstate: ");

	if (p && !r->in->has_pstate && lines_hex(p, &r->in->pstate) >= 8)
		r->in->has_pstate = true;
}

bool report_line_fault(struct report *r, const char *text)
{
	const char *t = lines_skip_blanks(text), *p;
	uint64_t v;

	if (lines_starts(t, "ESR = ") || lines_starts(t, "ESR: ")) {
		p = t + 6;
		while (*p == ' ' || *p == '=')
			p++;
		if (lines_hex(p, &v) < 8)
			return true;
		if (report_is_oops(r))
			report_set_esr(r, v);
		return true;
	}
	line_pstate(r, t);
	line_pgtable(r, t);
	/* "[0000000000000020] pgd=…", "[000fffc081e0daf0] address between user and
	 * kernel" */
	if (*t == '[' && (p = strchr(t, ']')) &&
	    (lines_starts(p, "] pgd=") || lines_starts(p, "] *pgd=") ||
	     lines_starts(p, "] address between") ||
	     lines_starts(p, "] user address but"))) {
		if (report_is_oops(r))
			report_set_address(r, t + 1);
		return true;
	}
	if (lines_starts(t, "Failing address: ")) { /* s390 */
		report_set_address(r, strchr(t, ':') + 1);
		return true;
	}
	/* arch/powerpc/mm/fault.c: where the code was. That is the bad address only if
	 * the code could not be fetched: then no other was printed before. */
	if (lines_starts(t, "Faulting instruction address: ")) {
		if (r->header->class == HEADER_FAULT)
			report_set_address(r, strchr(t, ':') + 1);
		return true;
	}
	/* Wrapped by a mail client, or in a warning about a fault. */
	if ((p = lines_after(t, "virtual address ")) ||
	    (lines_starts(t, "paging request at ") && (p = t + 18)) ||
	    (lines_starts(t, "NULL pointer dereference at ") && (p = t + 28))) {
		report_set_address(r, p);
		return true;
	}
	if (lines_starts(t, "FAR: ") || lines_starts(t, "FAR_EL1: ")) {
		report_set_address(r, strchr(t, ' '));
		return true;
	}

	/* clang-format off */
	static const char *const words[] = {
		"Mem abort info", "EC = ", "SET = ", "EA = ", "FSC = ", "Data abort info",
		"ISV = ", "CM = ", "GCS = ", "user pgtable:", "swapper pgtable:", "pgd = ",
		"Exception class", "pstate: ", "PGD ", "#PF: ",
	};
	/* clang-format on */

	return lines_starts_any(t, words, ARRAY_SIZE(words));
}
