// SPDX-License-Identifier: GPL-2.0-or-later
/* A label with FDTDIR: U-Boot chooses one of the staged device trees by its fdtfile.
 * Which one it took goes into the record; a name that is none of them ends the boot, for
 * U-Boot would start the kernel with its own device tree and not say a word. */
#include <errno.h>

#include "boot/loader_steps.h"
#include "session/state.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/path.h"

void session_record_dtb(struct session *s)
{
	const struct staged_tree *tree = &s->staged.fdtdir;
	const struct staged_tree_file *f =
		staged_tree_find(tree, watch_state(s->watch)->loaded_dtb);

	if (!f)
		return;
	_cleanup_free_ char *own = xasprintf("%s/%s", tree->dir.name, f->path);
	_cleanup_free_ char *path = xasprintf("%s/%s", tree->dir.tftp_path, f->path);
	_cleanup_free_ char *url = spec_masked_url(tree->dir.url);
	json_t *m = json_object();

	json_put(m, "role", json_string("dtb"));
	json_put(m, "name", json_lossy_str(own));
	json_put(m, "path", json_lossy_str(path));
	json_put(m, "url", json_lossy_str(url));
	json_put(m, "sha256", json_string(f->sha256.str));
	json_put(m, "size", json_integer((json_int_t)f->size));
	journal_action_json(s->journal, "taken", m);
}

/* To sum it before: where U-Boot does not say its name, or one that is not there, nothing
 * is done. What it then boots tells which it took, and whether that one was summed. */
int session_choose_dtb(struct session *s, struct uboot *u, struct loader_steps *steps,
		       struct deadline d, struct err *err)
{
	char name[UBOOT_FDTFILE_SIZE];
	int r = uboot_fdtfile(u, d, name, err);

	if (!r)
		loader_steps_choose(steps, &s->staged.fdtdir, name);
	return r;
}

/* What U-Boot asks for is none of them. */
static const char *wrong_name(const struct session *s)
{
	const char *asked = s->staged.fdtdir.n ? watch_asked_dtb(s->watch) : NULL;

	return asked && !staged_tree_find(&s->staged.fdtdir, asked) ? asked : NULL;
}

bool session_dtb_is_wrong(void *session)
{
	return wrong_name(session) != NULL;
}

/* Mostly the vendor's directory is missing, or one too many. */
static const char *meant(const struct staged_tree *tree, const char *asked)
{
	for (size_t i = 0; i < tree->n; i++)
		if (strcmp(path_last(tree->v[i].path), path_last(asked)) == 0)
			return tree->v[i].path;
	return NULL;
}

/* Once U-Boot's own words are known: what has to be done. */
int session_explain_dtb(struct session *s, struct uboot *u, struct err *err)
{
	const char *asked = wrong_name(s);

	if (!asked)
		return -EREMOTEIO;
	const struct staged_tree *tree = &s->staged.fdtdir;
	const char *other = meant(tree, asked);
	u->fault =
		loader_fault_find(LOADER_FDTDIR_SKIPPED, strlen(LOADER_FDTDIR_SKIPPED));
	return err_set(
		err, ERR_LAB, -EREMOTEIO,
		"U-Boot asked for the device tree %.100s, and the kernel has none of that name among its %zu%s%.100s; expected a name that it has in U-Boot's fdtfile (or soc and board), or dtb in place of fdtdir",
		asked, tree->n, other ? ", but " : "", other ?: "");
}
