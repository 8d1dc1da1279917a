// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files behind diagnose/build.h share: a build is a list of files, each with
 * symbols, code, DWARF and BTF as far as it has them; a type is a DIE or a BTF id behind
 * one face. Nobody else includes this. Every walk over what a file says is bounded: the
 * file may be cut off, corrupt or hostile. */
#pragma once

#include <bpf/btf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include "diagnose/build.h"
#include "util/strbuf.h"
#include "util/strvec.h"

/* ---- a file and its symbols (build_elf.c) ---------------------------------------- */

struct func {
	const char *name; /* borrowed from the file's string table */
	uint64_t addr, size;
	uint64_t gap; /* to the next symbol: what kallsyms prints as size; 0 = last of
			 its section */
	uint32_t section;
};

struct cu_range {
	uint64_t start, end;
	Dwarf_Off cu; /* offset of the unit's DIE */
};

/* A named type of the DWARF, for files without BTF. */
struct type_entry {
	const char *name;
	Dwarf_Off die;
	uint64_t size;
	int tag;
};

struct build_file {
	char *module; /* NULL = vmlinux; '-' is '_' */
	Dwfl *dwfl;
	Dwfl_Module *mod;
	Elf *elf; /* NULL: raw BTF */
	Dwarf *dwarf;
	bool has_code;
	struct func *funcs; /* by name, then address; labels of assembly code, too */
	size_t n_funcs;
	struct func **by_addr;
	struct func *objects; /* variables, by address */
	size_t n_objects;
	struct cu_range *cus; /* by start; made when first asked for */
	size_t n_cus;
	bool has_cus;
	Dwarf_Die last_func; /* that was asked for */
	bool has_last_func;
	struct btf *btf;
	struct type_entry *types; /* by name; made when first asked for */
	size_t n_types;
	bool has_types;
};

struct build {
	struct build_file **files; /* [0] is what build_open() got */
	size_t n_files;
	char *banner, *id, *path;
	struct strvec beside; /* modules' files; "" = was tried. Made when first asked
				 for */
	bool has_beside;
	char **kept; /* strings that live as long as the build */
	size_t n_kept;
};

MUST_CHECK int file_open_elf(struct build_file *f, const char *path, struct err *err);
void file_close_elf(struct build_file *f);
/* Bytes at a link address, without relocations; false when the file has them not. */
bool file_read(const struct build_file *f, uint64_t addr, void *out, size_t len);
/* A section's bytes; they live as long as the file. */
bool file_section(const struct build_file *f, const char *name, const void **data,
		  size_t *size);
/* The function or variable whose symbol holds addr, or NULL. */
const struct func *file_func_at(const struct build_file *f, uint64_t addr);
const struct func *file_object_at(const struct build_file *f, uint64_t addr);
/* The name of the function that the branch at addr goes to: by its target, or in a module
 * by its relocation. NULL when not known. */
const char *file_call_target(const struct build_file *f, uint64_t addr, uint64_t target);

struct build_file *build_file_of(const struct build *b, const struct build_place *at);
/* Does the file of that path hold that module? '-' and '_' are the same. */
bool build_is_module(const char *path, const char *module);
/* Adds the module's file from beside the vmlinux; false: there is none (build_beside.c).
 */
bool build_add_beside(struct build *b, const char *module);
/* The build keeps the string and frees it. */
const char *build_keep(struct build *b, char *take_s);

/* ---- BTF (build_btf.c) ------------------------------------------------------------ */

/* Checks every length, offset and id before libbpf sees them. base: of a module's. */
MUST_CHECK int btf_load(const void *data, size_t size, struct btf *base, struct btf **out,
			struct err *err);

/* ---- types (build_types.c, build_types_dwarf.c) ----------------------------------- */

enum { TYPE_DEPTH_MAX = 32 };

struct type_ref {
	enum { TYPE_NONE, TYPE_DWARF, TYPE_BTF } from; /* NONE is void */
	Dwarf_Die die;
	unsigned dim; /* DWARF array: dimensions already taken off */
	const struct btf *btf;
	uint32_t id;
};

enum type_kind {
	TYPE_VOID,
	TYPE_SCALAR,
	TYPE_POINTER,
	TYPE_STRUCT,
	TYPE_UNION,
	TYPE_ARRAY,
	TYPE_FUNC, /* or its prototype */
	TYPE_OTHER
};

