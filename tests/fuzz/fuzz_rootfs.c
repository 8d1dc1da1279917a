// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as a board's answer about its root file system: what is found is plain text,
 * whole checksums and numbers that count. */
#include "parse/rootfs.h"

#include "util/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *s, size_t cap)
{
	size_t n = strnlen(s, cap);

	if (n == cap)
		BUG("a text without an end");
	for (size_t i = 0; i < n; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			BUG("\"%s\" is no plain text", s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rootfs r;
	bool any = rootfs_parse((const char *)data, size, &r);

	check_text(r.source, sizeof(r.source));
	check_text(r.fstype, sizeof(r.fstype));
	check_text(r.flags, sizeof(r.flags));
	check_text(r.os_id, sizeof(r.os_id));
	check_text(r.os_version, sizeof(r.os_version));
	check_text(r.uuid, sizeof(r.uuid));
	if (r.generation < -1 || r.replays < -1 || r.n_files > ROOTFS_MAX_FILES ||
	    (!any && r.n_files))
		BUG("%zu files", r.n_files);
	for (size_t i = 0; i < r.n_files; i++) {
		check_text(r.files[i].path, sizeof(r.files[i].path));
		if (r.files[i].path[0] != '/' ||
		    strspn(r.files[i].sha256, "0123456789abcdef") != 64)
			BUG("file %s %s", r.files[i].path, r.files[i].sha256);
	}
	return 0;
}
