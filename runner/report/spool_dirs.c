// SPDX-License-Identifier: GPL-2.0-or-later
/* The outbox's directories as lists: what is pending, in which order, and what is old. */
#include "report/spool_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "util/clock.h"
#include "util/io.h"
#include "util/mem.h"

enum { STALE_TEMP_S = 3600 };

struct item {
	char *name;
	int64_t order; /* attempts, or the time of change */
};

struct items {
	struct item *v;
	size_t n;
};

static void items_release(struct items *items)
{
	for (size_t i = 0; i < items->n; i++)
		free(items->v[i].name);
	free(items->v);
}

static void items_add(struct items *items, const char *name, int64_t order)
{
	if ((items->n & (items->n - 1)) == 0)
		items->v = xreallocarray(items->v, items->n ? items->n * 2 : 1,
					 sizeof(*items->v));
	items->v[items->n++] = (struct item){ .name = xstrdup(name), .order = order };
}

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return strcmp(x->name, y->name);
}

int spool_list(const struct spool *s, struct strvec *names, struct err *err)
{
	_cleanup_strvec_ struct strvec all = STRVEC_INIT;
	_cleanup_(items_release) struct items items = { 0 };
	int r = io_list_at(s->dirs[SPOOL_PENDING], ".", &all);

	if (r)
		return err_set(err, ERR_LAB, r, "outbox %s: %s", s->path, strerror(-r));
	for (size_t i = 0; i < all.n; i++) {
		struct spool_state st;

		if (all.v[i][0] == '.')
			continue;
		spool_get_state(s, all.v[i], &st);
		items_add(&items, all.v[i], st.attempts);
	}
	if (items.n)
		qsort(items.v, items.n, sizeof(*items.v), compare_items);
	for (size_t i = 0; i < items.n; i++)
		strvec_add(names, items.v[i].name);
	return 0;
}

static void prune_sent(const struct spool *s)
{
	_cleanup_strvec_ struct strvec all = STRVEC_INIT;
	_cleanup_(items_release) struct items items = { 0 };
	struct stat st;

	if (io_list_at(s->dirs[SPOOL_SENT], ".", &all))
		return;
	for (size_t i = 0; i < all.n; i++)
		if (!fstatat(s->dirs[SPOOL_SENT], all.v[i], &st, AT_SYMLINK_NOFOLLOW))
			items_add(&items, all.v[i],
				  (int64_t)st.st_ctim.tv_sec * 1000000000 +
					  st.st_ctim.tv_nsec);
	if (items.n <= SPOOL_KEEP_SENT)
		return;
	qsort(items.v, items.n, sizeof(*items.v), compare_items);
	for (size_t i = 0; i < items.n - SPOOL_KEEP_SENT; i++)
		unlinkat(s->dirs[SPOOL_SENT], items.v[i].name, 0);
}

/* Temporary files of processes that were killed. */
static void drop_stale(int dirfd)
{
	_cleanup_strvec_ struct strvec all = STRVEC_INIT;
	struct stat st;

	if (io_list_at(dirfd, ".", &all))
		return;
	for (size_t i = 0; i < all.n; i++)
		if (all.v[i][0] == '.' && strstr(all.v[i], ".tmp.") &&
		    !fstatat(dirfd, all.v[i], &st, AT_SYMLINK_NOFOLLOW) &&
		    clock_wall_ms() / 1000 - st.st_mtim.tv_sec > STALE_TEMP_S)
			unlinkat(dirfd, all.v[i], 0);
}

void spool_tidy(const struct spool *s)
{
	_cleanup_strvec_ struct strvec states = STRVEC_INIT;

	prune_sent(s);
	for (int i = 0; i < SPOOL_N_DIRS; i++)
		drop_stale(s->dirs[i]);
	if (io_list_at(s->dirs[SPOOL_STATE], ".", &states))
		return;
	for (size_t i = 0; i < states.n; i++)
		if (states.v[i][0] != '.' && !spool_is_in(s, SPOOL_PENDING, states.v[i]))
			unlinkat(s->dirs[SPOOL_STATE], states.v[i], 0);
}
