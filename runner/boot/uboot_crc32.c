// SPDX-License-Identifier: GPL-2.0-or-later
/* U-Boot's crc32 (cmd/mem.c, common/hash.c): "crc32 for 40400000 ... 423fffff ==>
 * 1234abcd". The arrow looks like many a prompt, so the number is waited for and not the
 * prompt. */
#include <errno.h>

#include "boot/uboot_int.h"

enum { LEAST_MS = 10000, MS_PER_MIB = 500, PROMPT_MS = 5000 };

enum { END_SUM, END_USAGE, END_UNKNOWN, N_ENDS };

static const char sum_regex[] = "==> [0-9a-f]{8}(?![0-9a-f])";

static int add_ends(struct uboot_patterns *ps, struct err *err)
{
	int r = pattern_new(sum_regex, &ps->p[ps->n], err);

	if (r)
		return r;
	ps->n++;
	/* With a variable that is not set it has a word too few. */
	uboot_add_literal(ps, "Usage:");
	uboot_add_literal(ps, "Unknown command");
	return 0;
}

static int no_sum(const char *command, size_t end, struct err *err)
{
	return err_set(err, ERR_LAB, -EOPNOTSUPP, "U-Boot command \"%s\" has no sum: %s",
		       command,
		       end == END_USAGE ? "is the address in its environment?"
					: "this U-Boot was built without it "
					  "(CONFIG_CMD_CRC32)");
}

static int sum_once(struct uboot *u, const char *command, struct deadline d,
		    char crc[UBOOT_CRC_SIZE], struct err *err)
{
	_cleanup_patterns_ struct uboot_patterns ps = { .n = 0 };
	struct uboot_ear ear = { .fault = NULL };
	size_t end = N_ENDS, len;
	int r = add_ends(&ps, err);

	u->n_gaps = console_n_gaps(u->console);
	if (!r)
		r = uboot_type_line(u, command, err);
	if (!r)
		r = uboot_listen(u, &ps, N_ENDS, false, d, &ear, &end, err);
	if (r == -ETIMEDOUT && ear.fault)
		return uboot_failed(u, &ear, err, "U-Boot command \"%s\"", command);
	if (r || end != END_SUM)
		return r ? r : no_sum(command, end, err);
	const char *text = console_matched(u->console, &len);
	const char *arrow = memmem(text, len, "==> ", 4);
	if (!arrow || (size_t)(text + len - arrow) < 4 + UBOOT_CRC_SIZE - 1)
		BUG("a sum that is none: %.*s", (int)len, text);
	memcpy(crc, arrow + 4, UBOOT_CRC_SIZE - 1);
	crc[UBOOT_CRC_SIZE - 1] = '\0';
	return 0;
}

int uboot_crc32(struct uboot *u, const char *command, uint64_t size, struct deadline d,
		char crc[UBOOT_CRC_SIZE], struct err *err)
{
	int64_t ms = LEAST_MS + (int64_t)(size >> 20) * MS_PER_MIB;
	int r;

	d = deadline_min(d, deadline_in_ms(ms));
	u->minds_gaps = true;
	while ((r = sum_once(u, command, d, crc, err)) == -ENODATA) {
		u->did(u->arg, "echo-wrong", "");
		*err = (struct err)ERR_INIT;
		r = uboot_fresh_prompt(u, d, err);
		if (r)
			break;
	}
	u->minds_gaps = false;
	if (!r)
		r = uboot_fresh_prompt(u, deadline_in_ms(PROMPT_MS), err);
	if (r == -ETIMEDOUT && !err->msg[0])
		err_set(err, ERR_LAB, r, "U-Boot command \"%s\" did not end", command);
	return r;
}
