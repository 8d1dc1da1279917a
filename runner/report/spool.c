// SPDX-License-Identifier: GPL-2.0-or-later
/* The outbox on disk. Every step is one rename, so that a kill leaves the state before it
 * or after it. An entry is immutable and its lock is on its inode: whoever holds the lock
 * of the inode that the name still points to is the only one to post it. */
#include "report/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "report/result_read.h"
#include "util/clock.h"
#include "util/hash.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { HEADER_MAX = 8192, STATE_MAX = 4096, STALE_TEMP_S = 3600 };
static const char schema[] = "bootrig.spool/1";

enum { DIR_PENDING, DIR_STATE, DIR_SENT, DIR_DEAD, N_DIRS };
static const char *const dir_names[N_DIRS] = { "pending", "state", "sent", "dead" };

struct spool {
	char *path;
	int dirs[N_DIRS];
};

char *spool_default_path(void)
{
	const char *own = getenv("BOOTRIG_SPOOL"), *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (own && *own)
		return xstrdup(own);
	if (state && *state == '/')
		return xasprintf("%s/bootrig/spool", state);
	return xasprintf("%s/.local/state/bootrig/spool", home && *home ? home : "/root");
}

/* A directory below fd that is there after a power cut, too. */
static int open_dir(int fd, const char *name)
{
	if (!mkdirat(fd, name, 0700)) {
		if (fsync(fd))
			return -errno;
	} else if (errno != EEXIST) {
		return -errno;
	}
	int dir = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return dir < 0 ? -errno : dir;
}

/* The spool itself: 0700, its parents as mkdir -p makes them. */
static int open_root(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash && slash > path) {
		_cleanup_free_ char *parent = xstrndup(path, (size_t)(slash - path));
		int r = io_mkdir_p(parent);

		if (r)
			return r;
	}
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int spool_open(const char *path, struct spool **out, struct err *err)
{
	_cleanup_spool_ struct spool *s = xcalloc(1, sizeof(*s));
	_cleanup_close_ int root = -1;

	*out = NULL;
	s->path = path ? xstrdup(path) : spool_default_path();
	for (int i = 0; i < N_DIRS; i++)
		s->dirs[i] = -1;
	root = open_root(s->path);
	if (root < 0)
		return err_set(err, ERR_LAB, root,
			       "outbox %s: %s; $BOOTRIG_SPOOL names another", s->path,
			       strerror(-root));
	for (int i = 0; i < N_DIRS; i++) {
		int fd = open_dir(root, dir_names[i]);

		if (fd < 0)
			return err_set(err, ERR_LAB, fd, "outbox %s/%s: %s", s->path,
				       dir_names[i], strerror(-fd));
		s->dirs[i] = fd;
	}
	*out = TAKE_PTR(s);
	return 0;
}

void spool_close(struct spool *s)
{
	if (!s)
		return;
	for (int i = 0; i < N_DIRS; i++)
		if (s->dirs[i] >= 0)
			close(s->dirs[i]);
	free(s->path);
	free(s);
}

const char *spool_path(const struct spool *s)
{
	return s->path;
}

static bool is_in(const struct spool *s, int dir, const char *name)
{
	return !faccessat(s->dirs[dir], name, F_OK, AT_SYMLINK_NOFOLLOW);
}

static char *entry_name(const char *run_id, const struct destination *to,
			struct sha256_hex body)
{
	_cleanup_free_ char *where =
		xasprintf("%s %s", spool_kind_to_str(to->kind), to->url);

	return xasprintf("%s~%.12s~%.12s", run_id, sha256_of(where, strlen(where)).str,
			 body.str);
}

int spool_enqueue(const struct spool *s, const char *run_id, const struct destination *to,
		  const void *body, size_t len, bool again, enum spool_added *added,
		  struct err *err)
{
	struct sha256_hex sha = sha256_of(body, len);
	_cleanup_json_ json_t *header = json_object();
	_cleanup_strbuf_ struct strbuf file = STRBUF_INIT;
	enum spool_added ignored;

