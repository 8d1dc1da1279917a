// SPDX-License-Identifier: GPL-2.0-or-later
/* The last witness before the kernel starts: U-Boot sums what it loaded. The bytes came
 * through the board's network chip, U-Boot's driver and its RAM, none of which the size
 * of a transfer proves. */
#include <errno.h>

#include "boot/loader_steps.h"
#include "session/state.h"
#include "util/jsonx.h"

bool session_verifies_ram(const struct session *s)
{
	return s->board->boot.verify_ram && !s->label;
}

static void record(struct session *s, const struct loader_step *step, const char *want,
		   const char *seen, int64_t ns)
{
	json_t *m = json_object();

	json_put(m, "path", json_lossy_str(step->sum_of->tftp_path));
	json_put(m, "address", json_lossy_str(step->address));
	json_put(m, "bytes", json_integer((json_int_t)step->sum_of->size));
	json_put(m, "staged", json_string(want));
	json_put(m, "seen", json_string(seen));
	json_put(m, "as_booted", json_boolean(step->as_booted));
	json_put(m, "ms", json_real((double)(ns / 1000) / 1e3));
	journal_action_json(s->journal, "ram", m);
}

int session_sum_ram(struct session *s, struct uboot *u, const struct loader_step *step,
		    struct deadline d, struct err *err)
{
	const struct staged_file *f = step->sum_of;
	char want[UBOOT_CRC_SIZE], seen[UBOOT_CRC_SIZE];
	int64_t begin = clock_now_ns();
	int r = uboot_crc32(u, step->line, f->size, d, seen, err);

	if (r)
		return r;
	snprintf(want, sizeof(want), "%08x", f->crc32);
	record(s, step, want, seen, clock_now_ns() - begin);
	if (strcmp(want, seen) == 0)
		return 0;
	s->self_check_ok = false;
	return err_set(
		err, ERR_LAB, -EIO,
		"the board's RAM does not hold %s as it was staged: crc32 of %llu bytes at %s is %s, staged was %s (files that overlap in RAM, a TFTP server that serves others, the network, or the RAM itself)",
		f->name, (unsigned long long)f->size, step->address, seen, want);
}
