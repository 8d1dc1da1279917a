// SPDX-License-Identifier: GPL-2.0-or-later
/* Is what ran what was staged? For each attempt: what each witness said (U-Boot, the
 * banner, the command line, build ids, the root file system), the first that contradicts,
 * and what could not be shown. A contradiction is the lab's: nothing is then known about
 * the kernel that was chosen. */
#include "report/result_int.h"
#include "util/jsonx.h"
#include "util/strbuf.h"

enum { FAULT_MAX = 400 };

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

static bool is_of_kernel(const json_t *id)
{
	return strcmp(json_get_str(id, "of", ""), "kernel") == 0;
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

		if (!seen[0] ||
		    (is_of_kernel(b) ? fold_is_staged_id(f, seen)
				     : !staged[0] || strcmp(seen, staged) == 0))
			continue;
		if (is_of_kernel(b))
			snprintf(
				buf, cap,
				"the kernel that ran has build id %.40s, which is not in "
				"the staged one: an Image of the same name from the "
				"board's own media or another TFTP server?",
				seen);
		else
			snprintf(
				buf, cap,
				"the module %.60s that was loaded has build id %.40s, the "
				"one of this kernel has %.40s: a stale one from the root "
				"file system?",
				json_get_str(b, "name", "?"), seen, staged);
		return buf;
	}
	return NULL;
}

static const char *banner_fault(const struct fold *f, char *buf, size_t cap)
{
	const char *staged = json_get_str(f->staged, "release", "");
	const char *seen = json_get_str(f->seen, "release", "");

	if (staged[0] && seen[0] && strcmp(staged, seen) != 0)
		snprintf(buf, cap,
			 "the kernel that ran is %.80s, staged was %.80s: another label, "
			 "or a kernel from the board's own media?",
			 seen, staged);
	else if (!same_start(build_of(f->staged), build_of(f->seen)))
		snprintf(buf, cap,
			 "the kernel that ran is build %.80s, staged was build %.80s: an "
			 "older build of it from the board's own media?",
			 build_of(f->seen), build_of(f->staged));
	else
		return NULL;
	return buf;
}

/* The label that ran in place of the chosen one; NULL = none did. A nonce decides;
 * U-Boot's word counts where no kernel showed the chosen one's. */
static const char *other_label(const struct fold *f)
{
	const char *staged = json_get_str(f->staged, "label", "");
	const char *said = json_get_str(f->label, "name", "");

	if (f->other_label_ran || (f->other_label[0] && !f->nonce_where))
		return f->other_label;
	if (f->nonce_where || !said[0] || !staged[0] || strcmp(said, staged) == 0)
		return NULL;
	return said;
}

static const char *label_fault(const struct fold *f, char *buf, size_t cap)
{
	const char *other = other_label(f);

	if (!other)
		return NULL;
	snprintf(buf, cap,
		 "U-Boot booted the label %.64s, not %.64s: that one's files failed to "
		 "load, or it read another configuration (its own media's?)",
		 other, json_get_str(f->staged, "label", "?"));
	return buf;
}

static const char *find_fault(const struct fold *f, char *buf, size_t cap)
{
	if (label_fault(f, buf, cap))
		return buf;
	if (f->staged && label_fault(f, buf, cap))
		return buf;
	if (build_fault(f, buf, cap))
		return buf;
	if (!f->staged)
		return NULL;
	return banner_fault(f, buf, cap) ?: fold_files_fault(f, buf, cap);
}

static json_t *pair(json_t *take_staged, json_t *take_seen)
{
	json_t *j = json_object();

	json_put(j, "staged", take_staged);
	json_put(j, "seen", take_seen);
	return j;
}

static json_t *text_of(const json_t *object, const char *key)
{
	return json_lossy_str(json_get_str(object, key, NULL));
}