	if (!added)
		added = &ignored;
	if (!run_id_is_valid(run_id))
		return err_set(err, ERR_JOB, -EINVAL, "\"%s\" is no run id", run_id);
	if (len > SPOOL_MAX_BODY)
		return err_set(err, ERR_JOB, -EFBIG, "%s: %zu bytes are too much to post",
			       run_id, len);
	_cleanup_free_ char *name = entry_name(run_id, to, sha);
	*added = SPOOL_WAS_PENDING;
	if (is_in(s, DIR_PENDING, name))
		return 0;
	*added = SPOOL_WAS_SENT;
	if (!again && is_in(s, DIR_SENT, name))
		return 0;
	json_put(header, "schema", json_string(schema));
	json_put(header, "run", json_lossy_str(run_id));
	json_put(header, "kind", json_string(spool_kind_to_str(to->kind)));
	json_put(header, "url", json_lossy_str(to->url));
	json_put(header, "operators", json_boolean(to->is_operators));
	json_put(header, "sha256", json_string(sha.str));
	json_put(header, "queued", json_string(clock_wall().str));
	size_t n;
	_cleanup_free_ char *line = json_line(header, &n);
	if (n > HEADER_MAX)
		return err_set(err, ERR_JOB, -EINVAL, "the URL is too long");
	strbuf_add(&file, line, n);
	strbuf_add(&file, body, len);
	int r = io_atomic_write_at(s->dirs[DIR_PENDING], name, file.buf, file.len);
	if (r)
		return err_set(err, ERR_LAB, r, "outbox %s: cannot queue %s: %s", s->path,
			       run_id, strerror(-r));
	*added = SPOOL_ADDED;
	return 0;
}

void spool_entry_free(struct spool_entry *e)
{
	if (!e)
		return;
	if (e->lock_fd >= 0)
		close(e->lock_fd); /* which unlocks */
	destination_release(&e->to);
	free(e->name);
	free(e->run_id);
	free(e->key);
	free(e->file);
	free(e);
}

/* A state that is missing or damaged is that of a new entry. */
void spool_get_state(const struct spool *s, const char *name, struct spool_state *st)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_json_ json_t *j = NULL;

	*st = (struct spool_state){ 0 };
	if (io_read_file_at(s->dirs[DIR_STATE], name, STATE_MAX, &text))
		return;
	j = json_loadb(strbuf_str(&text), text.len, 0, NULL);
	int64_t attempts = json_get_int(j, "attempts", 0);
	st->attempts = attempts > 0 && attempts < UINT32_MAX ? (uint32_t)attempts : 0;
	st->next_ms = json_get_int(j, "next_ms", 0);
	snprintf(st->why, sizeof(st->why), "%s", json_get_str(j, "why", ""));
}

static int write_state(const struct spool *s, const char *name,
		       const struct spool_state *st)
{
	_cleanup_json_ json_t *j = json_object();
	size_t n;

	json_put(j, "attempts", json_integer(st->attempts));
	json_put(j, "next_ms", json_integer(st->next_ms));
	json_put(j, "last", json_string(clock_wall().str));
	json_put(j, "why", json_lossy_str(st->why));
	_cleanup_free_ char *line = json_line(j, &n);
	return io_atomic_write_at(s->dirs[DIR_STATE], name, line, n);
}

/* Fill e from the header line; the text that is wrong with it, or NULL. */
static const char *parse_header(struct spool_entry *e, const char *line, size_t len,
				struct sha256_hex *sha)
{
	_cleanup_json_ json_t *j = json_loadb(line, len, 0, NULL);
	const char *kind = json_get_str(j, "kind", "");
	const char *run = json_get_str(j, "run", "");
	struct err ignored = ERR_INIT;

	if (!j || strcmp(json_get_str(j, "schema", ""), schema) != 0)
		return "its first line is no header";
	_cleanup_free_ char *to = xasprintf("%s+%s", kind, json_get_str(j, "url", ""));
	if (!run_id_is_valid(run) ||
	    (strcmp(kind, "result") != 0 && strcmp(kind, "kcidb") != 0) ||
	    destination_parse(to, json_get_bool(j, "operators", false), &e->to, &ignored))
		return "its header is damaged";
	snprintf(sha->str, sizeof(sha->str), "%s", json_get_str(j, "sha256", ""));
	e->run_id = xstrdup(run);
	e->key = xasprintf("%s-%s", run, sha->str);
	_cleanup_free_ char *name = entry_name(run, &e->to, *sha);
	return strcmp(name, e->name) == 0 ? NULL : "its name does not fit its header";
}

