// SPDX-License-Identifier: GPL-2.0-or-later
/* The staged files and what became of them: served by TFTP, transferred by U-Boot. */
#include "report/result_int.h"
#include "util/jsonx.h"

/* Is it this file that U-Boot names? It asks with or without a leading slash, by the path
 * from the TFTP root or from the boot file's directory. */
static bool is_named(const json_t *file, const char *name)
{
	const char *path = json_get_str(file, "path", json_get_str(file, "name", ""));
	size_t n, len;

	name += strspn(name, "/");
	n = strlen(name);
	len = strlen(path);
	if (n > len)
		return n > len && name[n - len - 1] == '/' &&
		       strcmp(name + n - len, path) == 0;
	return n && strcmp(path + len - n, name) == 0 &&
	       (n == len || path[len - n - 1] == '/');
}

bool fold_is_config(const json_t *file)
{
	return strcmp(json_get_str(file, "role", ""), "config") == 0;
}

/* A configuration's own name is the board's MAC. */
static const char *name_of(const json_t *file)
{
	return fold_is_config(file) ? "the loader's configuration"
				    : json_get_str(file, "name", "?");
}

/* The transfer of this file that decides: one of another size before one of the right
 * size, NULL = none. A U-Boot that names no files is believed for the size alone. */
static const json_t *transfer_of(const struct fold *f, const json_t *file)
{
	const json_t *t, *found = NULL;
	size_t i;

	json_array_foreach(f->transfers, i, t)
	{
		bool same = json_get_int(t, "bytes", -1) == json_get_int(file, "size", 0);
		const char *name = json_get_str(t, "file", "");

		if (name[0] && is_named(file, name) && !same)
			return t;
		if (same && (!name[0] || is_named(file, name)))
			found = t;
	}
	return found;
}

/* U-Boot's sum of this file; NULL = none. */
static const json_t *ram_of(const struct fold *f, const json_t *file)
{
	return json_object_get(f->ram, json_get_str(file, "path", ""));
}

static json_t *ram_json(const struct fold *f, const json_t *file)
{
	static const char *const keys[] = { "address", "staged", "seen" };
	const json_t *ram = ram_of(f, file);
	json_t *j;

	if (!ram)
		return json_null();
	j = json_object();
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		json_put(j, keys[i], json_lossy_str(json_get_str(ram, keys[i], NULL)));
	json_put(j, "as_booted", json_boolean(json_get_bool(ram, "as_booted", false)));
	return j;
}

static json_t *file_json(const struct fold *f, const json_t *file)
{
	json_t *c = json_copy((json_t *)(uintptr_t)file);
	const json_t *t = transfer_of(f, file);

	/* tftp_verify compared: what was served is what was staged, or there was no boot.
	 */
	json_put(c, "served_sha256",
		 f->verified ? json_string(json_get_str(file, "sha256", ""))
			     : json_null());
	json_put(c, "transferred_bytes",
		 t ? json_integer(json_get_int(t, "bytes", 0)) : json_null());
	if (!fold_is_config(file))
		json_put(c, "ram_crc32", ram_json(f, file));
	return c;
}

json_t *fold_files_json(const struct fold *f)
{
	json_t *files = json_array();
	const json_t *file;
	size_t i;

	json_array_foreach(json_object_get(f->staged, "files"), i, file)
	{
		if (json_is_object(file))
			json_push(files, file_json(f, file));
	}
	if (f->taken)
		json_push(files, file_json(f, f->taken));
	return files;
}

/* A configuration that nobody asked for (the files were typed one by one) is none's
 * fault: the nonce tells. */
static const char *file_fault(const struct fold *f, const json_t *file, char *buf,
			      size_t cap)
{
	const json_t *t = transfer_of(f, file);
	const char *name = name_of(file);
	long long size = json_get_int(file, "size", 0);
	long long got = json_get_int(t, "bytes", -1);

	const json_t *ram = ram_of(f, file);
	const char *staged = json_get_str(ram, "staged", "");
	const char *seen = json_get_str(ram, "seen", "");

	if (strcmp(staged, seen) != 0)
		snprintf(
			buf, cap,
			"the board's RAM did not hold %.80s as it was staged: crc32 %.16s, staged was %.16s",
			name, seen, staged);
	else if (t && got != size)
		snprintf(
			buf, cap,
			"U-Boot transferred %lld bytes of %.80s, staged were %lld: another TFTP server, or the file was changed",
			got, name, size);
	else if (!t && json_array_size(f->transfers) && !fold_is_config(file))
		snprintf(
			buf, cap,
			"U-Boot did not transfer %.80s with the %lld bytes that were staged",
			name, size);
	else
		return NULL;
	return buf;
}

/* U-Boot named the files that it loaded. */
static bool has_names(const struct fold *f)
{
	return json_get_str(json_array_get(f->transfers, 0), "file", "")[0];
}

/* A kernel with a device tree of U-Boot's own says nothing about the one that was meant.
 */
static const char *tree_fault(const struct fold *f, char *buf, size_t cap)
{
	const json_t *tree = json_object_get(f->staged, "fdtdir");

	if (!tree || f->taken || !has_names(f))
		return NULL;
	snprintf(
		buf, cap,
		"U-Boot loaded none of the %lld device trees below %.100s: has it no fdt_addr_r, or did the file not come?",
		(long long)json_get_int(tree, "files", 0),
		json_get_str(tree, "path", "?"));
	return buf;
}

const char *fold_files_fault(const struct fold *f, char *buf, size_t cap)
{
	const json_t *file;
	size_t i;

	json_array_foreach(json_object_get(f->staged, "files"), i, file)
	{
		if (json_is_object(file) && file_fault(f, file, buf, cap))
			return buf;
	}
	return f->taken ? file_fault(f, f->taken, buf, cap) : tree_fault(f, buf, cap);
}
