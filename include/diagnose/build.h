// SPDX-License-Identifier: GPL-2.0-or-later
/* The build of the kernel that ran, as its vmlinux (DWARF, BTF, code), its modules, or a
 * bare BTF file tell it: functions, source lines, code, types and members by offset.
 * Blocking: reads files through libdw and libbpf; a whole vmlinux takes seconds and some
 * hundred MB, so a worker asks in a child process. Everything returned is borrowed from
 * the build and lives until build_close(), unless said otherwise. Addresses are link
 * addresses: as in System.map, without the KASLR offset; a module's are its own. */
#pragma once

#include <stdbool.h>

#include "util/err.h"

struct build;

/* path: an ELF file (vmlinux, with DWARF, BTF or only symbols), or raw BTF as in
 * /sys/kernel/btf/vmlinux. -ENOENT, -EINVAL (neither, or not AArch64), with *err. */
MUST_CHECK int build_open(const char *path, struct build **out, struct err *err);
/* A module's .ko or .ko.debug, known by its name with '-' as '_'. Modules that were not
 * added are looked for beside path, in lib/modules/RELEASE, when build_find() asks. */
MUST_CHECK int build_add_module(struct build *b, const char *path, struct err *err);
void build_close(struct build *b); /* NULL is fine */

bool build_has_code(const struct build *b);      /* symbols and text */
bool build_has_dwarf(const struct build *b);     /* types in scope, source lines */
bool build_has_types(const struct build *b);     /* DWARF or BTF: members by offset */
const char *build_banner(const struct build *b); /* "Linux version …", or NULL */
const char *build_id(const struct build *b);     /* hex, or NULL */

struct build_place {
	uint64_t addr;        /* of the instruction */
	uint64_t start, size; /* of its function */
	const char *function;
	const char *module; /* NULL = vmlinux */
};

enum build_found {
	BUILD_FOUND,
	BUILD_NO_FUNCTION, /* no function of that name */
	BUILD_OTHER_SIZE   /* there is one, but not of that size: another build ran */
};

/* name+offset/size as a report prints it; of several static functions of one name the one
 * of that size is taken. size 0: not known. Fills *out also for BUILD_OTHER_SIZE. */
enum build_found build_find(struct build *b, const char *name, const char *module,
			    uint64_t offset, uint64_t size, struct build_place *out);
/* A link address of the vmlinux, for reports of kernels without symbols of their own
 * (CONFIG_KALLSYMS=n): false when no function is there. */
bool build_find_address(struct build *b, uint64_t addr, struct build_place *out);
/* Instructions from the function's start up to and with its address: *words is the
 * caller's to free. Returns how many, 0 when the code is not in the file. */
size_t build_code(struct build *b, const struct build_place *at, uint32_t **words);

struct source_line {
	const char *function, *file; /* file as compiled, without the build directory */
	uint32_t line;
};
enum { SOURCE_MAX_INLINED = 16 };

/* Innermost first: the line at addr in the function inlined deepest, then where each was
 * called. Returns how many, 0 when no line is known. */
size_t build_source(struct build *b, const struct build_place *at,
		    struct source_line out[SOURCE_MAX_INLINED]);

enum candidate_scope {
	CANDIDATE_BASE,     /* the base register holds a pointer to this type */
	CANDIDATE_FUNCTION, /* the function or what is inlined there has such an object */
	CANDIDATE_SUBSYSTEM, /* declared in the function's directory, or its headers */
	CANDIDATE_ALL
};

struct candidate {
	char *type;   /* "struct dma_fence" */
	char *member; /* "context", "lock.wait_lock": the path to the innermost member */
	uint64_t offset;
	enum candidate_scope scope;
	unsigned rank; /* from 1; equal evidence keeps one order, the same each time */
	char *why;
};

struct candidate_query {
	struct build_place at; /* function NULL: only the offset is known; a bare BTF
				  file takes a function's name without addresses */
	int base;              /* register 0-30, or INSN_NO_REG */
	uint64_t offset;
	unsigned bytes;  /* size of the access, 0 = unknown */
	bool is_address; /* base holds the address of the access itself: only what that
			    points into counts */
};

enum { CANDIDATES_MAX = 32 };

/* Ranked; the caller frees with candidates_free(). Returns how many. */
size_t build_candidates(struct build *b, const struct candidate_query *q,
			struct candidate **out);
void candidates_free(struct candidate *v, size_t n);

/* "struct dma_fence *" held by a register just before the instruction at that place; NULL
 * when neither DWARF nor the way of the value tells. *why says which. Both are the
 * caller's to free. */
char *build_register_type(struct build *b, const struct build_place *at, int reg,
			  char **why);

/* As above, of an address inside an object: "struct dma_fence *" when the register holds
 * that plus *offset. */
char *build_register_object(struct build *b, const struct build_place *at, int reg,
			    int64_t *offset, char **why);
/* The function that the instruction at that place calls; NULL = none, or not known.
 * Borrowed from the build. */
const char *build_called(struct build *b, const struct build_place *at);

/* "struct dma_fence.context" (nested: "struct a.b.c"): its offset and size in bytes.
 * -ENOENT with *err naming the type or the member that this build has not. Elements of an
 * array are a[1]; pahole's BTF knows arrays of arrays by one index. */
MUST_CHECK int build_member(struct build *b, const char *access, uint64_t *offset,
			    uint64_t *size, struct err *err);
/* Was function inlined anywhere into (the function of) at, and by the chain at that very
 * address? */
bool build_inlines(struct build *b, const struct build_place *at, const char *function);
bool build_inlined_at(struct build *b, const struct build_place *at,
		      const char *function);
