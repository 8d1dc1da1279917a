// SPDX-License-Identifier: GPL-2.0-or-later
/* One pending entry: read and checked under its lock, and what became of it. The lock is
 * on the inode: whoever holds the lock of the inode that the name still points to is the
 * only one to post it. */
#include "report/spool_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "report/result_read.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { STATE_MAX = 4096 };

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
	if (io_read_file_at(s->dirs[SPOOL_STATE], name, STATE_MAX, &text))
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
	return io_atomic_write_at(s->dirs[SPOOL_STATE], name, line, n);
}

/* Fill e from the header line; the text that is wrong with it, or NULL. */
static const char *parse_header(struct spool_entry *e, const char *line, size_t len,
				struct sha256_hex *sha)
{
	_cleanup_json_ json_t *j = json_loadb(line, len, 0, NULL);
	const char *kind = json_get_str(j, "kind", "");
	const char *run = json_get_str(j, "run", "");
	struct err ignored = ERR_INIT;

	if (!j || strcmp(json_get_str(j, "schema", ""), SPOOL_SCHEMA) != 0)
		return "its first line is no header";
	_cleanup_free_ char *to = xasprintf("%s+%s", kind, json_get_str(j, "url", ""));
	if (!run_id_is_valid(run) ||
	    (strcmp(kind, "result") != 0 && strcmp(kind, "kcidb") != 0) ||
	    destination_parse(to, json_get_bool(j, "operators", false), &e->to, &ignored))
		return "its header is damaged";
	snprintf(sha->str, sizeof(sha->str), "%s", json_get_str(j, "sha256", ""));
	e->run_id = xstrdup(run);
	e->key = xasprintf("%s-%s", run, sha->str);
	_cleanup_free_ char *name = spool_entry_name(run, &e->to, *sha);
	return strcmp(name, e->name) == 0 ? NULL : "its name does not fit its header";
}

static int open_entry(const struct spool *s, const char *name)
{
	struct stat st;
	_cleanup_close_ int fd = openat(s->dirs[SPOOL_PENDING], name,
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
	char head[SPOOL_HEADER_MAX];

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
static int move(const struct spool *s, const char *name, enum spool_dir from,
		enum spool_dir to)
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
	int r = move(s, name, SPOOL_PENDING, SPOOL_DEAD);

	if (r)
		return err_set(
			err, ERR_LAB, r,
			"outbox entry %s is damaged (%s) and cannot be set aside: %s",
			name, wrong, strerror(-r));
	unlinkat(s->dirs[SPOOL_STATE], name, 0);
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
	    fstatat(s->dirs[SPOOL_PENDING], name, &there, AT_SYMLINK_NOFOLLOW) ||
	    mine.st_ino != there.st_ino || mine.st_dev != there.st_dev)
		return err_set(err, ERR_LAB, -ENOENT, "it is gone");
	return 0;
}

/* What is wrong with the file's content, or NULL. */
static const char *parse_entry(struct spool_entry *e, size_t len)
{
	size_t max = len < SPOOL_HEADER_MAX ? len : SPOOL_HEADER_MAX;
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
	r = io_read_fd(fd, SPOOL_MAX_BODY + SPOOL_HEADER_MAX, &file);
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
	int r = move(s, e->name, SPOOL_PENDING, SPOOL_SENT);

	if (r)
		return err_set(
			err, ERR_LAB, r,
			"outbox %s: %s was accepted but cannot be moved to sent/: %s",
			s->path, e->name, strerror(-r));
	unlinkat(s->dirs[SPOOL_STATE], e->name, 0);
	return 0;
}

int spool_mark_dead(const struct spool *s, const struct spool_entry *e, const char *why,
		    struct err *err)
{
	_cleanup_free_ char *note = xasprintf("%s.why", e->name);
	_cleanup_free_ char *text = xasprintf("%s\n%s\n", e->to.url, why);
	int r = io_atomic_write_at(s->dirs[SPOOL_DEAD], note, text, strlen(text));

	if (!r)
		r = move(s, e->name, SPOOL_PENDING, SPOOL_DEAD);
	if (r)
		return err_set(err, ERR_LAB, r, "outbox %s: cannot move %s to dead/: %s",
			       s->path, e->name, strerror(-r));
	unlinkat(s->dirs[SPOOL_STATE], e->name, 0);
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
