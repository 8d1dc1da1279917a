// SPDX-License-Identifier: GPL-2.0-or-later
/* <key> holds the bytes, <key>.json says what they are; both appear by rename, and a hit
 * must have the hash that the second one states. Files of unknown names are left alone.
 */
#include "kernel/unpack_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum {
	META_MAX = 4096,
	COPY_STEP = 1 << 18,
	KEY_LEN = 64,
	MAX_ENTRIES = 10000,
	LEFT_OVER_S = 3600, /* no copy takes that long */
};

int unpack_cache_open(const char *dir)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	_cleanup_free_ char *path = NULL;

	if (dir && !dir[0])
		return -1;
	if (dir)
		path = xstrdup(dir);
	else if (xdg && xdg[0] == '/')
		path = xasprintf("%s/bootrig/unpack", xdg);
	else if (home && home[0] == '/')
		path = xasprintf("%s/.cache/bootrig/unpack", home);
	if (!path || io_mkdir_p(path))
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

struct sha256_hex unpack_cache_key(const struct sha256_hex *source,
				   const struct unpack *u)
{
	_cleanup_free_ char *text =
		xasprintf("bootrig unpack 1\n%s\n%d\n%s\n%s\n", source->str, (int)u->want,
			  u->compression ?: "", u->archive ?: "");

	return sha256_of(text, strlen(text));
}

struct sha256_hex unpack_cache_piece_key(const struct sha256_hex *source,
					 const struct bundle_piece *piece)
{
	_cleanup_free_ char *text = xasprintf(
		"bootrig bundle 2\n%s\n%d\n%s\n%s\n", source->str, (int)piece->what,
		piece->member ?: "", piece->compression ?: "");

	return sha256_of(text, strlen(text));
}

