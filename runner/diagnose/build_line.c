// SPDX-License-Identifier: GPL-2.0-or-later
/* From an address to source lines, through what was inlined there. */
#include "diagnose/build_int.h"

#include <dwarf.h>

#include "util/mem.h"
#include "util/strvec.h"

enum { PATH_BYTES_MAX = 4096 };

/* Top level of the kernel's tree, to tell "linux-6.12/drivers/x.c" from "drivers/x.c". */
static bool is_top_level(const char *component)
{
	static const char *const names[] = { "arch",     "block",    "certs",   "crypto",
					     "drivers",  "fs",       "include", "init",
					     "io_uring", "ipc",      "kernel",  "lib",
					     "mm",       "net",      "rust",    "samples",
					     "scripts",  "security", "sound",   "tools",
					     "usr",      "virt" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(component, names[i]) == 0)
			return true;
	return false;
}

/* The path's components without "." and "..", behind those of the directory that it
 * starts from. */
static void add_components(const char *path, struct strvec *out)
{
	if (path[0] == '/')
		strvec_release(out);
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && path[0] == '.' && path[1] == '.') {
			if (out->n) {
				free(out->v[--out->n]);
				out->v[out->n] = NULL;
			}
		} else if (len && !(len == 1 && path[0] == '.')) {
			strvec_add_take(out, xstrndup(path, len));
		}
		path += len;
		path += strspn(path, "/");
	}
}

/* Without the directory that it was built in: what it has in common with the unit's, and
 * the name of the source tree where objects have a tree of their own. */
static char *relative_path(const char *path, const char *comp_dir)
{
	_cleanup_strvec_ struct strvec dir = STRVEC_INIT, file = STRVEC_INIT;
	struct strbuf out = STRBUF_INIT;
	size_t first = 0;

	if (!comp_dir || strlen(comp_dir) > PATH_BYTES_MAX ||
	    strlen(path) > PATH_BYTES_MAX)
		return xstrdup(path);
	add_components(comp_dir, &dir);
	add_components(comp_dir, &file);
	add_components(path, &file);
	while (first + 1 < file.n && first < dir.n &&
	       strcmp(file.v[first], dir.v[first]) == 0)
		first++;
	for (size_t i = first; i + 1 < file.n; i++)
		if (is_top_level(file.v[i])) {
			first = i;
			break;
		}
	for (size_t i = first; i < file.n; i++)
		strbuf_addf(&out, "%s%s", i > first ? "/" : "", file.v[i]);
	return strbuf_take(&out);
}

const char *dwarf_file_name(struct build *b, Dwarf_Die *cu, const char *path)
{
	Dwarf_Attribute a;
	const char *dir =
		dwarf_attr(cu, DW_AT_comp_dir, &a) ? dwarf_formstring(&a) : NULL;

	return path ? build_keep(b, relative_path(path, dir)) : NULL;
}

const char *dwarf_file_of_attr(struct build *b, Dwarf_Die *die, unsigned attr)
{
	uint64_t n = dwarf_number(die, attr, 0);
	Dwarf_Files *files;
	size_t n_files;
	Dwarf_Die cu;

	if (!n || !dwarf_diecu(die, &cu, NULL, NULL) ||
	    dwarf_getsrcfiles(&cu, &files, &n_files) || n >= n_files)
		return NULL;
	return dwarf_file_name(b, &cu, dwarf_filesrc(files, n, NULL, NULL));
}

/* The inlined subroutines that hold the address, outermost first. */
struct chain {
	Dwarf_Die die[SOURCE_MAX_INLINED];
	size_t n;
};

static bool add_inlined(void *arg, const struct scope_die *s)
{
	struct chain *c = arg;
	Dwarf_Die die = s->die;

	if (dwarf_tag(&die) == DW_TAG_inlined_subroutine && c->n < SOURCE_MAX_INLINED - 1)
		c->die[c->n++] = s->die;
	return true;
}

size_t build_source(struct build *b, const struct build_place *at,
		    struct source_line out[SOURCE_MAX_INLINED])
{
	struct build_file *f = build_file_of(b, at);
	struct chain chain = { .n = 0 };
	Dwarf_Die cu, func;
	Dwarf_Line *line;
	size_t n = 0;
	int number = 0;

	if (!f || !dwarf_unit_at(f, at->addr, &cu))
		return 0;
	line = dwarf_getsrc_die(&cu, at->addr);
	if (!line || dwarf_lineno(line, &number) || number <= 0)
		return 0;
	out[0].line = (uint32_t)number;
	out[0].file = dwarf_file_name(b, &cu, dwarf_linesrc(line, NULL, NULL));
	dwarf_walk(f, at->addr, true, add_inlined, &chain);
	while (chain.n--) {
		Dwarf_Die *die = &chain.die[chain.n];

		out[n].function = dwarf_diename(die);
		n++;
		out[n].line = (uint32_t)dwarf_number(die, DW_AT_call_line, 0);
		out[n].file = dwarf_file_of_attr(b, die, DW_AT_call_file);
	}
	out[n].function = dwarf_function_at(f, at->addr, &func) ? dwarf_diename(&func)
								: at->function;
	n++;
	for (size_t i = 0; i < n; i++) {
		if (!out[i].function)
			out[i].function = "?";
		if (!out[i].file)
			out[i].file = "?";
	}
	return n;
}
