// SPDX-License-Identifier: GPL-2.0-or-later
/* The manifest of a build, shortened. Somebody may have put another Image beside it, so
 * it is believed only where the build ids agree. */
#include "kernel/build_brief.h"

#include <fcntl.h>

#include "kernel/build_work.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { TEXT_MAX = 512 };

static bool is_of_image(const json_t *manifest, const struct image_info *image)
{
	const char *id = json_get_str(manifest, "build_id", "");

	for (size_t i = 0; i < image->n_build_ids; i++)
		if (strcmp(image->build_ids[i], id) == 0)
			return true;
	/* A build without ids is known by its release alone. */
	return !id[0] && !image->n_build_ids && image->release[0] &&
	       strcmp(image->release, json_get_str(manifest, "release", "")) == 0;
}

static json_t *text_of(const json_t *object, const char *key)
{
	const char *text = json_get_str(object, key, NULL);

	return text ? json_lossy(text, strnlen(text, TEXT_MAX)) : json_null();
}

/* Of each entry the name and what its content is known by. */
static json_t *list_of(const json_t *manifest, const char *key)
{
	static const char *const keys[] = { "name", "sha256", "commit" };
	const json_t *list = json_object_get(manifest, key), *entry;
	json_t *out = json_array();
	size_t i;

	json_array_foreach(list, i, entry)
	{
		json_t *o = json_object();

		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			if (json_object_get(entry, keys[k]))
				json_put(o, keys[k], text_of(entry, keys[k]));
		json_push(out, o);
		if (i + 1 == BUILD_BRIEF_MAX_LIST)
			break;
	}
	return out;
}

static json_t *shorten(const json_t *m)
{
	static const char *const keys[] = { "key",     "release",     "base",
					    "base_id", "base_commit", "series",
					    "upto",    "config_base", "compiler",
					    "command", "module" };
	const json_t *patches = json_object_get(m, "patches");
	json_t *o = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		json_put(o, keys[i], text_of(m, keys[i]));
	json_put(o, "patches", list_of(m, "patches"));
	json_put(o, "n_patches", json_integer((json_int_t)json_array_size(patches)));
	json_put(o, "configs", list_of(m, "configs"));
	return o;
}

json_t *build_brief(const char *dir, const struct image_info *image)
{
	_cleanup_json_ json_t *m = build_load_manifest(AT_FDCWD, dir, NULL);

	return json_is_object(m) && is_of_image(m, image) ? shorten(m) : NULL;
}
