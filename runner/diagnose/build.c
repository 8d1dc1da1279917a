// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening a build, its identity, and where a name with an offset is in it. */
#include "diagnose/build_int.h"

#include <ctype.h>
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>

#include "parse/module_name.h"
#include "util/io.h"
#include "util/mem.h"

enum { RAW_BTF_MAX = 256 << 20, BANNER_MAX = 512, BUILD_ID_MAX = 64 };

static bool is_btf(const uint8_t *head)
{
	return head[0] == 0x9f && head[1] == 0xeb;
}

static bool is_elf_maybe_packed(const uint8_t *head)
{
	static const uint8_t elf[] = { 0x7f, 'E', 'L', 'F' };
	static const uint8_t xz[] = { 0xfd, '7', 'z', 'X' };
	static const uint8_t zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
	static const uint8_t gz[] = { 0x1f, 0x8b };

	return memcmp(head, elf, 4) == 0 || memcmp(head, xz, 4) == 0 ||
	       memcmp(head, zstd, 4) == 0 || memcmp(head, gz, 2) == 0;
}

static int open_raw_btf(struct build_file *f, int fd, const char *path, struct err *err)
{
	_cleanup_strbuf_ struct strbuf data = STRBUF_INIT;
	int r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : io_read_fd(fd, RAW_BTF_MAX, &data);

	if (r)
		return err_set(err, ERR_LAB, r, "%s: %s", path, strerror(-r));
	r = btf_load(data.buf, data.len, NULL, &f->btf, err);
	return r ? err_prefix(err, "%s: ", path) : 0;
}

/* A BTF section that is broken is as good as none where there is DWARF. */
static int open_btf_section(struct build_file *f, struct btf *base, const char *path,
			    struct err *err)
{
	const void *data;
	size_t size;
	int r;

	/* A module built out of tree has a base of its own, which libbpf 1.1 knows not.
	 */
	if (f->module && (!base || file_section(f, ".BTF.base", &data, &size)))
		return 0;
	if (!file_section(f, ".BTF", &data, &size))
		return 0;
	r = btf_load(data, size, base, &f->btf, err);
	return r && !f->dwarf ? err_prefix(err, "%s: ", path) : 0;
}

static int open_file(struct build_file *f, struct btf *base, const char *path,
		     struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t head[4] = { 0 };
	int r;

	if (fd < 0)
		return err_set(err, ERR_JOB, -errno, "%s: %s", path, strerror(errno));
	if (read(fd, head, sizeof(head)) < 0)
		return err_set(err, ERR_JOB, -EINVAL, "%s: %s", path, strerror(errno));
	if (is_btf(head) && !f->module)
		return open_raw_btf(f, fd, path, err);
	if (!is_elf_maybe_packed(head))
		return err_set(
			err, ERR_JOB, -EINVAL,
			"%s: neither ELF nor BTF; expected a vmlinux or .ko with debug "
			"information, or a file such as /sys/kernel/btf/vmlinux",
			path);
	r = file_open_elf(f, path, err);
	return r ? r : open_btf_section(f, base, path, err);
}

static void free_file(struct build_file *f)
{
	if (!f)
		return;
	btf__free(f->btf);
	file_close_elf(f);
	free(f->cus);
	free(f->types);
	free(f->module);
	free(f);
}

static void read_banner(struct build *b)
{
	const struct build_file *f = b->files[0];
	char text[BANNER_MAX + 1] = "";
	size_t len;

	for (size_t i = 0; i < f->n_objects; i++) {
		const struct func *o = &f->objects[i];

		if (strcmp(o->name, "linux_banner") != 0)
			continue;
		len = o->size && o->size < BANNER_MAX ? o->size : BANNER_MAX;
		if (file_read(f, o->addr, text, len) &&
		    strncmp(text, "Linux version ", 14) == 0)
			b->banner = xstrndup(text, strcspn(text, "\n"));
		return;
	}
}