static int open_entry(const struct spool *s, const char *name)
{
	struct stat st;
	_cleanup_close_ int fd = openat(s->dirs[DIR_PENDING], name,
					O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == ELOOP ? -EBADMSG : -errno;
	if (fstat(fd, &st))
		return -errno;
	return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EBADMSG;
}

static struct spool_entry *new_entry(const struct spool *s, const char *name)
{
	struct spool_entry *e = xcalloc(1, sizeof(*e));

	e->name = xstrdup(name);
	e->lock_fd = -1;
	spool_get_state(s, name, &e->state);
	return e;
}

int spool_peek(const struct spool *s, const char *name, struct spool_entry **out,
	       struct err *err)
{
	_cleanup_entry_ struct spool_entry *e = new_entry(s, name);
	_cleanup_close_ int fd = open_entry(s, name);
	struct sha256_hex sha;
	char head[HEADER_MAX];

	*out = NULL;
	if (fd < 0)
		return err_set(err, ERR_LAB, fd, "%s: %s", name, strerror(-fd));
	ssize_t n = pread(fd, head, sizeof(head), 0);
	const char *nl = n > 0 ? memchr(head, '\n', (size_t)n) : NULL;
	const char *wrong = nl ? parse_header(e, head, (size_t)(nl - head), &sha)
			       : "it has no header";
	if (wrong)
		return err_set(err, ERR_LAB, -EBADMSG, "%s: %s", name, wrong);
	*out = TAKE_PTR(e);
	return 0;
}

/* Move an entry between directories for good. */
static int move(const struct spool *s, const char *name, int from, int to)
{
	if (renameat(s->dirs[from], name, s->dirs[to], name))
		return -errno;
	if (fsync(s->dirs[to]) || fsync(s->dirs[from]))
		return -errno;
	return 0;
}

/* Out of the way, so that it blocks nobody; always -EBADMSG or what the disk said. */
static int set_aside(const struct spool *s, const char *name, const char *wrong,
		     struct err *err)
{
	int r = move(s, name, DIR_PENDING, DIR_DEAD);

	if (r)
		return err_set(
			err, ERR_LAB, r,
			"outbox entry %s is damaged (%s) and cannot be set aside: %s",
			name, wrong, strerror(-r));
	unlinkat(s->dirs[DIR_STATE], name, 0);
	return err_set(err, ERR_LAB, -EBADMSG,
		       "outbox entry was damaged (%s), now in %s/dead/%s", wrong, s->path,
		       name);
}

/* 0 when this process now owns the inode that name points to. */
static int lock_entry(const struct spool *s, const char *name, int fd, struct err *err)
{
	struct stat mine, there;

	if (flock(fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? err_set(err, ERR_LAB, -EBUSY,
						      "another process is posting it")
					    : err_set(err, ERR_LAB, -errno, "flock: %s",
						      strerror(errno));
	if (fstat(fd, &mine) ||
	    fstatat(s->dirs[DIR_PENDING], name, &there, AT_SYMLINK_NOFOLLOW) ||
	    mine.st_ino != there.st_ino || mine.st_dev != there.st_dev)
		return err_set(err, ERR_LAB, -ENOENT, "it is gone");
	return 0;
}

/* What is wrong with the file's content, or NULL. */
static const char *parse_entry(struct spool_entry *e, size_t len)
{
	size_t max = len < HEADER_MAX ? len : HEADER_MAX;
	const char *nl = memchr(e->file, '\n', max);
	struct sha256_hex want;

	if (!nl)
		return "it has no header";
	const char *wrong = parse_header(e, e->file, (size_t)(nl - e->file), &want);
	if (wrong)
		return wrong;
	e->body = nl + 1;
	e->body_len = len - (size_t)(e->body - e->file);
	return strcmp(sha256_of(e->body, e->body_len).str, want.str) == 0
		       ? NULL
		       : "its body is not what was queued";
}

int spool_take(const struct spool *s, const char *name, struct spool_entry **out,
	       struct err *err)
{
	_cleanup_entry_ struct spool_entry *e = NULL;
	_cleanup_strbuf_ struct strbuf file = STRBUF_INIT;
	_cleanup_close_ int fd = open_entry(s, name);

	*out = NULL;
	if (fd == -EBADMSG)
		return set_aside(s, name, "no plain file", err);
	if (fd < 0)
		return err_set(err, ERR_LAB, fd, "%s: %s", name, strerror(-fd));
	int r = lock_entry(s, name, fd, err);
	if (r)
		return r;
	r = io_read_fd(fd, SPOOL_MAX_BODY + HEADER_MAX, &file);
	if (r && r != -EFBIG)
		return err_set(err, ERR_LAB, r, "%s: %s", name, strerror(-r));
	e = new_entry(s, name); /* its state, read under the lock */
	size_t len = file.len;
	e->file = strbuf_take(&file);
	const char *wrong = r ? "it is too big" : parse_entry(e, len);
	if (wrong)
		return set_aside(s, name, wrong, err);
	e->lock_fd = TAKE_FD(fd);
	*out = TAKE_PTR(e);
	return 0;
}

int spool_mark_sent(const struct spool *s, const struct spool_entry *e, struct err *err)
{
	int r = move(s, e->name, DIR_PENDING, DIR_SENT);

	if (r)
		return err_set(
			err, ERR_LAB, r,
			"outbox %s: %s was accepted but cannot be moved to sent/: %s",
			s->path, e->name, strerror(-r));
	unlinkat(s->dirs[DIR_STATE], e->name, 0);
	return 0;
}

int spool_mark_dead(const struct spool *s, const struct spool_entry *e, const char *why,
		    struct err *err)
{
	_cleanup_free_ char *note = xasprintf("%s.why", e->name);
	_cleanup_free_ char *text = xasprintf("%s\n%s\n", e->to.url, why);
	int r = io_atomic_write_at(s->dirs[DIR_DEAD], note, text, strlen(text));

	if (!r)
		r = move(s, e->name, DIR_PENDING, DIR_DEAD);
	if (r)
		return err_set(err, ERR_LAB, r, "outbox %s: cannot move %s to dead/: %s",
			       s->path, e->name, strerror(-r));
	unlinkat(s->dirs[DIR_STATE], e->name, 0);
	return 0;
}

int spool_mark_retry(const struct spool *s, const struct spool_entry *e, struct err *err)
{
	int r = write_state(s, e->name, &e->state);

	if (r)
		return err_set(err, ERR_LAB, r, "outbox %s: cannot note the attempt: %s",
			       s->path, strerror(-r));
	return 0;
}

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

/* Every name in a directory that is no temporary file. */
static int read_dir(int dirfd, struct strvec *names)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *e;

	if (fd < 0)
		return -errno;
	DIR *d = fdopendir(fd);
	if (!d) {
		int r = -errno;

		close(fd);
		return r;
	}
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			strvec_add(names, e->d_name);
	closedir(d);
	return 0;
}

int spool_list(const struct spool *s, struct strvec *names, struct err *err)
{
	_cleanup_strvec_ struct strvec all = STRVEC_INIT;
	_cleanup_(items_release) struct items items = { 0 };
	int r = read_dir(s->dirs[DIR_PENDING], &all);

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

	if (read_dir(s->dirs[DIR_SENT], &all))
		return;
	for (size_t i = 0; i < all.n; i++)
		if (!fstatat(s->dirs[DIR_SENT], all.v[i], &st, AT_SYMLINK_NOFOLLOW))
			items_add(&items, all.v[i],
				  (int64_t)st.st_ctim.tv_sec * 1000000000 +
					  st.st_ctim.tv_nsec);
	if (items.n <= SPOOL_KEEP_SENT)
		return;
	qsort(items.v, items.n, sizeof(*items.v), compare_items);
	for (size_t i = 0; i < items.n - SPOOL_KEEP_SENT; i++)
		unlinkat(s->dirs[DIR_SENT], items.v[i].name, 0);
}

/* Temporary files of processes that were killed. */
static void drop_stale(int dirfd)
{
	_cleanup_strvec_ struct strvec all = STRVEC_INIT;
	struct stat st;

	if (read_dir(dirfd, &all))
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
	for (int i = 0; i < N_DIRS; i++)
		drop_stale(s->dirs[i]);
	if (read_dir(s->dirs[DIR_STATE], &states))
		return;
	for (size_t i = 0; i < states.n; i++)
		if (states.v[i][0] != '.' && !is_in(s, DIR_PENDING, states.v[i]))
			unlinkat(s->dirs[DIR_STATE], states.v[i], 0);
}