static bool read_meta(int dirfd, const char *key, struct unpacked *out)
{
	_cleanup_free_ char *name = xasprintf("%s.json", key);
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_json_ json_t *j = NULL;

	if (io_read_file_at(dirfd, name, META_MAX, &text))
		return false;
	j = json_loadb(strbuf_str(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(j))
		return false;
	*out = (struct unpacked){ .size = (uint64_t)json_get_int(j, "size", 0) };
	snprintf(out->member, sizeof(out->member), "%s", json_get_str(j, "member", ""));
	snprintf(out->how, sizeof(out->how), "%s", json_get_str(j, "how", ""));
	out->has_modules_dep = json_get_bool(j, "modules_dep", false);
	snprintf(out->sha256.str, sizeof(out->sha256.str), "%s",
		 json_get_str(j, "sha256", ""));
	return strlen(out->sha256.str) == KEY_LEN;
}

static bool copy_checked(int from_fd, int to_fd, const struct task *task,
			 const struct unpacked *want)
{
	_cleanup_free_ char *buf = xmalloc(COPY_STEP);
	struct sha256 *hash = sha256_new();
	struct err err = ERR_INIT;
	uint64_t total = 0;
	ssize_t n;

	while ((n = io_read(from_fd, buf, COPY_STEP)) > 0 && total <= want->size) {
		sha256_update(hash, buf, (size_t)n);
		total += (uint64_t)n;
		if (io_write_all(to_fd, buf, (size_t)n) ||
		    task_check(task, "unpack cache", &err))
			break;
	}
	struct sha256_hex got = sha256_finish(hash);
	return n == 0 && total == want->size && strcmp(got.str, want->sha256.str) == 0;
}

bool unpack_cache_get(int cache_dirfd, const struct sha256_hex *key, int out_fd,
		      const struct task *task, struct unpacked *out)
{
	off_t start = lseek(out_fd, 0, SEEK_CUR);
	_cleanup_close_ int fd = -1;

	if (cache_dirfd < 0 || start < 0 || !read_meta(cache_dirfd, key->str, out))
		return false;
	fd = openat(cache_dirfd, key->str, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (copy_checked(fd, out_fd, task, out)) {
		(void)!futimens(fd, NULL); /* used: the last to be dropped */
		return true;
	}
	/* Cut short, damaged, or our own disk is full: whoever unpacks will notice. */
	if (ftruncate(out_fd, start) || lseek(out_fd, start, SEEK_SET) < 0)
		BUG("cannot rewind a file of our own: %s", strerror(errno));
	return false;
}

struct entry {
	char key[KEY_LEN + 1];
	uint64_t size;
	struct timespec used;
};

static int older_first(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->used.tv_sec != y->used.tv_sec)
		return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
	return x->used.tv_nsec < y->used.tv_nsec ? -1 : x->used.tv_nsec > y->used.tv_nsec;
}

static bool is_key(const char *s)
{
	return strspn(s, "0123456789abcdef") == KEY_LEN;
}

/* .KEY.PID, of a copy that is made or was killed. */
static bool is_temporary(const char *name)
{
	return name[0] == '.' && is_key(name + 1) && name[KEY_LEN + 1] == '.';
}

static size_t list_entries(int dirfd, struct entry **out)
{
	_cleanup_strvec_ struct strvec names = STRVEC_INIT;
	size_t n = 0;
	struct stat st;

	if (io_list_at(dirfd, ".", &names))
		return 0;
	for (size_t i = 0; i < names.n && n < MAX_ENTRIES; i++) {
		const char *name = names.v[i];
		bool is_tmp = is_temporary(name);

		if ((!is_tmp && (strlen(name) != KEY_LEN || !is_key(name))) ||
		    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (is_tmp) {
			if (st.st_mtim.tv_sec + LEFT_OVER_S < time(NULL))
				unlinkat(dirfd, name, 0);
			continue;
		}
		*out = xreallocarray(*out, n + 1, sizeof(**out));
		struct entry *one = &(*out)[n++];
		snprintf(one->key, sizeof(one->key), "%.64s", name);
		one->size = (uint64_t)st.st_size;
		one->used = st.st_mtim;
	}
	return n;
}

static void prune(int dirfd, uint64_t max_bytes)
{
	_cleanup_free_ struct entry *entries = NULL;
	size_t n = list_entries(dirfd, &entries);
	uint64_t total = 0;

	if (!n)
		return;
	for (size_t i = 0; i < n; i++)
		total += entries[i].size;
	qsort(entries, n, sizeof(*entries), older_first);
	for (size_t i = 0; i < n && total > max_bytes; i++) {
		_cleanup_free_ char *meta = xasprintf("%s.json", entries[i].key);

		unlinkat(dirfd, meta, 0);
		unlinkat(dirfd, entries[i].key, 0);
		total -= entries[i].size;
	}
}

/* No io_atomic_write_at(): these are a file's bytes, many, and need not outlive a power
 * cut; then their hash is another, which is a miss. */
static int write_data(int dirfd, const char *key, int fd)
{
	_cleanup_free_ char *tmp = xasprintf(".%s.%d", key, (int)getpid());
	_cleanup_close_ int to = -1, from = -1;
	char self[40];

	/* A description of its own: the caller's file offset stays where it is. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	from = open(self, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return -errno;
	to = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (to < 0)
		return -errno;
	int r = io_copy_fd(from, to);
	if (!r && renameat(dirfd, tmp, dirfd, key))
		r = -errno;
	if (r)
		unlinkat(dirfd, tmp, 0);
	return r;
}

void unpack_cache_put(int cache_dirfd, const struct sha256_hex *key, int fd,
		      const struct unpacked *u, uint64_t max_bytes)
{
	_cleanup_free_ char *name = xasprintf("%s.json", key->str);
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ json_t *j = json_object();
	size_t len;

	if (cache_dirfd < 0 || u->size > max_bytes)
		return;
	json_put(j, "size", json_integer((json_int_t)u->size));
	json_put(j, "sha256", json_string(u->sha256.str));
	json_put(j, "member", json_lossy_str(u->member));
	json_put(j, "how", json_lossy_str(u->how));
	json_put(j, "modules_dep", json_boolean(u->has_modules_dep));
	text = json_line(j, &len);
	if (write_data(cache_dirfd, key->str, fd) ||
	    io_atomic_write_at(cache_dirfd, name, text, len))
		unlinkat(cache_dirfd, key->str, 0);
	prune(cache_dirfd, max_bytes);
}
