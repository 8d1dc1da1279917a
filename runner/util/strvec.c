// SPDX-License-Identifier: GPL-2.0-or-later
/* A list of strings, NULL-terminated. */
#include "util/strvec.h"

#include "util/mem.h"
#include "util/strbuf.h"

void strvec_release(struct strvec *sv)
{
	for (size_t i = 0; i < sv->n; i++)
		free(sv->v[i]);
	free(sv->v);
	*sv = (struct strvec)STRVEC_INIT;
}

void strvec_add_take(struct strvec *sv, char *take_s)
{
	sv->v = xreallocarray(sv->v, sv->n + 2, sizeof(*sv->v));
	sv->v[sv->n++] = take_s;
	sv->v[sv->n] = NULL;
}

void strvec_add(struct strvec *sv, const char *s)
{
	strvec_add_take(sv, xstrdup(s));
}

bool strvec_has(const struct strvec *sv, const char *s)
{
	for (size_t i = 0; i < sv->n; i++)
		if (strcmp(sv->v[i], s) == 0)
			return true;
	return false;
}

int strvec_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strvec_sort(struct strvec *sv)
{
	if (sv->n)
		qsort(sv->v, sv->n, sizeof(*sv->v), strvec_order);
}

void strvec_addf(struct strvec *sv, const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	strvec_add_take(sv, strbuf_take(&sb));
}
