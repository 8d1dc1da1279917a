// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as a package of kernel, device trees and modules, and as one module: what
 * comes out is what is said of it, stays inside its directories, and can be printed. */
#include <archive.h>
#include <archive_entry.h>
#include <sys/mman.h>

#include "kernel/bundle.h"
#include "kernel/cpio.h"
#include "kernel/module_ids.h"
#include "util/hash.h"
#include "util/io.h"
#include "util/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N_PIECES = 4 };

static void check_text(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			abort();
}

/* Below `top`, and no link out of it. */
static void check_tree(int fd, const char *top)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;

	archive_read_support_format_cpio(a);
	if (!a || lseek(fd, 0, SEEK_SET) ||
	    archive_read_open_fd(a, fd, 4096) != ARCHIVE_OK)
		abort();
	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		const char *name = archive_entry_pathname(e) ?: "";
		const char *link = archive_entry_symlink(e);
		int depth = 0;

		check_text(name);
		if (strstr(name, "//") || strstr(name, "/../") || name[0] == '/')
			abort();
		for (const char *p = name; (p = strchr(p, '/')); p++)
			depth++;
		if (strncmp(top, name, strlen(name)) != 0 &&
		    strncmp(name, top, strlen(top)) != 0)
			abort();
		if (link && !cpio_link_stays_inside(link, depth))
			abort();
	}
	archive_read_free(a);
}

static void check_file(const struct bundle_piece *p)
{
	struct sha256_hex sha;
	uint64_t n = 0;

	check_text(p->out.member);
	if (lseek(p->out_fd, 0, SEEK_SET) || sha256_of_fd(p->out_fd, &sha, &n) ||
	    n != p->out.size || strcmp(sha.str, p->out.sha256.str) != 0 ||
	    p->out.member[0] == '/' || strstr(p->out.member, "/../"))
		abort();
}

static void check_piece(const struct bundle_piece *p)
{
	if (!p->is_found)
		return;
	switch (p->what) {
	case BUNDLE_KERNEL:
	case BUNDLE_MEMBER:
		check_file(p);
		return;
	case BUNDLE_MODULES:
		check_tree(p->out_fd, "lib/modules/");
		return;
	case BUNDLE_DTBS:
		return; /* names are checked where they are used */
	}
}

static void as_module(const uint8_t *data, size_t size, struct module_watch *w)
{
	module_watch_next(w, "lib/modules/6.1/b.ko");
	module_watch_data(w, data, size);
	module_watch_next(w, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bundle_piece pieces[N_PIECES];
	struct strvec names = { .n = 0 };
	struct task task = TASK_INIT;
	struct err err = ERR_INIT;
	struct module_watch watch;
	struct module_ids ids;
	int in = memfd_create("in", MFD_CLOEXEC);
	const struct unpack u = { .fd = in, .name = "fuzz" };

	if (in < 0 || io_write_all(in, data, size))
		abort();
	task.deadline = deadline_in_ms(3000);
	strvec_add(&names, "a");
	strvec_add(&names, "b");
	module_watch_init(&watch, &names, &task, &ids);
	for (size_t i = 0; i < N_PIECES; i++)
		pieces[i] = (struct bundle_piece){
			.what = (enum bundle_what)i,
			.member = "b.dtb",
			.compression = "",
			.watch = i == BUNDLE_MODULES ? &watch : NULL,
			.out_fd = memfd_create("out", MFD_CLOEXEC)
		};
	if (bundle_read(&u, pieces, N_PIECES, &task, &err) == 0)
		for (size_t i = 0; i < N_PIECES; i++)
			check_piece(&pieces[i]);
	else if (!err.msg[0] || err.class == ERR_BUG)
		abort();
	as_module(data, size, &watch);
	for (size_t i = 0; i < N_PIECES; i++)
		close(pieces[i].out_fd);
	strvec_release(&names);
	close(in);
	return 0;
}
