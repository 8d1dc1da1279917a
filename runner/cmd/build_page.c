// SPDX-License-Identifier: GPL-2.0-or-later
/* The bar: "  compiling [######......]  512/~1430 objects  2:07  drivers/…/x.o". */
#include "cmd/build_page.h"

#include <sys/ioctl.h>

#include "util/io.h"
#include "util/log.h"
#include "util/strbuf.h"

enum {
	BAR_WIDTH = 24,
	MIN_BAR = 6,
	BAR_FRAME = 3, /* "[" and "] " */
	SHOW_EVERY_MS = 100,
	DEFAULT_COLUMNS = 80
};

static const char *words_of(enum kernel_build_phase phase)
{
	switch (phase) {
	case KERNEL_BUILD_WAIT:
		return "waiting for another build";
	case KERNEL_BUILD_SOURCE:
		return "preparing the source";
	case KERNEL_BUILD_PATCH:
		return "patching";
	case KERNEL_BUILD_CONFIGURE:
		return "configuring";
	case KERNEL_BUILD_MAKE:
		return "compiling";
	case KERNEL_BUILD_COLLECT:
		return "collecting";
	}
	BUG("phase %d", (int)phase);
}

static void write_text(struct build_page *page, const struct strbuf *text)
{
	/* Nobody reads along any more: the build goes on. */
	if (io_write_all(page->fd, strbuf_str(text), text->len))
		page->fd = -1;
}

struct build_page build_page_open(int fd)
{
	return (struct build_page){ .fd = fd,
				    .is_terminal = fd >= 0 && isatty(fd),
				    .color = fd >= 0 && log_wants_color(fd),
				    .last_phase = -1,
				    .begin_ns = clock_now_ns() };
}

void build_page_close(struct build_page *page)
{
	if (page->fd >= 0 && page->has_bar && io_write_all(page->fd, "\r\033[K", 4))
		page->fd = -1;
	page->has_bar = false;
}

static size_t columns(int fd)
{
	struct winsize w;

	return ioctl(fd, TIOCGWINSZ, &w) || !w.ws_col ? DEFAULT_COLUMNS : w.ws_col;
}

static void add_clock(struct strbuf *out, int64_t since_ns)
{
	int64_t s = (clock_now_ns() - since_ns) / 1000000000;

	strbuf_addf(out, "%d:%02d", (int)(s / 60), (int)(s % 60));
}

static void add_counts(struct strbuf *out, const struct kernel_build_progress *p)
{
	const char *about = p->is_estimate ? "~" : "";

	if (p->phase == KERNEL_BUILD_MAKE && p->expected)
		strbuf_addf(out, "%llu/%s%llu objects", (unsigned long long)p->done,
			    about, (unsigned long long)p->expected);
	else if (p->phase == KERNEL_BUILD_SOURCE && p->expected)
		strbuf_addf(out, "%u %%", (unsigned)(p->done * 100 / p->expected));
}

static void add_bar(struct strbuf *out, const struct build_page *page,
		    const struct kernel_build_progress *p, size_t width)
{
	uint64_t n = p->done < p->expected ? p->done * width / p->expected : width;

	strbuf_addstr(out, page->color ? "[\033[32m" : "[");
	for (uint64_t i = 0; i < width; i++) {
		if (i == n && page->color)
			strbuf_addstr(out, "\033[0m");
		strbuf_addch(out, i < n ? '#' : '.');
	}
	strbuf_addstr(out, page->color ? "\033[0m] " : "] ");
}

/* One line that is written over; one that is wider than the terminal would not be. The
 * bar gets what the numbers leave, and the file's name what the bar leaves. */
static void show_bar(struct build_page *page, const struct kernel_build_progress *p)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT, text = STRBUF_INIT;
	size_t room = columns(page->fd) - 1, bar = 0;
	const char *words = words_of(p->phase);

	add_counts(&text, p);
	strbuf_addstr(&text, text.len ? "  " : "");
	add_clock(&text, page->begin_ns);
	size_t visible = strlen(words) + 1 + text.len;
	if (p->expected && visible + BAR_FRAME + MIN_BAR <= room) {
		bar = room - visible - BAR_FRAME;
		bar = bar < BAR_WIDTH ? bar : BAR_WIDTH;
		visible += bar + BAR_FRAME;
	}
	if (p->what && visible + strlen(p->what) + 2 <= room)
		strbuf_addf(&text, "  %s", p->what);
	strbuf_addf(&out, "\r\033[K%.*s ", (int)room, words);
	if (bar)
		add_bar(&out, page, p, bar);
	if (visible <= room)
		strbuf_add(&out, text.buf, text.len);
	write_text(page, &out);
	page->has_bar = true;
}

static void show_line(struct build_page *page, const struct kernel_build_progress *p)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	strbuf_addf(&out, "build: %s", words_of(p->phase));
	if (p->expected && p->phase != KERNEL_BUILD_PATCH) {
		strbuf_addstr(&out, ": ");
		add_counts(&out, p);
	}
	if (p->phase == KERNEL_BUILD_MAKE && p->done) {
		strbuf_addstr(&out, ", ");
		add_clock(&out, page->begin_ns);
	}
	strbuf_addch(&out, '\n');
	write_text(page, &out);
}

void build_page_progress(void *arg, const struct kernel_build_progress *p)
{
	struct build_page *page = arg;
	bool is_new = (int)p->phase != page->last_phase;
	int64_t now = clock_now_ns();
	unsigned tenth = p->expected ? (unsigned)(p->done * 10 / p->expected) : 0;

	if (page->fd < 0)
		return;
	if (page->is_terminal) {
		if (!is_new && now - page->shown_ns < SHOW_EVERY_MS * INT64_C(1000000))
			return;
		show_bar(page, p);
	} else if (is_new || tenth != page->last_tenth) {
		show_line(page, p);
	}
	page->last_phase = (int)p->phase;
	page->last_tenth = tenth;
	page->shown_ns = now;
}
