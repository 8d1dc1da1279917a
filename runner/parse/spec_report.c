// SPDX-License-Identifier: GPL-2.0-or-later
/* What is wrong with a file, collected and told in the order of the file. */
#include "parse/yaml.h"

#include <errno.h>

#include "util/mem.h"
#include "util/strbuf.h"

void spec_report_release(struct spec_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].text);
	free(r->v);
	r->v = NULL;
	r->n = 0;
}

void spec_complain(struct spec_report *r, struct spec_mark mark, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	va_list ap;

	if (r->n >= SPEC_MAX_MESSAGES)
		return;
	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	/* An aliased value is read at each of its places and complains once. */
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].mark.line == mark.line && r->v[i].mark.col == mark.col &&
		    strcmp(r->v[i].text, strbuf_str(&sb)) == 0)
			return;
	r->v = xreallocarray(r->v, r->n + 1, sizeof(*r->v));
	r->v[r->n++] = (struct spec_complaint){ mark, strbuf_take(&sb) };
}

static int by_place(const void *a, const void *b)
{
	const struct spec_complaint *x = a, *y = b;

	if (x->mark.line != y->mark.line)
		return x->mark.line < y->mark.line ? -1 : 1;
	if (x->mark.col != y->mark.col)
		return x->mark.col < y->mark.col ? -1 : 1;
	return strcmp(x->text, y->text);
}

int spec_report_finish(struct spec_report *r, struct spec_messages *msgs, struct err *err)
{
	if (!r->n)
		return 0;
	qsort(r->v, r->n, sizeof(*r->v), by_place);
	for (size_t i = 0; i < r->n; i++)
		strvec_addf(&msgs->v, "%s:%u:%u: %s", r->path, r->v[i].mark.line,
			    r->v[i].mark.col, r->v[i].text);
	return err_set(err, ERR_JOB, -EINVAL, "%s:%u:%u: %s", r->path, r->v[0].mark.line,
		       r->v[0].mark.col, r->v[0].text);
}
