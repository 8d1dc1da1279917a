// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a report goes, from the text of a job file, the environment or the command line.
 */
#include <errno.h>

#include "report/spool.h"
#include "util/mem.h"

enum { URL_MAX = 2048 };

static bool skip_prefix(const char **s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(*s, prefix, n) != 0)
		return false;
	*s += n;
	return true;
}

/* Printable ASCII without blanks and quotes, as an URL must be. */
static bool is_url_text(const char *s)
{
	for (; *s; s++)
		if (*s <= ' ' || *s > '~' || *s == '"' || *s == '<' || *s == '>')
			return false;
	return true;
}

static bool path_ends_in_submit(const char *url)
{
	size_t n = strcspn(url, "?#");

	while (n && url[n - 1] == '/')
		n--;
	return n >= 7 && memcmp(url + n - 7, "/submit", 7) == 0;
}

const char *spool_kind_to_str(enum spool_kind kind)
{
	return kind == SPOOL_KCIDB ? "kcidb" : "result";
}

int destination_parse(const char *text, bool is_operators, struct destination *out,
		      struct err *err)
{
	const char *url = text, *host;
	bool is_kcidb = skip_prefix(&url, "kcidb+");
	bool is_result = !is_kcidb && skip_prefix(&url, "result+");

	*out = (struct destination)DESTINATION_INIT;
	host = url;
	if (!skip_prefix(&host, "https://") && !skip_prefix(&host, "http://"))
		return err_set(err, ERR_JOB, -EINVAL,
			       "cannot post there: want http://… or https://…");
	size_t n = strcspn(host, "/?#");
	if (memchr(host, '@', n))
		return err_set(
			err, ERR_JOB, -EINVAL,
			"a URL to post to must not hold a user, password or token (see docs/posting.md)");
	if (!n || strlen(url) > URL_MAX || !is_url_text(url) || strchr(url, '#'))
		return err_set(err, ERR_JOB, -EINVAL, "cannot post there: no valid URL");
	is_kcidb |= !is_result && path_ends_in_submit(url);
	out->kind = is_kcidb ? SPOOL_KCIDB : SPOOL_RESULT;
	out->is_operators = is_operators;
	if (is_kcidb && !path_ends_in_submit(url)) {
		size_t end = strlen(url);

		while (end && url[end - 1] == '/')
			end--;
		out->url = xasprintf("%.*s/submit", (int)end, url);
	} else {
		out->url = xstrdup(url);
	}
	return 0;
}

void destination_release(struct destination *d)
{
	free(d->url);
	*d = (struct destination)DESTINATION_INIT;
}
