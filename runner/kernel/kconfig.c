// SPDX-License-Identifier: GPL-2.0-or-later
/* Configurations by the kernel's own make. allnoconfig and its like take fragments by
 * KCONFIG_ALLCONFIG (Documentation/kbuild/kconfig.rst); on anything else they are put
 * behind the base's .config, then olddefconfig, as scripts/kconfig/merge_config.sh does.
 */
#include "kernel/kconfig.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "util/io.h"
#include "util/mem.h"

void kconfig_release(struct kconfig *k)
{
	free(k->base);
	strbuf_release(&k->text);
	strvec_release(&k->names);
	strvec_release(&k->contents);
	free(k->sha256);
	*k = (struct kconfig){ .base = NULL };
}

/* ---- lines of a .config -------------------------------------------------------------
 */

struct option {
	const char *name; /* without CONFIG_ */
	size_t name_len;
	const char *value; /* "n" for "is not set" */
	size_t value_len;
};

/* One line; false when it sets nothing. */
static bool read_option(const char *line, size_t len, struct option *o)
{
	static const char set[] = "CONFIG_", unset[] = "# CONFIG_",
			  behind[] = " is not set";

	while (len &&
	       (line[len - 1] == ' ' || line[len - 1] == '\t' || line[len - 1] == '\r'))
		len--;
	if (len > sizeof(unset) + sizeof(behind) - 2 &&
	    memcmp(line, unset, sizeof(unset) - 1) == 0 &&
	    memcmp(line + len - (sizeof(behind) - 1), behind, sizeof(behind) - 1) == 0) {
		*o = (struct option){ line + sizeof(unset) - 1,
				      len - (sizeof(unset) - 1) - (sizeof(behind) - 1),
				      "n", 1 };
		return true;
	}
	if (len < sizeof(set) || memcmp(line, set, sizeof(set) - 1) != 0)
		return false;
	const char *equal = memchr(line, '=', len);
	if (!equal)
		return false;
	*o = (struct option){ line + sizeof(set) - 1,
			      (size_t)(equal - line) - (sizeof(set) - 1), equal + 1,
			      (size_t)(line + len - equal) - 1 };
	return true;
}

static bool next_option(const char **at, uint32_t *line_no, struct option *o)
{
	while (**at) {
		size_t n = strcspn(*at, "\n");
		const char *line = *at;

		*at += n + (line[n] == '\n');
		(*line_no)++;
		if (read_option(line, n, o))
			return true;
	}
	return false;
}

static bool is_name(const struct option *o, const char *name, size_t len)
{
	return o->name_len == len && memcmp(o->name, name, len) == 0;
}

static char *get_value(const char *config, const char *name, size_t len)
{
	struct option o, found = { .value = "", .value_len = 0 };
	uint32_t line_no = 0;

	while (next_option(&config, &line_no, &o))
		if (is_name(&o, name, len))
			found = o;
	return xstrndup(found.value, found.value_len);
}

char *kconfig_get(const char *config, const char *name)
{
	char *value = get_value(config, name, strlen(name));

	if (strcmp(value, "n") == 0)
		value[0] = '\0';
	return value;
}

bool kconfig_has_modules(const char *config)
{
	struct option o;
	uint32_t line_no = 0;

	while (next_option(&config, &line_no, &o))
		if (o.value_len == 1 && o.value[0] == 'm')
			return true;
	return false;
}

/* ---- files --------------------------------------------------------------------------
 */

/* Kconfig passes over a line that it cannot read with a warning. */
static int check_lines(const char *path, const char *text, struct err *err)
{
	struct option o;

	for (uint32_t line_no = 1; *text; line_no++) {
		size_t n = strcspn(text, "\n");

		if (text[0] != '#' && strspn(text, " \t\r") < n &&
		    !read_option(text, n, &o))
			return err_set(
				err, ERR_JOB, -EINVAL,
				"%s:%u:1: expected CONFIG_NAME=VALUE or \"# CONFIG_NAME is not set\"",
				path, line_no);
		text += n + (text[n] == '\n');
	}
	return 0;
}

static int add_file(struct kconfig *k, const char *path, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	int r = io_read_file_at(AT_FDCWD, path, KCONFIG_MAX_BYTES, &text);

	if (r)
		return err_set(err, ERR_JOB, r, "configuration %s: %s", path,
			       strerror(-r));
	if (strlen(strbuf_str(&text)) != text.len)
		return err_set(err, ERR_JOB, -EINVAL,
			       "configuration %s: a NUL byte in it", path);
	r = check_lines(path, strbuf_str(&text), err);
	if (r)
		return r;
	k->sha256 = xreallocarray(k->sha256, k->names.n + 1, sizeof(*k->sha256));
	k->sha256[k->names.n] = sha256_of(strbuf_str(&text), text.len);
	strvec_add(&k->names, path);
	strvec_add(&k->contents, strbuf_str(&text));
	strbuf_add(&k->text, strbuf_str(&text), text.len);
	strbuf_addch(&k->text, '\n');
	return 0;
}

static bool is_target(const char *base)
{
	size_t n = strlen(base);

	return !strchr(base, '/') && n > 6 && strcmp(base + n - 6, "config") == 0 &&
	       base[0] != '-' && base[0] != '.' && access(base, F_OK) != 0;
}

int kconfig_load(const char *base, const struct strvec *fragments,
		 const struct strvec *more, struct kconfig *out, struct err *err)
{
	const struct strvec *const lists[] = { fragments, more };
	int r = 0;

	*out = (struct kconfig){ .base = NULL };
	base = base ?: "allnoconfig";
	if (is_target(base)) {
		out->base = xstrdup(base);
	} else {
		r = add_file(out, base, err);
		out->n_whole = 1;
	}
	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		for (size_t i = 0; !r && lists[l] && i < lists[l]->n; i++)
			r = add_file(out, lists[l]->v[i], err);
	return r;
}

