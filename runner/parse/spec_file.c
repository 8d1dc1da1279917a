// SPDX-License-Identifier: GPL-2.0-or-later
/* A job or board file before it is known which: read whole, and told from its top keys.
 */
#include "parse/spec_load.h"

#include <errno.h>
#include <fcntl.h>

#include "util/io.h"

int spec_read_file(const char *path, struct strbuf *out, struct spec_messages *msgs,
		   struct err *err)
{
	int r = io_read_file_at(AT_FDCWD, path, YAML_MAX_BYTES, out);

	if (!r)
		return 0;
	if (r == -EFBIG) {
		strvec_addf(&msgs->v, "%s:1:1: too large; expected at most %d bytes",
			    path, YAML_MAX_BYTES);
		return err_set(err, ERR_JOB, -EINVAL, "%s", msgs->v.v[msgs->v.n - 1]);
	}
	strvec_addf(&msgs->v, "%s:1:1: cannot be read: %s", path, strerror(-r));
	return err_set(err, ERR_JOB, r, "%s: %s", path, strerror(-r));
}

enum spec_kind spec_kind_of(const char *path, const char *text, size_t len,
			    struct spec_messages *msgs)
{
	_cleanup_spec_report_ struct spec_report r = { .path = path };
	_cleanup_yaml_doc_ struct yaml_doc *doc = NULL;
	struct err err = ERR_INIT;

	if (yaml_parse(text, len, &doc, &r) == 0) {
		const struct yaml_node *root = yaml_root(doc);

		if (yaml_find(root, "actions") || yaml_find(root, "job_name"))
			return SPEC_JOB;
		if (yaml_find(root, "board") || yaml_find(root, "console") ||
		    yaml_find(root, "power"))
			return SPEC_BOARD;
		if (root->kind == YAML_LIST || yaml_find(root, "hypotheses") ||
		    yaml_find(root, "name"))
			return SPEC_HYPOTHESES;
		spec_complain(
			&r, root->mark,
			"neither a job nor a board nor a hypothesis file; expected a mapping with job_name and actions, with board, console and power, or with name and clauses");
	}
	/* The messages are the result here. */
	if (spec_report_finish(&r, msgs, &err) == 0)
		BUG("a file of unknown kind without a complaint");
	return SPEC_UNKNOWN;
}