static void read_id(struct build *b)
{
	struct strbuf hex = STRBUF_INIT;
	const void *bytes;
	ssize_t n =
		b->files[0]->elf ? dwelf_elf_gnu_build_id(b->files[0]->elf, &bytes) : 0;

	if (n <= 0 || n > BUILD_ID_MAX)
		return;
	for (ssize_t i = 0; i < n; i++)
		strbuf_addf(&hex, "%02x", ((const uint8_t *)bytes)[i]);
	b->id = strbuf_take(&hex);
}

static void add_file(struct build *b, struct build_file *take_f)
{
	b->files = xreallocarray(b->files, b->n_files + 1, sizeof(struct build_file *));
	b->files[b->n_files++] = take_f;
}

int build_open(const char *path, struct build **out, struct err *err)
{
	struct build *b = xcalloc(1, sizeof(*b));
	int r;

	add_file(b, xcalloc(1, sizeof(struct build_file)));
	r = open_file(b->files[0], NULL, path, err);
	if (r) {
		build_close(b);
		return r;
	}
	b->path = xstrdup(path);
	read_banner(b);
	read_id(b);
	*out = b;
	return 0;
}

bool build_is_module(const char *path, const char *module)
{
	_cleanup_free_ char *have = module_name_of_path(path);
	_cleanup_free_ char *want = module_name_of_path(module);

	return strcmp(have, want) == 0;
}

static struct build_file *find_file(const struct build *b, const char *module)
{
	for (size_t i = 0; i < b->n_files; i++) {
		const char *have = b->files[i]->module, *want = module;

		if (!have != !want)
			continue;
		while (have && *have &&
		       (*have == *want || (*have == '_' && *want == '-')))
			have++, want++;
		if (!have || (!*have && !*want))
			return b->files[i];
	}
	return NULL;
}

int build_add_module(struct build *b, const char *path, struct err *err)
{
	struct build_file *f = xcalloc(1, sizeof(*f));
	int r;

	f->module = module_name_of_path(path);
	if (find_file(b, f->module))
		r = err_set(err, ERR_JOB, -EEXIST, "%s: module %s was given already",
			    path, f->module);
	else
		r = open_file(f, b->files[0]->btf, path, err);
	if (r)
		free_file(f);
	else
		add_file(b, f);
	return r;
}

void build_close(struct build *b)
{
	if (!b)
		return;
	/* A module's BTF stands on that of vmlinux. */
	for (size_t i = b->n_files; i-- > 0;)
		free_file(b->files[i]);
	for (size_t i = 0; i < b->n_kept; i++)
		free(b->kept[i]);
	free(b->kept);
	free(b->files);
	free(b->banner);
	strvec_release(&b->beside);
	free(b->path);
	free(b->id);
	free(b);
}

const char *build_keep(struct build *b, char *take_s)
{
	for (size_t i = 0; i < b->n_kept; i++)
		if (strcmp(b->kept[i], take_s) == 0) {
			free(take_s);
			return b->kept[i];
		}
	b->kept = xreallocarray(b->kept, b->n_kept + 1, sizeof(*b->kept));
	b->kept[b->n_kept++] = take_s;
	return take_s;
}

bool build_has_code(const struct build *b)
{
	return b->files[0]->has_code;
}

bool build_has_dwarf(const struct build *b)
{
	return b->files[0]->dwarf;
}

bool build_has_types(const struct build *b)
{
	return b->files[0]->dwarf || b->files[0]->btf;
}

const char *build_banner(const struct build *b)
{
	return b->banner;
}

const char *build_id(const struct build *b)
{
	return b->id;
}

struct build_file *build_file_of(const struct build *b, const struct build_place *at)
{
	return at->function ? find_file(b, at->module) : NULL;
}

/* First of the functions of that name, or that name with a suffix ("foo.isra.0",
 * "foo.llvm.123"); n_funcs when there is none. */
