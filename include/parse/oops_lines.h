// SPDX-License-Identifier: GPL-2.0-or-later
/* The grammar of the single lines of a kernel report: symbols, frames, registers, CPU
 * line, Code line. Text is cleaned, without its prefix and NUL-terminated. */
#pragma once

#include <stdbool.h>

#include "util/compiler.h"

/* A slice of the text it was found in. */
struct slice {
	const char *s;
	size_t len;
};

struct symbol {
	struct slice name; /* "dma_resv_add_fence", "foo.isra.0" */
	struct slice module;
	uint64_t offset, size;
	bool has_offset;
	struct slice whole; /* as printed, module included */
};

struct cpu_line {
	int64_t cpu, pid; /* -1 = not given */
	struct slice comm, tainted, kernel;
	struct slice build_id; /* of vmlinux, 40 hex digits, or empty */
};

/* "name+0xoff/0xsize [mod]" at s; with bare_ok also a name alone. */
bool lines_symbol(const char *s, bool bare_ok, struct symbol *out);
/* One line of a call trace; *reliable false for "? " and "(unreliable)" frames. *from:
 * on 32-bit arm the caller that the line names ("f from g+0x10/0x20"), else empty. */
bool lines_frame(const char *s, struct symbol *out, bool *reliable, struct symbol *from);
/* "Call trace:" in its spellings; *rest is what follows on the same line. */
bool lines_trace_start(const char *s, const char **rest);
/* "pc : f+0x..", "PC is at f", "RIP: 0010:f", "IP: [<..>] f", "NIP [..] f", "epc : f",
 * "Krnl PSW : .. (f)", "EIP: f", "pstate" is none. */
bool lines_pc(const char *s, struct symbol *out);
bool lines_lr(const char *s, struct symbol *out);
/* "pc : 0x0", "pc : 0xffff96533000": a jump to where no function is; the address as
 * printed. */
bool lines_raw_pc(const char *s, struct slice *out);
bool lines_cpu(const char *s, struct cpu_line *out);
/* The end of that line, at "Tainted: " or "Not tainted": flags, kernel, build id. */
void lines_taint(const char *s, struct cpu_line *out);

typedef void (*register_fn)(void *arg, const char *name, uint64_t value);
/* Calls fn for each register of the line and returns how many. */
size_t lines_registers(const char *s, register_fn fn, void *arg);

/* The words of a "Code: " line of arm64 and arm; *faulting is -1 or the index of the word
 * in parentheses. */
size_t lines_code(const char *s, uint32_t *words, size_t max, int32_t *faulting);

/* arm64's ESR_EL1 of "Internal error: Oops: 0000000096000004 [#1]" or "synchronous
 * external abort: 96000210 [#1]"; the error codes of others are shorter. */
bool lines_die_code(const char *s, uint64_t *out);

/* Hex digits after an optional 0x: how many characters, 0 when none or more than 16
 * digits. */
size_t lines_hex(const char *s, uint64_t *out);
/* What follows word in s, or NULL. */
const char *lines_after(const char *s, const char *word);
static inline bool lines_starts(const char *s, const char *word)
{
	return *s == *word && strncmp(s, word, strlen(word)) == 0;
}
/* With any of n words. */
static inline bool lines_starts_any(const char *s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lines_starts(s, words[i]))
			return true;
	return false;
}
const char *lines_skip_blanks(const char *s);