static void why(json_t *list, const char *fmt, ...) PRINTF(2, 3);
static void why(json_t *list, const char *fmt, ...)
{
	char text[FAULT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_push(list, json_lossy_str(text));
}

static void doubt_files(const struct fold *f, const json_t *files, json_t *list)
{
	const json_t *file;
	size_t i;

	if (!f->verified)
		why(list, "what TFTP served was not fetched back before the boot");
	if (json_object_get(f->staged, "fdtdir") && !f->taken)
		why(list, "which of the staged device trees U-Boot loaded is not known");
	json_array_foreach(files, i, file)
	{
		const char *name = json_get_str(file, "name", "?");

		if (fold_is_config(file))
			continue;
		if (!json_is_integer(json_object_get(file, "transferred_bytes")))
			why(list, "U-Boot did not say that it loaded %.80s", name);
		if (json_get_bool(f->staged, "verify_ram", false) &&
		    !json_is_object(json_object_get(file, "ram_crc32")))
			why(list, "U-Boot was not asked for its sum of %.80s", name);
	}
}

static const char *nonce_seen(const struct fold *f)
{
	return f->nonce_where ? f->nonce_where : f->nonce_echoed ? "u-boot" : NULL;
}

static void doubt_kernel(const struct fold *f, json_t *list)
{
	if (!nonce_seen(f))
		why(list, "the nonce of this boot was not seen");
	else if (!f->nonce_where)
		why(list,
		    "only U-Boot showed the nonce of this boot, the kernel did not");
	if (!build_of(f->staged)[0])
		why(list, "the staged kernel's banner is not readable");
	else if (!build_of(f->seen)[0])
		why(list, "the kernel's banner was not seen whole");
}

static const json_t *kernel_id(const struct fold *f)
{
	const json_t *b, *found = NULL;
	size_t i;

	json_array_foreach(f->build_ids, i, b) if (is_of_kernel(b)) found = b;
	return found;
}

static void doubt_build_ids(const struct fold *f, json_t *list)
{
	const json_t *b;
	size_t i;

	if (!json_array_size(json_object_get(f->staged, "build_ids")))
		why(list, "the staged kernel has no build id");
	else if (!json_get_str(kernel_id(f), "seen", "")[0])
		why(list, "the running kernel's build id was not read");
	json_array_foreach(f->build_ids, i, b)
	{
		const char *name = json_get_str(b, "name", "?");

		if (is_of_kernel(b))
			continue;
		if (!json_get_str(b, "seen", "")[0])
			why(list,
			    "module %.60s: no build id on the board (not loaded, or built in)",
			    name);
		else if (!json_get_str(b, "staged", "")[0])
			why(list, "module %.60s: no .ko file of this run to compare with",
			    name);
	}
}

static json_t *doubts(const struct fold *f, const json_t *files)
{
	json_t *list = json_array();

	if (!f->staged) {
		why(list, "nothing was staged: the board boots what it has");
		return list;
	}
	doubt_files(f, files, list);
	doubt_kernel(f, list);
	doubt_build_ids(f, list);
	return list;
}

/* The staged label has the nonce in its APPEND, so where the kernel shows that, that
 * label ran; else what U-Boot said. */
static json_t *label_json(const struct fold *f)
{
	const char *other = other_label(f);

	return pair(text_of(f->staged, "label"), other ? json_lossy_str(other)
						 : f->nonce_where
							 ? text_of(f->staged, "label")
							 : text_of(f->label, "name"));
}

void fold_provenance_close(const struct fold *f, json_t *attempt)
{
	json_t *p = json_object(), *files = fold_files_json(f), *list = doubts(f, files);
	char buf[FAULT_MAX];
	const char *fault = find_fault(f, buf, sizeof(buf));
	const json_t *build = json_object_get(f->staged, "build");
	const json_t *tree = json_object_get(f->staged, "module_tree");
	const json_t *dtbs = json_object_get(f->staged, "fdtdir");

	json_put(p, "proven", json_boolean(!fault && !json_array_size(list)));
	json_put(p, "fault", json_lossy_str(fault));
	json_put(p, "why", list);
	json_put(p, "label", label_json(f));
	json_put(p, "nonce",
		 pair(text_of(f->staged, "nonce"), json_lossy_str(nonce_seen(f))));
	json_put(p, "banner",
		 pair(text_of(f->staged, "banner"), text_of(f->seen, "banner")));
	json_put(p, "release",
		 pair(text_of(f->staged, "release"), text_of(f->seen, "release")));
	fold_put_build_ids(f, p);
	json_put(p, "files", files);
	json_put(p, "fdtdir", dtbs ? json_deep_copy(dtbs) : json_null());
	json_put(p, "module_tree", tree ? json_deep_copy(tree) : json_null());
	json_put(p, "build", build ? json_deep_copy(build) : json_null());
	json_put(p, "rootfs", f->rootfs ? json_incref(f->rootfs) : json_null());
	json_put(attempt, "provenance", p);
}

const char *fold_provenance_fault(const json_t *attempt)
{
	return json_get_str(json_object_get(attempt, "provenance"), "fault", NULL);
}
