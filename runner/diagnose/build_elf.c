// SPDX-License-Identifier: GPL-2.0-or-later
/* One ELF file through libdwfl, which applies a module's relocations to its DWARF:
 * symbols, bytes at an address, whom a branch calls. */
#include "diagnose/build_int.h"

#include <errno.h>
#include <gelf.h>

#include "util/mem.h"

enum { SYMBOLS_MAX = 4 << 20 };

/* Only the file that was named is read: no search for others, no debuginfod. */
static int find_no_debuginfo(Dwfl_Module *mod, void **user, const char *name,
			     Dwarf_Addr base, const char *file, const char *link,
			     GElf_Word crc, char **found)
{
	return -1;
}

static int find_no_elf(Dwfl_Module *mod, void **user, const char *name, Dwarf_Addr base,
		       char **file, Elf **elf)
{
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_no_elf,
	.find_debuginfo = find_no_debuginfo,
	.section_address = dwfl_offline_section_address,
};

static int by_addr(const void *a, const void *b)
{
	const struct func *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int by_name(const void *a, const void *b)
{
	int r = strcmp(((const struct func *)a)->name, ((const struct func *)b)->name);

	return r ? r : by_addr(a, b);
}

static int pointer_by_addr(const void *a, const void *b)
{
	return by_addr(*(struct func *const *)a, *(struct func *const *)b);
}

/* "$x" and "$d" mark code and data; ".L" labels are the compiler's. */
static bool is_mark(const char *name)
{
	return !name[0] || name[0] == '$' || strncmp(name, ".L", 2) == 0;
}

/* Flags of section index shndx of elf; 0 when there is none. */
static uint64_t section_flags(Elf *elf, size_t shndx)
{
	Elf_Scn *scn = elf ? elf_getscn(elf, shndx) : NULL;
	GElf_Shdr shdr;

	return scn && gelf_getshdr(scn, &shdr) ? shdr.sh_flags : 0;
}

/* Symbol i as a function or an object; false when it is neither. */
static bool read_symbol(struct build_file *f, int i, uint64_t bias, struct func *out,
			bool *is_func)
{
	Elf *elf = NULL;
	GElf_Addr addr;
	GElf_Word shndx;
	GElf_Sym sym;
	const char *name =
		dwfl_module_getsym_info(f->mod, i, &sym, &addr, &shndx, &elf, NULL);
	int type;

	if (!name || is_mark(name) || shndx == SHN_UNDEF || shndx >= SHN_LORESERVE)
		return false;
	type = GELF_ST_TYPE(sym.st_info);
	*is_func = section_flags(elf, shndx) & SHF_EXECINSTR;
	if (*is_func ? type != STT_FUNC && type != STT_NOTYPE : type != STT_OBJECT)
		return false;
	*out = (struct func){
		.name = name, .addr = addr - bias, .size = sym.st_size, .section = shndx
	};
	return true;
}

static void fill_gaps(struct build_file *f)
{
	for (size_t i = f->n_funcs; i-- > 0;) {
		struct func *fn = f->by_addr[i], *next;

		if (i + 1 == f->n_funcs)
			continue;
		next = f->by_addr[i + 1];
		if (next->section != fn->section)
			continue;
		fn->gap = next->addr == fn->addr ? next->gap : next->addr - fn->addr;
	}
}

static void read_symbols(struct build_file *f, uint64_t bias)
{
	int n = dwfl_module_getsymtab(f->mod);

	if (n <= 0 || n > SYMBOLS_MAX)
		return;
	f->funcs = xcalloc((size_t)n, sizeof(*f->funcs));
	f->objects = xcalloc((size_t)n, sizeof(*f->objects));
	for (int i = 1; i < n; i++) {
		struct func fn;
		bool is_func;

		if (!read_symbol(f, i, bias, &fn, &is_func))
			continue;
		if (is_func)
			f->funcs[f->n_funcs++] = fn;
		else
			f->objects[f->n_objects++] = fn;
	}
	qsort(f->objects, f->n_objects, sizeof(*f->objects), by_addr);
	qsort(f->funcs, f->n_funcs, sizeof(*f->funcs), by_name);
	f->by_addr = xcalloc(f->n_funcs + 1, sizeof(*f->by_addr));
	for (size_t i = 0; i < f->n_funcs; i++)
		f->by_addr[i] = &f->funcs[i];
	qsort(f->by_addr, f->n_funcs, sizeof(*f->by_addr), pointer_by_addr);
	fill_gaps(f);
}

static bool has_text(Elf *elf)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &shdr) && shdr.sh_flags & SHF_EXECINSTR &&
		    shdr.sh_type == SHT_PROGBITS && shdr.sh_size)
			return true;
	return false;
}

static bool is_arm64(Elf *elf)
{
	GElf_Ehdr ehdr;

	return gelf_getehdr(elf, &ehdr) && ehdr.e_machine == EM_AARCH64 &&
	       ehdr.e_ident[EI_CLASS] == ELFCLASS64 &&
	       ehdr.e_ident[EI_DATA] == ELFDATA2LSB;
}

int file_open_elf(struct build_file *f, const char *path, struct err *err)
{
	GElf_Addr bias = 0, dwarf_bias = 0;

	f->dwfl = dwfl_begin(&callbacks);
	if (!f->dwfl)
		return err_set(err, ERR_LAB, -EINVAL, "%s: %s", path, dwfl_errmsg(-1));
	f->mod = dwfl_report_offline(f->dwfl, "build", path, -1);
	dwfl_report_end(f->dwfl, NULL, NULL);
	f->elf = f->mod ? dwfl_module_getelf(f->mod, &bias) : NULL;
	if (!f->elf)
		return err_set(err, ERR_JOB, -EINVAL, "%s: no ELF file: %s", path,
			       dwfl_errmsg(-1));
	if (!is_arm64(f->elf))
		return err_set(err, ERR_JOB, -EINVAL,
			       "%s: not a kernel or module for AArch64", path);
	/* One file has one bias: that of the DWARF is the same. */
	f->dwarf = dwfl_module_getdwarf(f->mod, &dwarf_bias);
	read_symbols(f, bias);
	f->has_code = f->n_funcs && has_text(f->elf);
	return 0;
}

