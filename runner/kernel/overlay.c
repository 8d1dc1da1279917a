// SPDX-License-Identifier: GPL-2.0-or-later
/* LAVA's helpers and test directories as a cpio archive or as lines to type. */
#include "kernel/overlay.h"

#include <errno.h>
#include <fcntl.h>

#include "kernel/cpio.h"
#include "util/mem.h"
#include "util/strbuf.h"

static int put_helpers(struct cpio_writer *w)
{
	int r = cpio_put_header(w, "lava", S_IFDIR | 0755, 0, NULL);

	if (!r)
		r = cpio_put_header(w, "lava/bin", S_IFDIR | 0755, 0, NULL);
	for (const struct overlay_script *s = overlay_scripts; !r && s->name; s++) {
		_cleanup_free_ char *path = xasprintf("lava/bin/%s", s->name);

		r = cpio_put_header(w, path, S_IFREG | 0755, strlen(s->text), NULL);
		if (!r)
			r = cpio_put_data(w, s->text, strlen(s->text));
	}
	return r;
}

static bool is_tree_name(const char *s)
{
	return s[0] && s[0] != '.' && strlen(s) <= 128 &&
	       !s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789._-")];
}

static int put_tree(struct cpio_writer *w, const struct overlay_tree *t)
{
	_cleanup_free_ char *path = xasprintf("lava/tests/%s", t->name);
	_cleanup_close_ int fd = -1;

	if (!is_tree_name(t->name))
		return err_set(w->err, ERR_JOB, -EINVAL,
			       "overlay: \"%.100s\" is no name for a test directory",
			       t->name);
	fd = open(t->host_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(w->err, ERR_JOB, -errno, "%s: %s", t->host_path,
			       strerror(errno));
	return cpio_put_dir(w, fd, path, 0);
}

int overlay_write(const struct overlay_tree *trees, size_t n_trees, int out_fd,
		  const struct task *task, uint64_t *size, struct err *err)
{
	struct cpio_writer w = { .task = task, .out_fd = out_fd, .err = err };
	int r = cpio_open(&w, "");

	if (!r)
		r = put_helpers(&w);
	if (!r && n_trees)
		r = cpio_put_header(&w, "lava/tests", S_IFDIR | 0755, 0, NULL);
	for (size_t i = 0; !r && i < n_trees; i++)
		r = put_tree(&w, &trees[i]);
	r = cpio_close(&w, r);
	*size = w.written;
	return r;
}

static void add_printf(struct strvec *out, struct strbuf *args, const char *name,
		       bool is_first)
{
	strvec_addf(out, "printf '%%s\\n'%s >%s" OVERLAY_TYPED_BIN "/%s",
		    strbuf_str(args), is_first ? "" : ">", name);
	if (strlen(out->v[out->n - 1]) > OVERLAY_LINE_MAX)
		BUG("a line of %s does not fit", name);
	strbuf_reset(args);
}

static void add_script(struct strvec *out, const struct overlay_script *s)
{
	size_t room = OVERLAY_LINE_MAX - sizeof("printf '%s\\n' >>/") -
		      sizeof(OVERLAY_TYPED_BIN) - strlen(s->name);
	_cleanup_strbuf_ struct strbuf args = STRBUF_INIT;
	bool is_first = true;

	for (const char *p = s->text; *p;) {
		_cleanup_strbuf_ struct strbuf one = STRBUF_INIT;
		size_t n = strcspn(p, "\n");

		strbuf_addch(&one, ' ');
		strbuf_add_quoted(&one, p, n);
		if (args.len && args.len + one.len > room) {
			add_printf(out, &args, s->name, is_first);
			is_first = false;
		}
		strbuf_add(&args, one.buf, one.len);
		p += n + (p[n] == '\n');
	}
	add_printf(out, &args, s->name, is_first);
}

void overlay_shell_lines(struct strvec *out)
{
	strvec_add(out, "mkdir -p " OVERLAY_TYPED_BIN);
	for (const struct overlay_script *s = overlay_scripts; s->name; s++)
		add_script(out, s);
	strvec_add(out, "chmod 755 " OVERLAY_TYPED_BIN "/lava-*");
	strvec_add(out, "PATH=" OVERLAY_TYPED_BIN ":$PATH; export PATH");
}
