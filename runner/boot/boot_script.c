// SPDX-License-Identifier: GPL-2.0-or-later
/* U-Boot include/image.h, struct legacy_img_hdr: all numbers big endian,
 *   0 ih_magic 27051956   4 ih_hcrc, of the header with 0 here   8 ih_time
 *  12 ih_size of the data  16 ih_load  20 ih_ep  24 ih_dcrc
 *  28 ih_os (5 Linux)  29 ih_arch (22 arm64)  30 ih_type (6 script)  31 ih_comp (0 none)
 *  32 ih_name, 32 bytes
 * and, as for every image of several parts, the data begin with a list of sizes that a 0
 * ends (boot/image.c image_multi_getimg(); cmd/source.c skips it). */
#include "boot/boot_script.h"

#include <errno.h>

#include "util/crc32.h"

enum {
	HEADER = 64,
	NAME_AT = 32,
	OS_LINUX = 5,
	ARCH_ARM64 = 22,
	TYPE_SCRIPT = 6,
};
#define MAGIC 0x27051956u

static void put_be32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

void boot_script_wrap(const char *text, size_t len, uint32_t time_s, struct strbuf *out)
{
	struct strbuf data = STRBUF_INIT;
	uint8_t h[HEADER] = { 0 }, sizes[8] = { 0 };

	put_be32(sizes, (uint32_t)len);
	strbuf_add(&data, (const char *)sizes, sizeof(sizes));
	strbuf_add(&data, text, len);
	put_be32(h, MAGIC);
	put_be32(h + 8, time_s);
	put_be32(h + 12, (uint32_t)data.len);
	put_be32(h + 24, crc32_of(data.buf, data.len));
	h[28] = OS_LINUX;
	h[29] = ARCH_ARM64;
	h[30] = TYPE_SCRIPT;
	memcpy(h + NAME_AT, BOOT_SCRIPT_NAME, sizeof(BOOT_SCRIPT_NAME));
	put_be32(h + 4, crc32_of(h, sizeof(h)));
	strbuf_add(out, (const char *)h, sizeof(h));
	strbuf_add(out, data.buf, data.len);
	strbuf_release(&data);
}

bool boot_script_is_ours(const char *data, size_t len)
{
	uint8_t magic[4];

	put_be32(magic, MAGIC);
	return len >= HEADER && memcmp(data, magic, sizeof(magic)) == 0 &&
	       memcmp(data + NAME_AT, BOOT_SCRIPT_NAME, sizeof(BOOT_SCRIPT_NAME)) == 0;
}

static const char *boot_command(enum image_kind kind)
{
	switch (kind) {
	case IMAGE_ARM64:
		return "booti";
	case IMAGE_ZIMAGE:
		return "bootz";
	case IMAGE_UIMAGE:
	case IMAGE_FIT:
	case IMAGE_UNKNOWN:
	case IMAGE_ELF:
	case IMAGE_EFI_ZBOOT:
	case IMAGE_COMPRESSED:
		return "bootm";
	}
	BUG("image kind %d", (int)kind);
}

/* An unset variable would make U-Boot load one file over the other. */
static void add_check(struct strbuf *out, const char *variable, const char *key)
{
	strbuf_addf(out,
		    "if test -z \"${%s}\"; then echo bootrig: U-Boot has no %s, expected "
		    "boot.addresses.%s in the board file; exit 1; fi\n",
		    variable, variable, key);
}

/* Old and new hush split, expand or end a word at one of these. */
static int check_path(const char *what, const char *path, struct err *err)
{
	for (const char *p = path ?: ""; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f ||
		    strchr("\\\"'$;&|#<>()*?[]{}`!", *p))
			return err_set(
				err, ERR_JOB, -EINVAL,
				"boot script: the path of the %s, \"%.200s\", has a blank or one of \\ \" ' $ ; & | # < > ( ) * ? [ ] { } ` ! in it",
				what, path);
	return 0;
}

static int check_append(const char *append, struct err *err)
{
	for (const char *p = append; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f || strchr("'\\", *p))
			return err_set(
				err, ERR_JOB, -EINVAL,
				"boot script: the kernel command line has ' or \\ or a control character in it");
	return 0;
}

/* One transfer after the other, and the kernel only when all of them came. */
int boot_script_text(const struct boot_script *b, struct strbuf *out, struct err *err)
{
	const char *append = b->append ?: "";
	const char *kernel = b->kernel_addr ?: "${kernel_addr_r}";
	const char *ramdisk = b->ramdisk_addr ?: "${ramdisk_addr_r}";
	const char *dtb = b->dtb_addr ?: "${fdt_addr_r}";

	int r = check_append(append, err);

	if (!r)
		r = check_path("kernel", b->kernel, err);
	if (!r)
		r = check_path("dtb", b->dtb, err);
	if (!r)
		r = check_path("ramdisk", b->ramdisk, err);
	if (r)
		return r;
	strbuf_addstr(out, "echo bootrig: script of this run\n");
	if (!b->kernel_addr)
		add_check(out, "kernel_addr_r", "kernel");
	if (b->ramdisk && !b->ramdisk_addr)
		add_check(out, "ramdisk_addr_r", "ramdisk");
	if (b->dtb && !b->dtb_addr)
		add_check(out, "fdt_addr_r", "dtb");
	strbuf_addf(out,
		    "setenv bootargs '%s'\necho append: ${bootargs}\n"
		    "if tftpboot %s %s",
		    append, kernel, b->kernel);
	if (b->dtb)
		strbuf_addf(out, " && tftpboot %s %s", dtb, b->dtb);
	if (b->ramdisk)
		strbuf_addf(out, " && tftpboot %s %s", ramdisk, b->ramdisk);
	strbuf_addf(out, "; then\n%s %s ", boot_command(b->kind), kernel);
	if (b->ramdisk)
		strbuf_addf(out, "%s:${filesize} ", ramdisk);
	else
		strbuf_addstr(out, "- ");
	strbuf_addf(out, "%s\nfi\n", b->dtb ? dtb : "${fdtcontroladdr}");
	return 0;
}
