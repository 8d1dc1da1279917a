// SPDX-License-Identifier: GPL-2.0-or-later
/* Several files out of an archive in one pass. A file that is wanted but is a link inside
 * the archive is looked for under the name that the link gives, in another pass. */
#include "kernel/bundle.h"

#include <errno.h>

#include "kernel/cpio.h"
#include "kernel/modules.h"
#include "kernel/unpack_reader.h"
#include "util/mem.h"

enum { MAX_LINKS = 3 };
#define MEMBER_MAX_BYTES (UINT64_C(64) << 20)

/* What is known of a piece while the archive is read. */
struct search {
	struct bundle_piece *p;
	int rank;     /* KERNEL: how good the one is that was taken */
	char *target; /* where a link by that name leads */
};

struct bundle {
	struct unpack_reader rd;
	struct search *v;
	size_t n;
	struct bundle_piece *modules; /* NULL = not wanted */
	struct cpio_writer cpio;
	struct err *err;
};

/* An Image goes before an Image.gz, and both before a copy beside the modules. */
static int kernel_rank(const char *name, bool is_deb)
{
	const char *base = strrchr(name, '/');

	base = base ? base + 1 : name;
	if (!unpack_is_kernel_name(name, is_deb))
		return 0;
	if (strstr(name, "lib/modules/"))
		return 1;
	return strncmp(base, "Image.", 6) == 0 ? 2 : 3;
}

static bool ends_with(const char *name, const char *member)
{
	size_t n = strlen(name), m = strlen(member);

	return n >= m && strcmp(name + n - m, member) == 0 &&
	       (n == m || name[n - m - 1] == '/');
}

static int rank_of(const struct bundle *b, const struct search *s, const char *name)
{
	switch (s->p->what) {
	case BUNDLE_KERNEL:
		if (s->target)
			return strcmp(name, s->target) == 0 ? 3 : 0;
		return kernel_rank(name, b->rd.inner);
	case BUNDLE_MEMBER:
		if (s->target)
			return strcmp(name, s->target) == 0 ? 3 : 0;
		return ends_with(name, s->p->member) ? 3 : 0;
	case BUNDLE_MODULES:
		return 0;
	}
	BUG("bundle piece %d", (int)s->p->what);
}

static int two_of_them(const struct bundle *b, const struct search *s, const char *name)
{
	return err_set(b->err, ERR_JOB, -EINVAL, "%s: %s in it: %.100s and %.100s",
		       b->rd.src.u->name,
		       s->p->what == BUNDLE_KERNEL ? "more than one kernel"
						   : "more than one file of that name",
		       s->p->out.member, name);
}

static int write_piece(struct bundle *b, struct search *s, const char *name, int rank)
{
	struct unpack_sink sink = { .fd = s->p->out_fd,
				    .max_bytes = s->p->what == BUNDLE_KERNEL
							 ? UNPACK_MAX_BYTES
							 : MEMBER_MAX_BYTES };

	if (strlen(name) >= sizeof(s->p->out.member))
		return unpack_reader_err(&b->rd, -EINVAL, "an entry's name is too long");
	if (s->p->is_found && (ftruncate(sink.fd, 0) || lseek(sink.fd, 0, SEEK_SET)))
		return err_set(b->err, ERR_LAB, -errno, "cannot write: %s",
			       strerror(errno));
	s->rank = rank;
	s->p->is_found = true;
	snprintf(s->p->out.member, sizeof(s->p->out.member), "%s", name);
	int r = unpack_reader_write(&b->rd, &sink);
	s->p->out.size = sink.size;
	s->p->out.sha256 = sink.sha256;
	return r;
}

/* "boot/vmlinuz" -> "vmlinuz-6.1" is boot/vmlinuz-6.1. NULL = it leads out. */
static char *target_of(const char *name, struct archive_entry *e)
{
	const char *hard = archive_entry_hardlink(e), *soft = archive_entry_symlink(e);
	const char *slash = strrchr(name, '/');
	int depth = 0;

	if (hard) {
		while (hard[0] == '.' && hard[1] == '/')
			hard += 2;
		return unpack_is_name_safe(hard) ? xstrdup(hard) : NULL;
	}
	for (const char *p = name; (p = strchr(p, '/')); p++)
		depth++;
	if (!soft || !cpio_link_stays_inside(soft, depth))
		return NULL;
	size_t n = slash ? (size_t)(slash - name) : 0;
	for (;; soft += strspn(soft, "/")) {
		if (strncmp(soft, "./", 2) == 0) {
			soft += 2;
		} else if (strncmp(soft, "../", 3) == 0) {
			soft += 3;
			while (n && name[--n] != '/')
				;
		} else {
			break;
		}
	}
	return unpack_is_name_safe(soft)
		       ? xasprintf("%.*s%s%s", (int)n, name, n ? "/" : "", soft)
		       : NULL;
}

