// SPDX-License-Identifier: GPL-2.0-or-later
/* Asks the shell behind the login which root file system this is. A kernel that fails
 * only on a dirty or an updated one is then no riddle. Never fails a run by itself. */
#include <fcntl.h>

#include "parse/rootfs.h"
#include "session/state.h"
#include "util/hash.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { FINGERPRINT_MS = 30000 };

static json_t *text(const char *s)
{
	return json_lossy_str(s[0] ? s : NULL);
}

static json_t *number(int64_t n)
{
	return n < 0 ? json_null() : json_integer(n);
}

static json_t *files_json(const struct rootfs *r)
{
	json_t *files = json_array();

	for (size_t i = 0; i < r->n_files; i++) {
		json_t *f = json_object();

		json_put(f, "path", text(r->files[i].path));
		json_put(f, "sha256", text(r->files[i].sha256));
		json_push(files, f);
	}
	return files;
}

/* One word for "the same system as last time": of the list as sha256sum prints it. */
static struct sha256_hex digest(const struct rootfs *r)
{
	_cleanup_strbuf_ struct strbuf list = STRBUF_INIT;

	for (size_t i = 0; i < r->n_files; i++)
		strbuf_addf(&list, "%s  %s\n", r->files[i].sha256, r->files[i].path);
	return sha256_of(strbuf_str(&list), list.len);
}

static json_t *rootfs_json(const struct rootfs *r)
{
	json_t *m = json_object(), *os = json_object();
	struct sha256_hex sha = digest(r);

	json_put(m, "initramfs", json_boolean(r->is_initramfs));
	json_put(m, "source", text(r->source));
	json_put(m, "fstype", text(r->fstype));
	json_put(m, "flags", text(r->flags));
	json_put(os, "id", text(r->os_id));
	json_put(os, "version", text(r->os_version));
	json_put(m, "os", os);
	json_put(m, "uuid", text(r->uuid));
	json_put(m, "generation", number(r->generation));
	json_put(m, "replays", number(r->replays));
	json_put(m, "files", files_json(r));
	json_put(m, "sha256", text(r->n_files ? sha.str : ""));
	return m;
}

int session_fingerprint(struct session *s, struct deadline d, struct err *err)
{
	_cleanup_strbuf_ struct strbuf answer = STRBUF_INIT;
	_cleanup_free_ char *artifact = xasprintf("rootfs-%u.txt", s->attempt);
	_cleanup_free_ char *path = xasprintf("artifacts/%s", artifact);
	struct rootfs root;
	int status = 0;
	int r = shell_capture(s, rootfs_command(), artifact,
			      deadline_min(d, deadline_in_ms(FINGERPRINT_MS)), &status,
			      err);

	if (r == -ETIMEDOUT && err->class == ERR_NONE)
		return 0;
	if (r)
		return r;
	if (!io_read_file_at(s->dir->dirfd, path, ROOTFS_MAX_TEXT, &answer) &&
	    rootfs_parse(strbuf_str(&answer), answer.len, &root))
		journal_action_json(s->journal, "rootfs", rootfs_json(&root));
	return 0;
}
