// SPDX-License-Identifier: GPL-2.0-or-later
/* KCIDB's checkout and build. The build was made by somebody else and only named here by
 * its content; a result that knows its KCIDB build (metadata kcidb_build_id) refers to
 * that one. */
#include "report/kcidb_int.h"

#include "report/kcidb_map.h"
#include "report/result_read.h"
#include "util/jsonx.h"
#include "util/mem.h"

static bool is_hex40(const char *s)
{
	return s && strlen(s) == 40 && strspn(s, "0123456789abcdef") == 40;
}

static const char *file_member(const struct kcidb *k, const char *role, const char *key)
{
	const json_t *files =
		json_object_get(json_object_get(k->result, "kernel"), "files");
	const json_t *f;
	size_t i;

	json_array_foreach(files, i, f) if (strcmp(json_get_str(f, "role", ""), role) ==
					    0) return json_get_str(f, key, "");
	return "";
}

/* What makes the kernel of this run the same as that of another: its content, else where
 * it should have come from, else nothing (the run itself). */
static const char *kernel_identity(const struct kcidb *k)
{
	const json_t *asked =
		json_object_get(json_object_get(k->result, "kernel"), "asked");
	const char *sha = file_member(k, "kernel", "sha256");

	return *sha ? sha : json_get_str(asked, "kernel", k->run);
}

static void add_checkout(struct kcidb *k)
{
	const char *commit =
		kcidb_metadata(k, "git_commit_hash", "git.commit", "git_commit");
	const char *url = kcidb_metadata(k, "git_repository_url", "git.url", "git_url");
	const char *branch =
		kcidb_metadata(k, "git_repository_branch", "git.branch", "git_branch");
	const char *start = json_get_str(k->result, "start_time", "");
	json_t *c = json_object();
	int64_t ms;

	if (!is_hex40(commit))
		commit = NULL;
	if (url && (!kcidb_url_is_public(url) || strncmp(url, "https://", 8) != 0))
		url = NULL; /* the schema takes https only */
	k->checkout_id =
		kcidb_id(k, "ck",
			 commit ? kcidb_hash(url ? url : "", branch ? branch : "", commit,
					     "", NULL)
				: kcidb_hash("kernel", kernel_identity(k), NULL));
	json_put(c, "id", json_lossy_str(k->checkout_id));
	json_put(c, "origin", json_lossy_str(k->origin));
	kcidb_put_text(c, "tree_name",
		       kcidb_metadata(k, "tree_name", "kernel.tree", "tree"));
	kcidb_put_text(c, "git_repository_url", url);
	kcidb_put_text(c, "git_repository_branch", branch);
	kcidb_put_text(c, "git_commit_hash", commit);
	kcidb_put_text(
		c, "git_commit_name",
		kcidb_metadata(k, "git_commit_name", "git.describe", "git_describe"));
	if (commit)
		json_put(c, "patchset_hash", json_string(""));
	if (!rfc3339_parse(start, &ms))
		json_put(c, "start_time", json_lossy_str(start));
	json_push(k->checkouts, c);
}

/* Files that others can fetch too. */
static json_t *public_files(const struct kcidb *k)
{
	const json_t *files =
		json_object_get(json_object_get(k->result, "kernel"), "files");
	json_t *list = json_array();
	const json_t *f;
	size_t i;

	json_array_foreach(files, i, f)
	{
		const char *url = json_get_str(f, "url", "");
		const char *name = json_get_str(f, "name", "");

		if (!kcidb_url_is_public(url) || !*name || strchr(name, '/'))
			continue;
		json_t *r = json_object();
		json_put(r, "name", json_lossy_str(name));
		json_put(r, "url", json_lossy_str(url));
		json_push(list, r);
	}
	return list;
}

/* What was staged, without where it came from: a URL may be private, and the name of a
 * loader's configuration has the board's MAC in it. */
static json_t *staged_files(const struct kcidb *k)
{
	static const char *const keys[] = { "role", "name", "sha256", "size" };
	json_t *list = json_array();
	const json_t *f;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(k->result, "kernel"), "files"),
			   i, f)
	{
		_cleanup_json_ json_t *part = json_object();

		if (strcmp(json_get_str(f, "role", ""), "config") == 0)
			continue;
		for (size_t n = 0; n < ARRAY_SIZE(keys); n++)
			if (json_object_get(f, keys[n]))
				json_put(part, keys[n],
					 json_deep_copy(json_object_get(f, keys[n])));
		json_push(list, kcidb_clean(part));
	}
	return list;
}

static void add_build(struct kcidb *k)
{
	const json_t *kernel = json_object_get(k->result, "kernel");
	const char *arch = kcidb_metadata(k, "architecture", "arch", "job.arch");
	const char *ours = file_member(k, "kernel", "sha256");
	_cleanup_free_ char *compiler = kcidb_compiler(json_get_str(kernel, "seen", ""));
	_cleanup_json_ json_t *misc = json_object();
	json_t *b = json_object();

	k->build_id = kcidb_id(k, "b",
			       kcidb_hash(k->checkout_id, kernel_identity(k),
					  file_member(k, "modules", "sha256"),
					  file_member(k, "dtb", "sha256"), NULL));
	json_put(b, "id", json_lossy_str(k->build_id));
	json_put(b, "origin", json_lossy_str(k->origin));
	json_put(b, "checkout_id", json_lossy_str(k->checkout_id));
	if (arch && *arch && !arch[strspn(arch, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		json_put(b, "architecture", json_string(arch));
	kcidb_put_text(b, "compiler", compiler);
	kcidb_put_text(b, "config_name",
		       kcidb_metadata(k, "config_name", "kernel.defconfig_full",
				      "kernel.defconfig"));
	kcidb_put_list(b, "output_files", public_files(k));
	if (*ours)
		json_put(b, "status", json_string("PASS")); /* there is an image */
	kcidb_put_text(misc, "release", json_get_str(kernel, "release", NULL));
	kcidb_put_list(misc, "files", staged_files(k));
	json_t *wrap = json_object();
	json_put(wrap, "bootrig", json_incref(misc));
	json_put(b, "misc", wrap);
	json_push(k->builds, b);
}

/* A build that somebody else sent to KCIDB: "origin:id". */
static bool refer_to_build(struct kcidb *k)
{
	const char *id =
		kcidb_metadata(k, "kcidb_build_id", "kcidb.build_id", "kcidb_build_id");
	size_t n = id ? strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_") : 0;

	if (!n || id[n] != ':')
		return false;
	k->build_id = xstrdup(id);
	return true;
}

void kcidb_add_build(struct kcidb *k)
{
	if (refer_to_build(k))
		return;
	add_checkout(k);
	add_build(k);
}