static int note_link(struct bundle *b, struct search *s, const char *name,
		     struct archive_entry *e)
{
	if (s->p->is_found || s->target)
		return 0;
	s->target = target_of(name, e);
	if (s->target)
		return 0;
	return err_set(b->err, ERR_JOB, -EINVAL,
		       "%s: %.200s is a link that leads out of the archive",
		       b->rd.src.u->name, name);
}

static int take_piece(struct bundle *b, const char *name, struct archive_entry *e)
{
	bool is_file = archive_entry_filetype(e) == AE_IFREG;

	for (size_t i = 0; i < b->n; i++) {
		struct search *s = &b->v[i];
		int rank = rank_of(b, s, name);

		if (!rank || rank < s->rank)
			continue;
		if (!unpack_is_name_safe(name))
			return err_set(b->err, ERR_JOB, -EINVAL,
				       "%s: %.200s leads out of the archive",
				       b->rd.src.u->name, name);
		if (!is_file && !archive_entry_symlink(e))
			continue;
		if (!is_file || archive_entry_hardlink(e))
			return note_link(b, s, name, e);
		if (s->p->is_found && rank == s->rank)
			return two_of_them(b, s, name);
		return write_piece(b, s, name, rank);
	}
	return b->modules ? modules_take_entry(&b->rd, &b->cpio, b->modules, name, e) : 0;
}

/* dpkg sorts what is in a package: behind boot/ there is no kernel, behind lib/ no
 * module, and the rest need not be decompressed. */
static bool is_enough(const struct bundle *b, const char *name)
{
	if (!b->rd.inner)
		return false;
	for (size_t i = 0; i < b->n; i++) {
		const struct bundle_piece *p = b->v[i].p;
		const char *behind = p->what == BUNDLE_KERNEL    ? "boot"
				     : p->what == BUNDLE_MODULES ? "lib/"
								 : NULL;

		if (!p->is_found || (behind && strncmp(name, behind, 4) <= 0))
			return false;
	}
	return true;
}

static int read_entries(struct bundle *b)
{
	struct archive_entry *e;
	const char *name;
	int r;

	while ((r = unpack_reader_next(&b->rd, &e, &name)) > 0) {
		if (unpack_reader_is_raw(&b->rd))
			return unpack_reader_err(&b->rd, -EINVAL,
						 "no archive; expected .deb, tar or zip");
		if (is_enough(b, name))
			return 0;
		r = take_piece(b, name, e);
		if (r)
			return r;
	}
	return r;
}

static int read_once(struct bundle *b, const struct unpack *u, const struct task *task)
{
	b->cpio = (struct cpio_writer){ .task = task,
					.out_fd = b->modules ? b->modules->out_fd : -1,
					.max_bytes = MODULES_MAX_BYTES,
					.hash = b->modules ? sha256_new() : NULL,
					.err = b->err };
	int r = b->modules ? cpio_open(&b->cpio, b->modules->compression) : 0;

	if (!r)
		r = unpack_reader_open(&b->rd, u, task, b->err);
	if (!r)
		r = read_entries(b);
	if (b->modules) {
		r = cpio_close(&b->cpio, r);
		b->modules->out.size = b->cpio.written;
		b->modules->out.sha256 = sha256_finish(b->cpio.hash);
	}
	for (size_t i = 0; i < b->n; i++)
		snprintf(b->v[i].p->out.how, sizeof(b->v[i].p->out.how), "%s", b->rd.how);
	unpack_reader_release(&b->rd);
	return r;
}

/* What is a link: not found yet, but its target is known. */
static bool has_links(const struct bundle *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (!b->v[i].p->is_found && b->v[i].target)
			return true;
	return false;
}

int bundle_read(const struct unpack *u, struct bundle_piece *pieces, size_t n_pieces,
		const struct task *task, struct err *err)
{
	struct bundle b = { .err = err };
	int r;

	b.v = xcalloc(n_pieces + 1, sizeof(*b.v));
	b.n = n_pieces;
	for (size_t i = 0; i < n_pieces; i++) {
		b.v[i].p = &pieces[i];
		pieces[i].is_found = false;
		pieces[i].out = (struct unpacked){ .size = 0 };
		if (pieces[i].what == BUNDLE_MODULES)
			b.modules = &pieces[i];
	}
	r = read_once(&b, u, task);
	for (int i = 0; !r && has_links(&b) && i < MAX_LINKS; i++) {
		/* Once more for the links alone. */
		size_t n = 0;

		for (size_t k = 0; k < b.n; k++)
			if (!b.v[k].p->is_found && b.v[k].target)
				b.v[n++] = b.v[k];
			else
				free(b.v[k].target);
		b.n = n;
		b.modules = NULL;
		r = read_once(&b, u, task);
	}
	for (size_t i = 0; i < b.n; i++)
		free(b.v[i].target);
	free(b.v);
	return r;
}