/* ---- was it done as asked -----------------------------------------------------------
 */

/* What a later line of the same or a later file says about it. */
static bool is_overruled(const struct kconfig *k, size_t file, const char *rest,
			 const struct option *o)
{
	for (;;) {
		uint32_t line_no = 0;
		struct option later;

		while (next_option(&rest, &line_no, &later))
			if (is_name(&later, o->name, o->name_len))
				return true;
		if (++file >= k->contents.n)
			return false;
		rest = k->contents.v[file];
	}
}

static int check_file(const struct kconfig *k, size_t file, const char *config,
		      struct strbuf *wrong)
{
	const char *at = k->contents.v[file];
	uint32_t line_no = 0, n = 0;
	struct option o;

	while (next_option(&at, &line_no, &o)) {
		_cleanup_free_ char *is = get_value(config, o.name, o.name_len);
		bool is_off = !is[0] || strcmp(is, "n") == 0;
		/* An n is a wish to do without: what others select, they need. */
		bool is_same = (o.value_len == 1 && o.value[0] == 'n') ||
			       (strlen(is) == o.value_len &&
				memcmp(is, o.value, o.value_len) == 0);

		if (is_same || is_overruled(k, file, at, &o))
			continue;
		if (++n <= 3)
			strbuf_addf(wrong, "%s%s:%u: CONFIG_%.*s=%.*s is asked, it is %s",
				    wrong->len ? "; " : "", k->names.v[file], line_no,
				    (int)o.name_len, o.name, (int)o.value_len, o.value,
				    is_off ? "not set" : is);
	}
	if (n > 3)
		strbuf_addf(wrong, "; and %u more", n - 3);
	return (int)n;
}

static int check_all(const struct kconfig *k, const char *config, struct err *err)
{
	_cleanup_strbuf_ struct strbuf wrong = STRBUF_INIT;

	for (size_t i = k->n_whole; i < k->contents.n; i++)
		if (check_file(k, i, config, &wrong) && wrong.len > 400)
			break;
	return wrong.len ? err_set(err, ERR_JOB, -EINVAL, "%s", strbuf_str(&wrong)) : 0;
}

/* ---- by make ------------------------------------------------------------------------
 */

static bool takes_allconfig(const char *base)
{
	static const char *const targets[] = { "allnoconfig", "allyesconfig",
					       "allmodconfig", "alldefconfig" };

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		if (strcmp(base, targets[i]) == 0)
			return true;
	return false;
}

/* Kconfig writes where KCONFIG_CONFIG says, so that a .config that stays the same keeps
 * its time, and with it everything that was built by it. */
static int make_config(struct kernel_make *m, const char *file, const char *target,
		       const char *allconfig, struct err *err)
{
	_cleanup_free_ char *config = xasprintf("KCONFIG_CONFIG=%s", file);
	_cleanup_free_ char *all = xasprintf("KCONFIG_ALLCONFIG=%s", allconfig ?: "");
	const char *targets[] = { target, config, allconfig ? all : NULL, NULL };

	return kernel_make(m, targets, "the configuration", err);
}

static int append(const char *path, const struct strbuf *text, struct err *err)
{
	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	int r = fd < 0 ? -errno : io_write_all(fd, strbuf_str(text), text->len);

	return r ? err_set(err, ERR_LAB, r, "%s: %s", path, strerror(-r)) : 0;
}

static int make_new(const struct kconfig *k, struct kernel_make *m, const char *fresh,
		    struct err *err)
{
	_cleanup_free_ char *fragments = xasprintf("%s/.bootrig-fragments", m->objects);
	int r = 0;

	if (unlink(fresh) && errno != ENOENT)
		return err_set(err, ERR_LAB, -errno, "%s: %s", fresh, strerror(errno));
	if (k->base && takes_allconfig(k->base)) {
		r = io_atomic_write(fragments, strbuf_str(&k->text), k->text.len);
		if (r)
			return err_set(err, ERR_LAB, r, "%s: %s", fragments,
				       strerror(-r));
		return make_config(m, fresh, k->base, fragments, err);
	}
	if (k->base)
		r = make_config(m, fresh, k->base, NULL, err);
	if (!r)
		r = append(fresh, &k->text, err);
	return r ? r : make_config(m, fresh, "olddefconfig", NULL, err);
}

static int read_config(const char *path, struct strbuf *out, struct err *err)
{
	int r = io_read_file_at(AT_FDCWD, path, KCONFIG_MAX_BYTES, out);

	return r ? err_set(err, ERR_LAB, r, "%s: %s", path, strerror(-r)) : 0;
}

int kconfig_apply(const struct kconfig *k, struct kernel_make *m, struct err *err)
{
	_cleanup_free_ char *config = xasprintf("%s/.config", m->objects);
	_cleanup_free_ char *fresh = xasprintf("%s/.bootrig-config", m->objects);
	_cleanup_strbuf_ struct strbuf now = STRBUF_INIT, then = STRBUF_INIT;
	int r = make_new(k, m, fresh, err);

	if (!r)
		r = read_config(fresh, &now, err);
	if (!r)
		r = check_all(k, strbuf_str(&now), err);
	if (r)
		return r;
	if (!io_read_file_at(AT_FDCWD, config, KCONFIG_MAX_BYTES, &then) &&
	    strcmp(strbuf_str(&now), strbuf_str(&then)) == 0)
		return 0;
	return rename(fresh, config)
		       ? err_set(err, ERR_LAB, -errno, "%s: %s", config, strerror(errno))
		       : 0;
}
