// SPDX-License-Identifier: GPL-2.0-or-later
/* U-Boot's crc32 (cmd/mem.c, common/hash.c): "crc32 for 40400000 ... 423fffff ==>
 * 1234abcd". The arrow looks like many a prompt. */
#include <errno.h>

#include "boot/uboot_int.h"

enum { LEAST_MS = 10000, MS_PER_MIB = 500 };

#define ARROW "==> "
static const char sum_regex[] = "==> [0-9a-f]{8}(?![0-9a-f])";

/* With a variable that is not set it has a word too few. */
static int no_sum(const char *command, enum uboot_answered how, struct err *err)
{
	return err_set(err, ERR_LAB, -EOPNOTSUPP, "U-Boot command \"%s\" has no sum: %s",
		       command,
		       how == UBOOT_USAGE ? "is the address in its environment?"
					  : "this U-Boot was built without it "
					    "(CONFIG_CMD_CRC32)");
}

int uboot_crc32(struct uboot *u, const char *command, uint64_t size, struct deadline d,
		char crc[UBOOT_CRC_SIZE], struct err *err)
{
	int64_t ms = LEAST_MS + (int64_t)(size >> 20) * MS_PER_MIB;
	struct uboot_answer a;
	int r = uboot_ask(u, command, sum_regex, deadline_min(d, deadline_in_ms(ms)), &a,
			  err);

	if (r)
		return r;
	if (a.how != UBOOT_ANSWERED)
		return no_sum(command, a.how, err);
	if (strlen(a.text) != sizeof(ARROW) - 1 + UBOOT_CRC_SIZE - 1)
		BUG("a sum that is none: %s", a.text);
	memcpy(crc, a.text + sizeof(ARROW) - 1, UBOOT_CRC_SIZE);
	return 0;
}
