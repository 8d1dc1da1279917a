// SPDX-License-Identifier: GPL-2.0-or-later
/* Words of which one is expected, and which one a mistyped word was meant to be. */
#include "parse/yaml_int.h"

#include "util/strbuf.h"

/* Damerau's distance (insert, delete, change, swap of neighbours), for words up to 40. */
static size_t distance(const char *a, const char *b)
{
	enum { MAX = 40 };
	size_t la = strlen(a), lb = strlen(b), d[MAX + 1][MAX + 1];

	if (la > MAX || lb > MAX)
		return SIZE_MAX;
	for (size_t i = 0; i <= la; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++)
		for (size_t j = 1; j <= lb; j++) {
			size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	return d[la][lb];
}

/* Only a near miss is worth a hint. */
void yaml_hint_consider(struct yaml_hint *h, const char *word)
{
	size_t d = distance(word, h->given);

	if ((!h->best || d < h->distance) && d <= (strlen(word) + 2) / 4) {
		h->best = word;
		h->distance = d;
	}
}

bool yaml_is_near(const char *word, const char *given)
{
	struct yaml_hint hint = { .given = given };

	yaml_hint_consider(&hint, word);
	return hint.best && strcmp(word, given) != 0;
}

bool yaml_get_word(struct spec_report *r, const struct yaml_node *n, const char *what,
		   const char *const *words, size_t n_words, size_t *out)
{
	_cleanup_strbuf_ struct strbuf list = STRBUF_INIT;
	struct yaml_hint hint = { 0 };
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return false;
	hint.given = s;
	for (size_t i = 0; i < n_words; i++) {
		if (strcmp(s, words[i]) == 0) {
			*out = i;
			return true;
		}
		yaml_hint_consider(&hint, words[i]);
		strbuf_addf(&list, "%s%s", i ? ", " : "", words[i]);
	}
	spec_complain(r, n->mark, "%s is \"%.60s\"%s%s%s; expected %s%s", what, s,
		      hint.best ? ", did you mean \"" : "", hint.best ? hint.best : "",
		      hint.best ? "\"?" : "", n_words > 1 ? "one of: " : "",
		      strbuf_str(&list));
	return false;
}
