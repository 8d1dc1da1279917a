// SPDX-License-Identifier: GPL-2.0-or-later
/* Several files out of an archive in one pass. A file that is wanted but is a link inside
 * the archive is looked for under the name that the link gives, in another pass. */
#include "kernel/bundle.h"

#include <errno.h>

#include "kernel/cpio.h"
#include "kernel/dtbs.h"
#include "kernel/modules.h"
#include "kernel/unpack_reader.h"
#include "util/mem.h"
#include "util/path.h"

/* Of .xz data: as many as there are processes, and twice as many again. */
enum { MAX_LINKS = 3, MIN_LAST_BLOCKS = 2, MAX_LAST_BLOCKS = 8 };
#define MEMBER_MAX_BYTES (UINT64_C(64) << 20)

/* What is known of a piece while the archive is read. */
struct search {
	struct bundle_piece *p;
	int rank;     /* KERNEL: how good the one is that was taken */
	char *target; /* where a link by that name leads */
};

/* A piece that is many files. */
struct tree {
	struct bundle_piece *p; /* NULL = not wanted */
	struct cpio_writer cpio;
};

struct bundle {
	struct unpack_reader rd;
	struct search *v;
	size_t n;
	struct tree modules, dtbs;
	bool in_order; /* nothing is to be skipped, or what was skipped is needed */
	struct err *err;
};

/* An Image goes before an Image.gz, and both before a copy beside the modules. */
static int kernel_rank(const char *name, bool is_deb)
{
	const char *base = path_last(name);

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
	case BUNDLE_DTBS:
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
		return unpack_reader_err(&b->rd, -EINVAL, "a name in it is too long");
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
	return cpio_link_target(name, soft);
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

static int take_into_trees(struct bundle *b, const char *name, struct archive_entry *e)
{
	struct tree *m = &b->modules, *d = &b->dtbs;
	int r = d->p ? dtbs_take_entry(&b->rd, &d->cpio, d->p, name, e) : 0;

	return !r && m->p ? modules_take_entry(&b->rd, &m->cpio, m->p, name, e) : r;
}

static int take_piece(struct bundle *b, const char *name, struct archive_entry *e)
{
	const bool is_file = archive_entry_filetype(e) == AE_IFREG;
	const bool is_link = archive_entry_hardlink(e) || archive_entry_symlink(e);

	for (size_t i = 0; i < b->n; i++) {
		struct search *s = &b->v[i];
		int rank = rank_of(b, s, name);

		if (!rank || rank < s->rank)
			continue;
		int r = unpack_reader_check_name(&b->rd, name);
		if (r)
			return r;
		if (!is_file && !is_link)
			continue;
		if (is_link)
			return note_link(b, s, name, e);
		if (s->p->is_found && rank == s->rank)
			return two_of_them(b, s, name);
		return write_piece(b, s, name, rank);
	}
	return take_into_trees(b, name, e);
}

static bool is_among_modules(const char *name)
{
	name += strncmp(name, "usr/", 4) == 0 ? 4 : 0;
	return strncmp(name, "lib/modules/", 12) == 0;
}

/* dpkg sorts what is in a package: behind boot/ there is no kernel, behind the modules
 * none of them, and the rest need not be decompressed. */
static bool may_be_more(const struct bundle_piece *p, const char *name)
{
	switch (p->what) {
	case BUNDLE_KERNEL:
		return !p->is_found || strncmp(name, "boot", 4) <= 0;
	case BUNDLE_MODULES:
		return !p->is_found || is_among_modules(name);
	case BUNDLE_DTBS:
		return !p->is_found ||
		       strncmp(name, p->out.member, strlen(p->out.member)) <= 0;
	case BUNDLE_MEMBER:
		return !p->is_found;
	}
	BUG("bundle piece %d", (int)p->what);
}

static bool is_enough(const struct bundle *b, const char *name)
{
	if (!b->rd.inner)
		return false;
	for (size_t i = 0; i < b->n; i++)
		if (may_be_more(b->v[i].p, name))
			return false;
	return true;
}

/* Modules are 80 % of a package, and nothing else is looked for among them. */
static bool may_skip(const struct bundle *b, const char *name)
{
	if (b->in_order || b->modules.p || !is_among_modules(name))
		return false;
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].p->what == BUNDLE_KERNEL && may_be_more(b->v[i].p, name))
			return false;
	return unpack_reader_blocks_left(&b->rd) > MIN_LAST_BLOCKS + 1;
}

static bool has_all(const struct bundle *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (!b->v[i].p->is_found && !b->v[i].target)
			return false;
	return true;
}

/* 1: everything behind the modules was read; 0: these blocks may begin too late, and
 * nothing was taken. */
