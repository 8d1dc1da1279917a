// SPDX-License-Identifier: GPL-2.0-or-later
/* One kernel command line of several sources. */
#include "boot/append.h"

#include "util/mem.h"
#include "util/strbuf.h"

static size_t name_len(const char *word)
{
	return strcspn(word, "= \t");
}

/* The kernel takes - and _ for the same in a name (kernel/params.c parameqn()). */
static bool same_name(const char *a, const char *b)
{
	size_t n = name_len(a);

	if (n != name_len(b))
		return false;
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i] && !(strchr("-_", a[i]) && strchr("-_", b[i])))
			return false;
	return true;
}

static bool gives_way(const char *dflt, const char *word)
{
	if (same_name(dflt, word[0] == '-' && word[1] != '-' ? word + 1 : word))
		return true;
	return same_name(dflt, "ignore_loglevel") &&
	       (same_name(word, "quiet") || same_name(word, "loglevel"));
}

static const char *next_word(const char *s, size_t *len)
{
	s += strspn(s, " \t");
	*len = strcspn(s, " \t");
	return *len ? s : NULL;
}

static bool is_replaced(const char *dflt, const char *words)
{
	size_t len;

	for (const char *w = words; (w = next_word(w, &len)); w += len)
		if (gives_way(dflt, w))
			return true;
	return false;
}

static bool takes_a_default(const struct strvec *defaults, const char *word)
{
	for (size_t i = 0; word[0] == '-' && i < defaults->n; i++)
		if (same_name(defaults->v[i], word + 1))
			return true;
	return false;
}

static void add_word(struct strbuf *sb, const char *word, size_t len)
{
	if (sb->len)
		strbuf_addch(sb, ' ');
	strbuf_add(sb, word, len);
}

char *append_compose(const struct strvec *defaults, const char *words)
{
	struct strbuf sb = STRBUF_INIT;
	size_t len;

	for (size_t i = 0; i < defaults->n; i++)
		if (defaults->v[i][0] && !is_replaced(defaults->v[i], words))
			add_word(&sb, defaults->v[i], strlen(defaults->v[i]));
	for (const char *w = words; (w = next_word(w, &len)); w += len)
		if (!takes_a_default(defaults, w))
			add_word(&sb, w, len);
	return strbuf_take(&sb);
}
