// SPDX-License-Identifier: GPL-2.0-or-later
/* What is known of a board between runs. Written whole or not at all. */
#include "session/board_state.h"

#include <errno.h>
#include <fcntl.h>

#include "util/clock.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { STATE_MAX = 16384 };

static char *state_dir(void)
{
	const char *own = getenv("BOOTRIG_STATE"), *xdg = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (own && *own == '/')
		return xasprintf("%s/boards", own);
	if (xdg && *xdg == '/')
		return xasprintf("%s/bootrig/boards", xdg);
	return xasprintf("%s/.local/state/bootrig/boards",
			 home && *home ? home : "/root");
}

static char *state_path(const char *board)
{
	_cleanup_free_ char *dir = state_dir();

	return xasprintf("%s/%s.json", dir, board);
}

static void copy_member(const json_t *j, const char *key, char *out, size_t cap)
{
	snprintf(out, cap, "%s", json_get_str(j, key, "?"));
}

int board_state_load(const char *board, struct board_state *out, struct err *err)
{
	_cleanup_free_ char *path = state_path(board);
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	_cleanup_json_ json_t *j = NULL;
	int r = io_read_file_at(AT_FDCWD, path, STATE_MAX, &sb);

	*out = (struct board_state){ .is_wedged = false };
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r)
		return err_set(err, ERR_LAB, r, "%s: %s", path, strerror(-r));
	j = json_loadb(strbuf_str(&sb), sb.len, 0, NULL);
	out->is_wedged = !j || json_get_bool(j, "wedged", true);
	copy_member(j, "since", out->since, sizeof(out->since));
	copy_member(j, "run", out->run, sizeof(out->run));
	copy_member(j, "reason", out->reason, sizeof(out->reason));
	return 0;
}

int board_state_mark_wedged(const char *board, const char *run, const char *reason,
			    struct err *err)
{
	_cleanup_free_ char *dir = state_dir(), *name = xasprintf("%s.json", board);
	_cleanup_json_ json_t *j = json_object();
	int r = io_mkdir_p(dir);
	_cleanup_close_ int fd = r ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct wall_time now = clock_wall();
	size_t len;

	json_put(j, "schema", json_string("bootrig.board/1"));
	json_put(j, "board", json_lossy_str(board));
	json_put(j, "wedged", json_true());
	json_put(j, "since", json_string(now.str));
	json_put(j, "run", json_lossy_str(run));
	json_put(j, "reason", json_lossy_str(reason));
	_cleanup_free_ char *text = json_pretty(j, &len);
	if (!r)
		r = fd < 0 ? -errno : io_atomic_write_at(fd, name, text, len);
	return r ? err_set(err, ERR_LAB, r, "%s/%s: %s", dir, name, strerror(-r)) : 0;
}

int board_state_clear(const char *board, struct err *err)
{
	_cleanup_free_ char *path = state_path(board);

	if (!unlink(path) || errno == ENOENT || errno == ENOTDIR)
		return 0;
	return err_set(err, ERR_LAB, -errno, "%s: %s", path, strerror(errno));
}
