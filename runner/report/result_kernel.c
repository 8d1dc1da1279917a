// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel of the run, as it was asked for, staged and seen. Whether these agree is
 * result_provenance.c's business. */
#include "report/result_int.h"
#include "util/jsonx.h"

/* The kernel's is one of several ids in an Image, with those of its vDSOs. */
bool fold_is_staged_id(const struct fold *f, const char *seen)
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

/* {"staged", "seen"} of the kernel: the one that was seen, if it was staged. */
static json_t *kernel_id_json(const struct fold *f, const char *seen)
{
	const json_t *ids = json_object_get(f->staged, "build_ids");
	const char *first = json_string_value(json_array_get(ids, 0));
	json_t *j = json_object();

	json_put(j, "staged",
		 json_lossy_str(seen && fold_is_staged_id(f, seen) ? seen : first));
	json_put(j, "seen", json_lossy_str(seen));
	return j;
}

void fold_put_build_ids(const struct fold *f, json_t *kernel)
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
	json_t *k = json_object();
	const json_t *asked = json_object_get(f->run, "asked");

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
	json_put(k, "files", fold_files_json(f));
	fold_put_build_ids(f, k);
	return k;
}
