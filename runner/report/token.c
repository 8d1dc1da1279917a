// SPDX-License-Identifier: GPL-2.0-or-later
/* Which token goes to which receiver. */
#include "report/token.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>

#include "util/io.h"
#include "util/mem.h"

enum { TOKENS_MAX = 1 << 20 };

char *url_origin(const char *url)
{
	const char *host = strstr(url, "://");
	size_t n = host ? (size_t)(host - url) + 3 : 0;

	n += strcspn(url + n, "/?#");
	char *origin = xstrndup(url, n);
	for (char *p = origin; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return origin;
}

static bool same_origin(const char *a, const char *b)
{
	_cleanup_free_ char *x = url_origin(a);
	_cleanup_free_ char *y = url_origin(b);

	return strcmp(x, y) == 0;
}

/* The header line; control bytes would smuggle in another one. */
static int make_header(const char *token, const char *name, bool raw, char **out,
		       struct err *err)
{
	for (const char *p = token; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return err_set(err, ERR_LAB, -EINVAL,
				       "the token holds blanks or control bytes");
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '_')
			return err_set(err, ERR_LAB, -EINVAL, "\"%s\" is no header name",
				       name);
	if (!*token || !*name)
		return err_set(err, ERR_LAB, -EINVAL, "the token is empty");
	*out = xasprintf("%s: %s%s", name, raw ? "" : "Bearer ", token);
	return 0;
}

/* Next blank-separated word of *line, NUL-terminated in place; NULL at the end. */
static char *next_word(char **line)
{
	char *w = *line + strspn(*line, " \t\r");
	size_t n = strcspn(w, " \t\r");

	if (!n)
		return NULL;
	*line = w + n + (w[n] != '\0');
	w[n] = '\0';
	return w;
}

/* Does the URL of a line cover where? Same origin, and its path is where's or above it.
 */
static bool covers(const char *prefix, const char *where)
{
	size_t n = strlen(prefix);

	if (!same_origin(prefix, where))
		return false;
	while (n && prefix[n - 1] == '/')
		n--;
	_cleanup_free_ char *origin = url_origin(prefix);
	size_t o = strlen(origin);
	if (n <= o)
		return true;
	return strncmp(prefix + o, where + o, n - o) == 0 &&
	       (where[n] == '\0' || strchr("/?", where[n]));
}

static int from_line(char *line, const char *url, char **out, struct err *err)
{
	char *where = next_word(&line), *token = next_word(&line), *w;
	const char *name = "Authorization";
	bool raw = false;

	if (!where || where[0] == '#' || !covers(where, url))
		return 0;
	while ((w = next_word(&line))) {
		if (strcmp(w, "raw") == 0)
			raw = true;
		else if (strncmp(w, "header=", 7) == 0)
			name = w + 7;
		else
			return err_set(err, ERR_LAB, -EINVAL,
				       "want \"URL TOKEN [raw] [header=NAME]\"");
	}
	return make_header(token ? token : "", name, raw, out, err);
}

static int from_file(const char *path, bool must_exist, const char *url, char **out,
		     struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	int r = io_read_file_at(AT_FDCWD, path, TOKENS_MAX, &text), number = 0;

	if (r == -ENOENT && !must_exist)
		return 0;
	if (r)
		return err_set(err, ERR_LAB, r, "tokens file %s: %s", path, strerror(-r));
	_cleanup_free_ char *copy = strbuf_take(&text);
	for (char *line = copy, *next; line && !*out; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		number++;
		r = from_line(line, url, out, err);
		if (r) {
			err_prefix(err, "%s:%d: ", path, number);
			return r;
		}
	}
	return 0;
}

static int from_files(const char *url, char **out, struct err *err)
{
	const char *named = getenv("BOOTRIG_TOKENS");
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	_cleanup_free_ char *path = NULL;
	int r = 0;

	if (named && *named)
		return from_file(named, true, url, out, err);
	if (credentials && *credentials) {
		path = xasprintf("%s/bootrig-tokens", credentials);
		r = from_file(path, false, url, out, err);
	}
	if (r || *out)
		return r;
	free(TAKE_PTR(path));
	if (config && *config == '/')
		path = xasprintf("%s/bootrig/tokens", config);
	else if (home && *home)
		path = xasprintf("%s/.config/bootrig/tokens", home);
	return path ? from_file(path, false, url, out, err) : 0;
}

/* KCIDB_REST=https://TOKEN@host/: the token goes into the header, never into a URL. */
static int from_kcidb_rest(const struct destination *to, char **out, struct err *err)
{
	const char *rest = getenv("KCIDB_REST");
	const char *host = rest && to->kind == SPOOL_KCIDB ? strstr(rest, "://") : NULL;
	const char *at = host ? strchr(host, '@') : NULL;

	if (!at || strcspn(host + 3, "/?#") < (size_t)(at - host - 3))
		return 0;
	_cleanup_free_ char *plain =
		xasprintf("%.*s%s", (int)(host + 3 - rest), rest, at + 1);
	if (!same_origin(plain, to->url))
		return 0;
	_cleanup_free_ char *token = xstrndup(host + 3, (size_t)(at - host - 3));
	return make_header(token, "Authorization", false, out, err);
}

/* The content of a file that holds one token. */
static int read_token(const char *path, bool must_exist, char **token, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	int r = io_read_file_at(AT_FDCWD, path, TOKENS_MAX, &text);

	if (r == -ENOENT && !must_exist)
		return 0;
	if (r)
		return err_set(err, ERR_LAB, r, "token file %s: %s", path, strerror(-r));
	while (text.len && (unsigned char)text.buf[text.len - 1] <= ' ')
		text.buf[--text.len] = '\0';
	*token = strbuf_take(&text);
	return 0;
}

static int the_one_token(char **token, struct err *err)
{
	const char *value = getenv("BOOTRIG_POST_TOKEN");
	const char *file = getenv("BOOTRIG_POST_TOKEN_FILE");
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");

	if (value && *value) {
		*token = xstrdup(value);
		return 0;
	}
	if (file && *file)
		return read_token(file, true, token, err);
	if (!credentials || !*credentials)
		return 0;
	_cleanup_free_ char *path = xasprintf("%s/bootrig-post-token", credentials);
	return read_token(path, false, token, err);
}

int token_header(const struct destination *to, const char *named_url, char **out,
		 struct err *err)
{
	const char *name = getenv("BOOTRIG_POST_HEADER");
	const char *form = getenv("BOOTRIG_POST_TOKEN_FORM");
	_cleanup_free_ char *token = NULL;

	*out = NULL;
	int r = from_files(to->url, out, err);
	if (!r && !*out)
		r = from_kcidb_rest(to, out, err);
	if (r || *out)
		return r;
	if (named_url ? !same_origin(named_url, to->url) : !to->is_operators)
		return 0;
	r = the_one_token(&token, err);
	if (r || !token)
		return r;
	return make_header(token, name && *name ? name : "Authorization",
			   form && strcmp(form, "raw") == 0, out, err);
}