struct type_member {
	const char *name; /* NULL = anonymous */
	struct type_ref type;
	uint64_t bit_offset;
	uint32_t bits; /* 0 = no bitfield */
};

struct member_iter {
	struct type_ref type; /* the struct, stripped */
	Dwarf_Die die;
	uint32_t i;
	bool has_started;
};

/* What is left without typedefs and qualifiers. */
enum type_kind type_kind(const struct type_ref *t, struct type_ref *stripped);
/* Of a pointer or an array (stripped or not): what it points to, its element; of a
 * function its result. False when t is none of these. */
bool type_target(const struct type_ref *t, struct type_ref *out);
/* What a pointer of that type points to, if that says anything (void and bytes do not).
 */
bool type_pointee(const struct type_ref *pointer, struct type_ref *out);
uint64_t type_size(const struct type_ref *t);  /* 0 = unknown or incomplete */
uint64_t type_count(const struct type_ref *t); /* elements of an array; 0 = flexible */
bool type_is_object(const struct type_ref *t); /* struct or union */
/* A struct or union that is only declared here. */
bool type_is_declared(const struct type_ref *t);
/* "struct dma_fence", "struct list_head *", "atomic_t": the caller's. */
char *type_name(const struct type_ref *t);
/* NULL when the type itself has none. Borrowed from the build. */
const char *type_own_name(const struct type_ref *t);
/* Type of a function's parameter n, from 0. */
bool type_param(const struct type_ref *func, unsigned n, struct type_ref *out);
void members_start(struct member_iter *it, const struct type_ref *stripped);
bool members_next(struct member_iter *it, struct type_member *m);

struct type_ref type_of_die(Dwarf_Die *die); /* the type that the DIE stands for */
/* DW_AT_type, also through DW_AT_abstract_origin; false: none, that is void. */
bool type_of_dwarf_attr(Dwarf_Die *die, struct type_ref *out);
enum type_kind dwarf_type_kind(const struct type_ref *t, struct type_ref *stripped);
bool dwarf_type_target(const struct type_ref *stripped, struct type_ref *out);
uint64_t dwarf_type_size(const struct type_ref *stripped);
uint64_t dwarf_type_count(const struct type_ref *stripped);
bool dwarf_type_param(const struct type_ref *func, unsigned n, struct type_ref *out);
bool dwarf_members_next(struct member_iter *it, struct type_member *m);
uint64_t dwarf_number(Dwarf_Die *die, unsigned attr, uint64_t otherwise);

/* ---- types by name (build_index.c) ------------------------------------------------ */

/* tag: DW_TAG_structure_type, DW_TAG_union_type, DW_TAG_typedef, or 0 = any of them.
 * hint: the file to ask first, may be NULL. Complete types only. */
bool types_find(struct build *b, struct build_file *hint, const char *name, int tag,
		struct type_ref *out);
/* The complete definition of what is only declared; t itself otherwise. */
struct type_ref types_complete(struct build *b, struct build_file *hint,
			       const struct type_ref *t);
/* Calls for every named struct or union of the build, in one order; stops at false. */
void types_each(struct build *b, bool (*call)(void *arg, const struct type_ref *t),
		void *arg);

/* ---- members by offset (build_members.c) ------------------------------------------ */

struct member_at {
	char *path;
	uint64_t offset; /* where it begins; of a bitfield its storage unit */
	uint64_t size;
	struct type_ref type;
};

enum { MEMBERS_AT_MAX = 8 };

/* The innermost members of a struct or union that hold the byte at offset; several in a
 * union. A type that has no members is one itself, with an empty path. *budget goes down
 * with each member looked at. */
size_t members_at(struct build *b, const struct type_ref *t, uint64_t offset,
		  struct member_at out[MEMBERS_AT_MAX], unsigned *budget);
void members_at_release(struct member_at *v, size_t n);

/* ---- DWARF scopes (build_dwarf.c) ------------------------------------------------- */

bool dwarf_unit_at(struct build_file *f, uint64_t addr, Dwarf_Die *cu);
bool dwarf_function_at(struct build_file *f, uint64_t addr, Dwarf_Die *func);

struct scope_die {
	Dwarf_Die die;   /* variable, parameter or inlined subroutine */
	Dwarf_Die scope; /* where it stands: function, block or inlined subroutine */
	unsigned depth;
	uint64_t distance; /* of its scope from the address; 0 = inside */
};

/* Every variable, parameter and inlined subroutine of the function at addr; with
 * is_inside those of scopes that hold addr only. Stops at false. */
