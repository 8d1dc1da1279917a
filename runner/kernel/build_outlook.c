// SPDX-License-Identifier: GPL-2.0-or-later
/* Built, to be built on top of something, or from nothing; and how long that took. */
#include "kernel/build_outlook.h"

#include <fcntl.h>

#include "kernel/build_work.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { TEXT_MAX = 4 << 20 };

static char *time_path(const struct build_work *w)
{
	return xasprintf("%s/.bootrig-seconds", w->objects);
}

void build_remember_time(const struct build_work *w)
{
	_cleanup_free_ char *path = time_path(w);
	_cleanup_free_ char *text = xasprintf(
		"{\"seconds\": %.3f}\n", (double)(clock_now_ns() - w->begin_ns) / 1e9);

	/* Only plans tell it. */
	if (io_atomic_write(path, text, strlen(text)))
		return;
}

static double read_seconds(const char *path)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_json_ json_t *j = NULL;

	if (io_read_file_at(AT_FDCWD, path, TEXT_MAX, &text))
		return 0;
	j = json_loadb(strbuf_str(&text), text.len, 0, NULL);
	return json_number_value(json_object_get(j, "seconds"));
}

static void look(struct build_work *w, struct kernel_outlook *out)
{
	_cleanup_free_ char *manifest = xasprintf("%s/build.json", w->dir);
	_cleanup_free_ char *time = time_path(w);
	_cleanup_free_ char *done = xasprintf("%s/.bootrig-complete", w->objects);
	struct kernel_built built = { .dir = NULL };

	if (build_look_up(w, &built)) {
		out->state = KERNEL_OUTLOOK_BUILT;
		out->last_s = read_seconds(manifest);
	} else {
		out->state =
			access(done, F_OK) ? KERNEL_OUTLOOK_NEW : KERNEL_OUTLOOK_MORE;
		out->last_s = read_seconds(time);
	}
	kernel_built_release(&built);
}

int kernel_build_outlook(const struct kernel_build *b, struct kernel_outlook *out,
			 struct err *err)
{
	struct kernel_build only_look = *b;
	struct build_work w = {
		.b = &only_look, .lock_fd = -1, .log_fd = -1, .err = err
	};
	int r;

	only_look.only_cached = true;
	*out = (struct kernel_outlook){ .state = KERNEL_OUTLOOK_NEW };
	r = build_pool_path(&w);
	if (!r)
		r = build_read_inputs(&w);
	if (!r)
		look(&w, out);
	build_work_release(&w);
	return r;
}
