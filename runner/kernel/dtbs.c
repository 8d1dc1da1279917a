// SPDX-License-Identifier: GPL-2.0-or-later
/* Device trees out of an archive or a directory, into a cpio archive. Which of them a
 * board wants is U-Boot's choice. */
#include "kernel/dtbs.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>

#include "kernel/repack.h"
#include "kernel/unpack_reader.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum { MAX_PLACE = 256 };

const char *const dtb_places[] = {
	"dtbs",
	"arch/arm64/boot/dts",
	"arch/arm/boot/dts",
	"boot/dtbs/[0-9]*", /* make dtbs_install; a vendor's name starts with a letter */
	"boot/dtbs",
	"boot/dtb-*",
	"usr/lib/linux-image-*",
	"lib/modules/*/dtb",
	"usr/lib/modules/*/dtb",
};
const size_t n_dtb_places = ARRAY_SIZE(dtb_places);

/* Behind the next slash; NULL = there is none. */
static const char *next_part(const char *p)
{
	const char *slash = strchr(p, '/');

	return slash ? slash + 1 : NULL;
}

/* How much of the name is this place, with a slash behind it; 0 = it begins otherwise. */
static size_t place_len(const char *place, const char *name)
{
	char start[MAX_PLACE];
	size_t n = 0;

	for (const char *p = place; p; p = next_part(p)) {
		const char *slash = strchr(name + n, '/');

		if (!slash)
			return 0;
		n = (size_t)(slash - name) + 1;
	}
	if (n > sizeof(start))
		return 0;
	snprintf(start, sizeof(start), "%.*s", (int)n - 1, name);
	return fnmatch(place, start, FNM_PATHNAME | FNM_PERIOD) == 0 ? n : 0;
}

/* A tar may have a directory of its own above all; the longest one counts:
 * boot/dtbs/6.1/, not boot/dtbs/. */
size_t dtbs_root_len(const char *name)
{
	size_t best = 0;

	for (const char *p = name; p; p = next_part(p))
		for (size_t i = 0; i < n_dtb_places; i++) {
			size_t n = place_len(dtb_places[i], p);

			if (n && (size_t)(p - name) + n > best)
				best = (size_t)(p - name) + n;
		}
	return best;
}

static bool is_dtb_name(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && strcmp(name + n - 4, ".dtb") == 0;
}

static int check_root(const struct unpack_reader *rd, struct bundle_piece *piece,
		      const char *name, size_t n)
{
	char *known = piece->out.member;

	if (!piece->is_found && n < sizeof(piece->out.member)) {
		piece->is_found = true;
		snprintf(known, sizeof(piece->out.member), "%.*s", (int)n, name);
	}
	if (strlen(known) == n && strncmp(known, name, n) == 0)
		return 0;
	return err_set(rd->err, ERR_JOB, -EINVAL,
		       "%s: device trees in two places: %.100s and %.*s; expected dtb "
		       "with the one of this board",
		       rd->src.u->name, known, (int)(n < 100 ? n : 100), name);
}

static int depth_of(const char *path)
{
	int depth = 0;

	for (; (path = strchr(path, '/')); path++)
		depth++;
	return depth;
}

static int leads_out(const struct unpack_reader *rd, const char *name)
{
	return err_set(rd->err, ERR_JOB, -EINVAL,
		       "%s: %.200s is a link that leads out of the device trees",
		       rd->src.u->name, name);
}

/* A hard link names its target from the archive's top. */
static char *relative_link(const char *below, const char *hard, const char *root)
{
	struct strbuf sb = STRBUF_INIT;

	while (hard[0] == '.' && hard[1] == '/')
		hard += 2;
	if (strncmp(hard, root, strlen(root)) != 0)
		return NULL;
	for (int i = depth_of(below); i > 0; i--)
		strbuf_addstr(&sb, "../");
	strbuf_addstr(&sb, hard + strlen(root));
	return strbuf_take(&sb);
}

static int put_link(const struct unpack_reader *rd, struct cpio_writer *w,
		    const char *path, const char *below, const char *name,
		    const char *link)
{
	if (!link || !cpio_link_stays_inside(link, depth_of(below)))
		return leads_out(rd, name);
	return cpio_put_header(w, path, S_IFLNK | 0777, 0, link);
}

static int put_file(struct unpack_reader *rd, struct cpio_writer *w, const char *path,
		    struct archive_entry *e)
{
	const uint64_t size = (uint64_t)archive_entry_size(e);

	if (!archive_entry_size_is_set(e) || size > DTB_MAX_BYTES)
		return err_set(
			rd->err, ERR_JOB, -EFBIG,
			"%s: %.200s does not say its size, or has more than %d MiB",
			rd->src.u->name, path, (int)(DTB_MAX_BYTES >> 20));
	return repack_file(rd, w, path, size, "damaged: a device tree is cut short");
}

int dtbs_take_entry(struct unpack_reader *rd, struct cpio_writer *w,
		    struct bundle_piece *piece, const char *name, struct archive_entry *e)
{
	const char *hard = archive_entry_hardlink(e), *soft = archive_entry_symlink(e);
	const size_t n = is_dtb_name(name) ? dtbs_root_len(name) : 0;

	if (!n || (!hard && !soft && archive_entry_filetype(e) != AE_IFREG))
		return 0;
	int r = unpack_reader_check_name(rd, name);
	if (!r)
		r = check_root(rd, piece, name, n);
	if (r)
		return r;
	_cleanup_free_ char *path = xasprintf("%s/%s", DTBS_TOP, name + n);
	_cleanup_free_ char *link =
		hard ? relative_link(name + n, hard, piece->out.member)
		     : xstrdup_or_null(soft);
	return hard || soft ? put_link(rd, w, path, name + n, name, link)
			    : put_file(rd, w, path, e);
}

int dtbs_put_dir(struct cpio_writer *w, const char *dir, struct err *err)
{
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, ERR_JOB, -errno, "%s: %s", dir, strerror(errno));
	w->wants = is_dtb_name;
	return cpio_put_dir(w, fd, DTBS_TOP, 0);
}
