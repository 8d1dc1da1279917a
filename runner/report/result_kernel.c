// SPDX-License-Identifier: GPL-2.0-or-later
/* Which kernel ran, and whether it is the one that was staged: compares what U-Boot, the
 * banner and the build ids said with what the run put into the TFTP root. */
#include "report/result_int.h"
#include "util/jsonx.h"

static bool was_transferred(const struct fold *f, int64_t size)
{
	const json_t *t;
	size_t i;

	json_array_foreach(f->transfers, i,
			   t) if (json_integer_value(t) == size) return true;
	return false;
}

/* "#7 SMP Mon Nov 23 …": which build of a release; "" when the banner was not whole. */
static const char *build_of(const json_t *kernel)
{
	const char *p = strstr(json_get_str(kernel, "banner", ""), " #");

	return p ? p + 1 : "";
}

/* A banner that a reset cut short says nothing against its build. */
static bool same_start(const char *a, const char *b)
{
	size_t n = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

	return strncmp(a, b, n) == 0;
}

/* The kernel's is one of several ids in an Image, with those of its vDSOs. */
static bool is_staged_id(const struct fold *f, const char *seen)
{
	const json_t *id;
	size_t i;

	json_array_foreach(json_object_get(f->staged, "build_ids"), i, id)
	{
		if (json_is_string(id) && strcmp(json_string_value(id), seen) == 0)
			return true;
	}
	return false;
}

/* A kernel or a module that is of another build than the staged one; NULL = none. */
static const char *build_fault(const struct fold *f, char *buf, size_t cap)
{
	const json_t *b;
	size_t i;

	json_array_foreach(f->build_ids, i, b)
	{
		const char *seen = json_get_str(b, "seen", "");
		const char *staged = json_get_str(b, "staged", "");
		bool is_kernel = strcmp(json_get_str(b, "of", ""), "kernel") == 0;

		if (!seen[0] || (is_kernel ? is_staged_id(f, seen)
					   : !staged[0] || strcmp(seen, staged) == 0))
			continue;
		if (is_kernel)
			snprintf(
				buf, cap,
				"the kernel that ran has build id %.40s, which is not in "
				"the staged one",
				seen);
		else
			snprintf(
				buf, cap,
				"the module %.60s that was loaded has build id %.40s, the "
				"job's has %.40s: a stale one from the root file system?",
				json_get_str(b, "name", "?"), seen, staged);
		return buf;
	}
	return NULL;
}

const char *fold_provenance_fault(const struct fold *f, char *buf, size_t cap)
{
	const char *staged = json_get_str(f->staged, "release", "");
	const char *seen = json_get_str(f->seen, "release", "");
	const json_t *file;
	size_t i;

	if (build_fault(f, buf, cap))
		return buf;
	if (!f->staged)
		return NULL;
	if (staged[0] && seen[0] && strcmp(staged, seen) != 0) {
		snprintf(buf, cap, "the kernel that ran is %.80s, staged was %.80s", seen,
			 staged);
		return buf;
	}
	if (!same_start(build_of(f->staged), build_of(f->seen))) {
		snprintf(buf, cap,
			 "the kernel that ran is build %.80s, staged was build %.80s",
			 build_of(f->seen), build_of(f->staged));
		return buf;
	}
	json_array_foreach(json_object_get(f->staged, "files"), i, file)
	{
		if (!json_array_size(f->transfers) ||
		    was_transferred(f, json_get_int(file, "size", 0)))
			continue;
		snprintf(
			buf, cap,
			"U-Boot did not transfer %.80s with the %lld bytes that were staged",
			json_get_str(file, "name", "?"),
			(long long)json_get_int(file, "size", 0));
		return buf;
	}
	return NULL;
}

/* {"staged", "seen"} of the kernel: the one that was seen, if it was staged. */
static json_t *kernel_id_json(const struct fold *f, const char *seen)
{
	const json_t *ids = json_object_get(f->staged, "build_ids");
	const char *first = json_string_value(json_array_get(ids, 0));
	json_t *j = json_object();

	json_put(j, "staged",
		 json_lossy_str(seen && is_staged_id(f, seen) ? seen : first));
	json_put(j, "seen", json_lossy_str(seen));
	return j;
}

static void put_build_ids(const struct fold *f, json_t *kernel)
{
	json_t *modules = json_array();
	const char *seen = NULL;
	const json_t *b;
	size_t i;

	json_array_foreach(f->build_ids, i, b)
	{
		if (strcmp(json_get_str(b, "of", ""), "kernel") == 0) {
			seen = json_get_str(b, "seen", NULL);
			continue;
		}
		json_t *m = json_object();
		json_put(m, "name", json_lossy_str(json_get_str(b, "name", "")));
		json_put(m, "staged", json_lossy_str(json_get_str(b, "staged", NULL)));
		json_put(m, "seen", json_lossy_str(json_get_str(b, "seen", NULL)));
		json_push(modules, m);
	}
	json_put(kernel, "build_id", kernel_id_json(f, seen));
	json_put(kernel, "modules", modules);
}

json_t *fold_kernel_json(const struct fold *f)
{
	json_t *k = json_object(), *files = json_array();
	const json_t *asked = json_object_get(f->run, "asked"), *file;
	size_t i;

	json_put(k, "asked", asked ? json_deep_copy(asked) : json_null());
	json_put(k, "label", json_lossy_str(json_get_str(f->staged, "label", NULL)));
	json_put(k, "append", json_lossy_str(json_get_str(f->staged, "append", NULL)));
	json_put(k, "nonce", json_lossy_str(json_get_str(f->staged, "nonce", NULL)));
	/* U-Boot's echo of APPEND counts for a kernel that died before it could be asked.
	 */
	json_put(k, "nonce_seen",
		 json_lossy_str(f->nonce_where                       ? f->nonce_where
				: f->nonce_echoed && !f->nonce_asked ? "console"
								     : NULL));
	json_put(k, "staged", json_lossy_str(json_get_str(f->staged, "banner", NULL)));
	json_put(k, "seen", json_lossy_str(json_get_str(f->seen, "banner", NULL)));
	json_put(k, "release", json_lossy_str(json_get_str(f->seen, "release", NULL)));
	json_put(k, "vmlinux",
		 json_deep_copy(json_object_get(f->run, "vmlinux")) ?: json_null());
	json_array_foreach(json_object_get(f->staged, "files"), i, file)
	{
		int64_t size = json_get_int(file, "size", 0);

		if (!json_is_object(file))
			continue;
		json_t *c = json_copy((json_t *)(uintptr_t)file);
		/* tftp_verify compared: what was served is what was staged, or there was
		 * no boot. */
		json_put(c, "served_sha256",
			 f->verified ? json_string(json_get_str(file, "sha256", ""))
				     : json_null());
		json_put(c, "transferred_bytes",
			 was_transferred(f, size) ? json_integer(size) : json_null());
		json_push(files, c);
	}
	json_put(k, "files", files);
	put_build_ids(f, k);
	return k;
}