static int read_last_blocks(struct bundle *b, size_t n_blocks)
{
	struct archive_entry *e;
	const char *name;
	size_t n = 0;
	int r = unpack_reader_skip_to_last(&b->rd, n_blocks);

	while (!r && (r = unpack_reader_next(&b->rd, &e, &name)) > 0) {
		r = 0;
		if (++n == 2 && !is_among_modules(name))
			return 0;
		if (n >= 2 && !is_enough(b, name))
			r = take_piece(b, name, e);
	}
	if (!r && n >= 2 && !unpack_reader_is_at_end(&b->rd))
		r = unpack_reader_err(&b->rd, -EINVAL, "more behind its end");
	return r ?: n >= 2;
}

/* What is behind the modules without these. Whatever is not right with it will be found
 * when all is read in order. */
static void read_behind_modules(struct bundle *b)
{
	const size_t left = unpack_reader_blocks_left(&b->rd);
	int r = 0;

	for (size_t n = MIN_LAST_BLOCKS; !r && n + 1 < left && n <= MAX_LAST_BLOCKS;
	     n *= 2)
		r = read_last_blocks(b, n);
	b->in_order = r != 1 || !has_all(b) ||
		      (b->dtbs.p && is_among_modules(b->dtbs.p->out.member));
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
		if (may_skip(b, name)) {
			read_behind_modules(b);
			return 0;
		}
		r = take_piece(b, name, e);
		if (r)
			return r;
	}
	return r;
}

static int open_tree(struct bundle *b, struct tree *t, uint64_t max_bytes,
		     const struct task *task)
{
	if (!t->p)
		return 0;
	t->cpio = (struct cpio_writer){ .task = task,
					.out_fd = t->p->out_fd,
					.max_bytes = max_bytes,
					.hash = sha256_new(),
					.watch = t->p->watch,
					.err = b->err };
	return cpio_open(&t->cpio, t->p->compression);
}

/* r: what became of the reading. */
static int close_tree(struct tree *t, int r)
{
	if (!t->p || !t->cpio.a)
		return r;
	r = cpio_close(&t->cpio, r);
	t->p->out.size = t->cpio.written;
	t->p->out.sha256 = sha256_finish(t->cpio.hash);
	t->cpio.a = NULL; /* closed, should it not be opened once more */
	return r;
}

static int read_once(struct bundle *b, const struct unpack *u, const struct task *task)
{
	int r = unpack_reader_open(&b->rd, u, task, b->err);

	/* Behind the processes that unpack: they need not have what packs. */
	if (!r)
		r = open_tree(b, &b->modules, MODULES_MAX_BYTES, task);
	if (!r)
		r = open_tree(b, &b->dtbs, DTBS_MAX_BYTES, task);
	if (!r)
		r = read_entries(b);
	r = close_tree(&b->modules, r);
	r = close_tree(&b->dtbs, r);
	for (size_t i = 0; i < b->n; i++)
		snprintf(b->v[i].p->out.how, sizeof(b->v[i].p->out.how), "%s", b->rd.how);
	unpack_reader_release(&b->rd);
	return r;
}

static int forget_all(struct bundle *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct bundle_piece *p = b->v[i].p;

		free(b->v[i].target);
		b->v[i] = (struct search){ .p = p };
		p->is_found = false;
		p->out = (struct unpacked){ .size = 0 };
		if (ftruncate(p->out_fd, 0) || lseek(p->out_fd, 0, SEEK_SET))
			return err_set(b->err, ERR_LAB, -errno, "cannot write: %s",
				       strerror(errno));
	}
	*b->err = (struct err)ERR_INIT;
	return 0;
}

static int read_pieces(struct bundle *b, const struct unpack *u, const struct task *task)
{
	int r = read_once(b, u, task);

	if (r || !b->in_order)
		return r;
	r = forget_all(b);
	return r ?: read_once(b, u, task);
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
			b.modules.p = &pieces[i];
		if (pieces[i].what == BUNDLE_DTBS)
			b.dtbs.p = &pieces[i];
	}
	r = read_pieces(&b, u, task);
	b.in_order = true;
	for (int i = 0; !r && has_links(&b) && i < MAX_LINKS; i++) {
		/* Once more for the links alone. */
		size_t n = 0;

		for (size_t k = 0; k < b.n; k++)
			if (!b.v[k].p->is_found && b.v[k].target)
				b.v[n++] = b.v[k];
			else
				free(b.v[k].target);
		b.n = n;
		b.modules.p = b.dtbs.p = NULL;
		r = read_once(&b, u, task);
	}
	for (size_t i = 0; i < b.n; i++)
		free(b.v[i].target);
	free(b.v);
	return r;
}