static size_t first_named(const struct build_file *f, const char *name, size_t len)
{
	size_t lo = 0, hi = f->n_funcs;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strncmp(f->funcs[mid].name, name, len) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

enum { PAGE_BYTES_MAX = 1 << 16 };

/* kallsyms counts the padding up to the next symbol as part of the function: up to the
 * end of a module's pages for its last. */
static bool is_size(const struct func *fn, uint64_t size)
{
	uint64_t most = fn->gap ? fn->gap : fn->size + PAGE_BYTES_MAX;

	return size == fn->size || size == fn->gap ||
	       (fn->size && size > fn->size && size < most);
}

struct found {
	const struct func *fn;
	bool is_size;
};

/* Every function whose name has that first part and then one of ends. */
static void look(const struct build_file *f, const char *name, const char *ends,
		 uint64_t offset, uint64_t size, struct found *found)
{
	size_t len = strlen(name);

	for (size_t i = first_named(f, name, len);
	     i < f->n_funcs && strncmp(f->funcs[i].name, name, len) == 0; i++) {
		const struct func *fn = &f->funcs[i];
		uint64_t room = fn->gap > fn->size ? fn->gap : fn->size;
		bool fits;

		if (!strchr(ends, fn->name[len]) ||
		    (fn->name[len] && strstr(fn->name, ".cold")))
			continue;
		fits = size ? is_size(fn, size) : !room || offset < room;
		if (!found->fn || (fits && !found->is_size))
			*found = (struct found){ fn, fits };
	}
}

static struct build_place place_of(const struct build_file *f, const struct func *fn,
				   uint64_t addr)
{
	return (struct build_place){ .addr = addr,
				     .start = fn->addr,
				     .size = fn->size ? fn->size : fn->gap,
				     .function = fn->name,
				     .module = f->module };
}

bool build_find_address(struct build *b, uint64_t addr, struct build_place *out)
{
	const struct build_file *f = find_file(b, NULL);
	const struct func *fn = f ? file_func_at(f, addr) : NULL;
	uint64_t size = fn ? (fn->size ? fn->size : fn->gap) : 0;

	if (!fn || addr - fn->addr >= size)
		return false;
	*out = place_of(f, fn, addr);
	return true;
}

enum build_found build_find(struct build *b, const char *name, const char *module,
			    uint64_t offset, uint64_t size, struct build_place *out)
{
	const struct build_file *f = find_file(b, module);
	struct found found = { NULL, false };

	memset(out, 0, sizeof(*out));
	if (!f && module && build_add_beside(b, module))
		f = find_file(b, module);
	if (!f || !name || !*name)
		return BUILD_NO_FUNCTION;
	look(f, name, "", offset, size, &found); /* strchr finds the end itself */
	if (!found.fn)
		look(f, name, ".", offset, size, &found);
	if (!found.fn)
		return BUILD_NO_FUNCTION;
	*out = place_of(f, found.fn, found.fn->addr + offset);
	return found.is_size ? BUILD_FOUND : BUILD_OTHER_SIZE;
}

enum { FUNCTION_BYTES_MAX = 4 << 20 };

size_t build_code(struct build *b, const struct build_place *at, uint32_t **words)
{
	const struct build_file *f = build_file_of(b, at);
	size_t bytes, n;
	uint8_t *raw;
	uint32_t *v;

	*words = NULL;
	if (!f || at->addr < at->start || at->addr - at->start > FUNCTION_BYTES_MAX)
		return 0;
	n = (at->addr - at->start) / 4 + 1;
	bytes = n * 4;
	raw = xmalloc(bytes);
	v = xcalloc(n, sizeof(*v));
	if (!file_read(f, at->start, raw, bytes)) {
		free(raw);
		free(v);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		v[i] = (uint32_t)raw[4 * i] | (uint32_t)raw[4 * i + 1] << 8 |
		       (uint32_t)raw[4 * i + 2] << 16 | (uint32_t)raw[4 * i + 3] << 24;
	free(raw);
	*words = v;
	return n;
}