void file_close_elf(struct build_file *f)
{
	free(f->funcs);
	free(f->by_addr);
	free(f->objects);
	if (f->dwfl)
		dwfl_end(f->dwfl);
}

/* The section with bytes for len bytes at addr; libdwfl has set a module's sh_addr. */
static Elf_Scn *section_at(const struct build_file *f, uint64_t addr, size_t len,
			   GElf_Shdr *shdr)
{
	Elf_Scn *scn = NULL;

	while (f->elf && (scn = elf_nextscn(f->elf, scn)))
		if (gelf_getshdr(scn, shdr) && shdr->sh_flags & SHF_ALLOC &&
		    shdr->sh_type != SHT_NOBITS && addr >= shdr->sh_addr &&
		    addr - shdr->sh_addr < shdr->sh_size &&
		    len <= shdr->sh_size - (addr - shdr->sh_addr))
			return scn;
	return NULL;
}

bool file_read(const struct build_file *f, uint64_t addr, void *out, size_t len)
{
	GElf_Shdr shdr;
	Elf_Scn *scn = section_at(f, addr, len, &shdr);
	Elf_Data *data = scn ? elf_rawdata(scn, NULL) : NULL;
	uint64_t at = scn ? addr - shdr.sh_addr : 0;

	if (!data || !data->d_buf || at > data->d_size || len > data->d_size - at)
		return false;
	memcpy(out, (const char *)data->d_buf + at, len);
	return true;
}

bool file_section(const struct build_file *f, const char *name, const void **data,
		  size_t *size)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	Elf_Data *d;
	size_t strings;

	if (!f->elf || elf_getshdrstrndx(f->elf, &strings))
		return false;
	while ((scn = elf_nextscn(f->elf, scn))) {
		const char *s;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type == SHT_NOBITS)
			continue;
		s = elf_strptr(f->elf, strings, shdr.sh_name);
		if (!s || strcmp(s, name) != 0)
			continue;
		d = elf_rawdata(scn, NULL);
		if (!d || !d->d_buf)
			return false;
		*data = d->d_buf;
		*size = d->d_size;
		return true;
	}
	return false;
}

/* Index of the last of n that begins at or before addr; n when there is none. */
static size_t last_before(struct func *const *v, const struct func *flat, size_t n,
			  uint64_t addr)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if ((v ? v[mid]->addr : flat[mid].addr) <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? lo - 1 : n;
}

const struct func *file_func_at(const struct build_file *f, uint64_t addr)
{
	size_t i = last_before(f->by_addr, NULL, f->n_funcs, addr);

	for (size_t tries = 0; i < f->n_funcs && tries < 8; tries++, i--) {
		const struct func *fn = f->by_addr[i];
		uint64_t size = fn->size ? fn->size : fn->gap;

		if (addr - fn->addr < size)
			return fn;
	}
	return NULL;
}

const struct func *file_object_at(const struct build_file *f, uint64_t addr)
{
	size_t i = last_before(NULL, f->objects, f->n_objects, addr);

	if (i == f->n_objects || addr - f->objects[i].addr >= f->objects[i].size)
		return NULL;
	return &f->objects[i];
}

/* The symbol that the relocation at an offset of section target names. */
static const char *relocated_to(Elf *elf, Elf_Scn *rela, GElf_Shdr *shdr, uint64_t offset)
{
	Elf_Data *data = elf_getdata(rela, NULL), *symtab;
	Elf_Scn *symbols = elf_getscn(elf, shdr->sh_link);
	GElf_Shdr sym_shdr;
	GElf_Rela r;
	GElf_Sym sym;

	symtab = symbols && gelf_getshdr(symbols, &sym_shdr) ? elf_getdata(symbols, NULL)
							     : NULL;
	for (int i = 0; data && symtab && gelf_getrela(data, i, &r); i++) {
		if (r.r_offset != offset || (GELF_R_TYPE(r.r_info) != R_AARCH64_CALL26 &&
					     GELF_R_TYPE(r.r_info) != R_AARCH64_JUMP26))
			continue;
		if (!gelf_getsym(symtab, (int)GELF_R_SYM(r.r_info), &sym))
			return NULL;
		return elf_strptr(elf, sym_shdr.sh_link, sym.st_name);
	}
	return NULL;
}

const char *file_call_target(const struct build_file *f, uint64_t addr, uint64_t target)
{
	const struct func *fn;
	Elf_Scn *code, *scn = NULL;
	GElf_Shdr shdr;
	size_t index;
	GElf_Ehdr ehdr;

	if (!f->elf || !gelf_getehdr(f->elf, &ehdr))
		return NULL;
	if (ehdr.e_type != ET_REL) {
		fn = file_func_at(f, target);
		return fn && fn->addr == target ? fn->name : NULL;
	}
	code = section_at(f, addr, 4, &shdr);
	if (!code)
		return NULL;
	index = elf_ndxscn(code);
	addr -= shdr.sh_addr;
	while ((scn = elf_nextscn(f->elf, scn)))
		if (gelf_getshdr(scn, &shdr) && shdr.sh_type == SHT_RELA &&
		    shdr.sh_info == index)
			return relocated_to(f->elf, scn, &shdr, addr);
	return NULL;
}
