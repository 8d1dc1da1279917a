// SPDX-License-Identifier: GPL-2.0-or-later
/* One file that a job names, with LAVA's words for how it is packed. */
#include "parse/spec_load.h"

#include "util/mem.h"

static void load_compression(struct spec_report *r, const struct yaml_node *n,
			     const char *what, void *str)
{
	/* LAVA's words, and what the files are called. */
	static const char *const words[] = { "gz", "xz", "bz2", "zstd", "zst", "none" };
	size_t i;

	if (!yaml_get_word(r, n, what, words, ARRAY_SIZE(words), &i))
		return;
	spec_store_str(
		str, strcmp(words[i], "none") == 0
			     ? NULL
			     : xstrdup(strcmp(words[i], "zstd") == 0 ? "zst" : words[i]));
}

static void load_archive(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *str)
{
	static const char *const words[] = { "tar", "deb", "zip" };

	spec_load_word(r, n, what, words, ARRAY_SIZE(words), str);
}

/* What a ramdisk is, and whether mkimage wrapped it, is found out from its bytes. */
static void load_format(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *base)
{
	static const char *const words[] = { "cpio.newc" };
	size_t i;

	(void)yaml_get_word(r, n, what, words, ARRAY_SIZE(words), &i);
}

static void load_image_type(struct spec_report *r, const struct yaml_node *n,
			    const char *what, void *str)
{
	static const char *const words[] = { "image", "zimage", "uimage" };

	spec_load_word(r, n, what, words, ARRAY_SIZE(words), str);
}

static void load_header(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *base)
{
	static const char *const words[] = { "u-boot" };
	size_t i;

	(void)yaml_get_word(r, n, what, words, ARRAY_SIZE(words), &i);
}

static void load_sha256sum(struct spec_report *r, const struct yaml_node *n,
			   const char *what, void *str)
{
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	if (strlen(s) != 64 || strspn(s, "0123456789abcdefABCDEF") != 64) {
		spec_complain(r, n->mark, "%s is \"%.70s\"; expected 64 hex digits", what,
			      s);
		return;
	}
	char *lower = xstrdup(s);

	for (char *p = lower; *p; p++)
		if (*p >= 'A' && *p <= 'F')
			*p = (char)(*p - 'A' + 'a');
	spec_store_str(str, lower);
}

#define FILE_FIELDS                                                                      \
	YAML_FN_REQUIRED("url", spec_load_url, struct job_file, url),                    \
		{ .key = "compression",                                                  \
		  .type = YAML_F_FN,                                                     \
		  .load = load_compression,                                              \
		  .may_be_null = true,                                                   \
		  .offset = offsetof(struct job_file, compression) },                    \
		YAML_FN("archive", load_archive, struct job_file, archive),              \
		YAML_FN("sha256sum", load_sha256sum, struct job_file, sha256sum),        \
		YAML_FN_BASE("use_cache", spec_load_any_bool),                           \
		YAML_REFUSED("md5sum", "give sha256sum"),                                \
		YAML_REFUSED("sha512sum", "give sha256sum"),                             \
		YAML_REFUSED("headers", "bootrig fetches without extra HTTP headers"),   \
		YAML_REFUSED("overlays", "put what a test needs into the ramdisk"),      \
		YAML_REFUSED("partition", "bootrig deploys files, not disk images"),     \
		YAML_REFUSED("sparse", "bootrig deploys files, not disk images")

static const struct yaml_field plain_fields[] = { FILE_FIELDS };

static const struct yaml_field kernel_fields[] = {
	FILE_FIELDS,
	YAML_FN("type", load_image_type, struct job_file, image_type),
};

static const struct yaml_field ramdisk_fields[] = {
	FILE_FIELDS,
	YAML_FN_BASE("format", load_format),
	YAML_FN_BASE("header", load_header),
	YAML_BOOL("install_modules", struct job_file, install_modules),
	YAML_BOOL("install_overlay", struct job_file, install_overlay),
};

static void load_file(struct spec_report *r, const struct yaml_node *n, const char *what,
		      const struct yaml_field *fields, size_t n_fields,
		      struct job_file *f)
{
	f->mark = n->mark;
	f->install_overlay = f->install_modules = true;
	yaml_load_map(r, n, what, fields, n_fields, f);
}

void job_load_file_kernel(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *file)
{
	load_file(r, n, what, kernel_fields, ARRAY_SIZE(kernel_fields), file);
}

void job_load_file_plain(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *file)
{
	load_file(r, n, what, plain_fields, ARRAY_SIZE(plain_fields), file);
}

void job_load_file_ramdisk(struct spec_report *r, const struct yaml_node *n,
			   const char *what, void *file)
{
	load_file(r, n, what, ramdisk_fields, ARRAY_SIZE(ramdisk_fields), file);
}

void job_release_file(struct job_file *f)
{
	free(f->url);
	free(f->compression);
	free(f->archive);
	free(f->image_type);
	free(f->sha256sum);
	free(f->member);
}