void dwarf_walk(struct build_file *f, uint64_t addr, bool is_inside,
		bool (*call)(void *arg, const struct scope_die *s), void *arg);

enum { REGISTER_VARS_MAX = 4 };
struct register_var {
	const char *name;
	struct type_ref type; /* what it points to */
};
/* Pointers to something that live in a register at addr, innermost scope first. */
size_t dwarf_register_vars(struct build_file *f, uint64_t addr, int reg,
			   struct register_var out[REGISTER_VARS_MAX]);
/* The pointer variable that lives in the stack's 8 bytes at sp + sp_offset at addr, as
 * the frame's description (.debug_frame) tells (build_slot.c). */
bool dwarf_slot_var(struct build_file *f, uint64_t addr, int64_t sp_offset,
		    struct register_var *out);
/* The type of the variable at a link address: static in the function or unit at near, or
 * an external one of that name. */
bool dwarf_global(struct build_file *f, uint64_t near, uint64_t addr, const char *name,
		  struct type_ref *out);

/* Paths as people write them, without the build directory (build_line.c); kept by the
 * build. NULL when there is none. */
const char *dwarf_file_name(struct build *b, Dwarf_Die *cu, const char *path);
const char *dwarf_file_of_attr(struct build *b, Dwarf_Die *die, unsigned attr);

/* ---- the way of a value (build_way.c, build_value.c) ------------------------------ */

struct way;
struct insn;

/* The whole function, decoded, with the edges between its instructions. NULL: no code. */
struct way *way_open(struct build_file *f, const struct build_place *at);
void way_free(struct way *w);
size_t way_index(const struct way *w, uint64_t addr); /* SIZE_MAX = outside */
const struct insn *way_insn(const struct way *w, size_t i);

struct way_defs {
	size_t at[8]; /* nearest first */
	size_t n;
	bool is_entry; /* the function's entry is reached without a definition, too */
	bool is_more;  /* there are more than fit */
	bool is_guess; /* some block is entered from where the code does not show */
};
enum { WAY_SLOT = 64 };
/* WAY_SLOT + n for an instruction that reads or writes the 8 bytes at sp + n, else
 * INSN_NO_REG. */
int way_slot(const struct insn *in);
/* Where the register (or the slot of the stack) before instruction i can come from. */
void way_find(const struct way *w, size_t i, int reg, struct way_defs *out);

struct value {
	struct type_ref type; /* of the object; not a pointer to it */
	int64_t delta;        /* the register is the object's address plus this */
	uint64_t stride;      /* and plus an unknown multiple of this; 0 = no index */
	char *why;
};

/* One question for a register: bounded in depth and in evaluations. */
enum { WAY_DEPTH_MAX = 8 };
struct asking {
	struct build *b;
	struct build_file *f;
	const struct build_place *at;
	struct way *w; /* NULL: the file has no code */
	unsigned budget;
	struct {
		size_t i;
		int reg;
	} busy[WAY_DEPTH_MAX + 1]; /* what is being asked, against loops */
};

/* Of the register before instruction i (build_value.c). */
bool value_before(struct asking *a, size_t i, int reg, unsigned depth, struct value *out);
/* Of the register as instruction d makes it (build_defs.c). */
bool value_of_def(struct asking *a, size_t d, int reg, unsigned depth, struct value *out);
/* What the call at d returned; the register as the function was entered
 * (build_calls.c). */
bool value_of_call(struct asking *a, size_t d, struct value *out);
bool value_of_argument(struct asking *a, int reg, struct value *out);
/* Puts a clause before the reason that is there; true. */
PRINTF(2, 3) bool value_say(struct value *v, const char *fmt, ...);
/* The prototype of the function at addr, from DWARF or by its name from BTF. */
bool function_type(struct build_file *f, uint64_t addr, const char *name,
		   struct type_ref *out);

enum { VALUES_MAX = 4 };
/* What the register points to just before the instruction, best first. */
size_t build_values(struct build *b, const struct build_place *at, int reg,
		    struct value out[VALUES_MAX]);
void values_release(struct value *v, size_t n);

/* ---- the subsystem (build_neighbours.c) ------------------------------------------- */

/* Calls for each struct or union that the function's unit sees from its own directory or
 * from headers of like name; stops at false. */
void build_neighbours(struct build *b, const struct build_place *at,
		      bool (*call)(void *arg, Dwarf_Die *die, const char *why),
		      void *arg);
