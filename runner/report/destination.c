// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a report goes, from the text of a job file, the environment or the command line.
 */
#include <errno.h>
#include <strings.h>

#include "report/spool.h"
#include "util/mem.h"

enum { URL_MAX = 2048 };

static bool skip_prefix(const char **s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncasecmp(*s, prefix, n) != 0)
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

void destinations_release(struct destinations *d)
{
	for (size_t i = 0; i < d->n; i++)
		destination_release(&d->v[i]);
	free(d->v);
	*d = (struct destinations)DESTINATIONS_INIT;
}

static int add(struct destinations *d, const char *text, bool is_operators,
	       struct err *err)
{
	struct destination to;
	int r = destination_parse(text, is_operators, &to, err);

	if (r)
		return r;
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].kind == to.kind && strcmp(d->v[i].url, to.url) == 0) {
			d->v[i].is_operators |= is_operators;
			destination_release(&to);
			return 0;
		}
	d->v = xreallocarray(d->v, d->n + 1, sizeof(*d->v));
	d->v[d->n++] = to;
	return 0;
}

int destinations_collect(const char *named, const struct strvec *job_urls,
			 struct destinations *out, struct err *err)
{
	const char *env = getenv("BOOTRIG_POST_URL");
	char *save = NULL;
	int r = 0;

	*out = (struct destinations)DESTINATIONS_INIT;
	if (named)
		return add(out, named, true, err);
	_cleanup_free_ char *list = xstrdup(env ? env : "");
	for (char *w = strtok_r(list, " ", &save); !r && w;
	     w = strtok_r(NULL, " ", &save)) {
		r = add(out, w, true, err);
		if (r)
			err_prefix(err, "BOOTRIG_POST_URL: ");
	}
	for (size_t i = 0; !r && job_urls && i < job_urls->n; i++) {
		r = add(out, job_urls->v[i], false, err);
		if (r)
			err_prefix(err, "results: post: ");
	}
	if (r)
		destinations_release(out);
	return r;
}
