// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as lines of a loader or a kernel: each finding is one of the known words, and
 * nothing is read behind the end; and as the answer that names a device tree. */
#include "boot/uboot.h"
#include "parse/loader_fault.h"
#include "parse/reset_words.h"

#include "util/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void name_a_tree(const char *text, size_t size)
{
	_cleanup_free_ char *answer = xstrndup(text, size);
	char name[UBOOT_FDTFILE_SIZE];

	uboot_fdtfile_name(answer, name);
	if (!name[0] || strchr(name, ':'))
		BUG("tree %s", name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct matcher hints;
	static bool is_ready;
	const char *text = (const char *)data;
	const struct loader_fault *f = loader_fault_find(text, size);
	const char *told = reset_told(text, size);

	if (!is_ready)
		reset_announced_init(&hints);
	is_ready = true;
	if (f && (!loader_blame_to_str(f->blame) ||
		  !memmem(text, size, f->text, strlen(f->text))))
		BUG("fault %s", f->text);
	if (told && !reset_cause_of("unknown", told)[0])
		BUG("cause of %s", told);
	name_a_tree(text, size);
	(void)reset_announced(text, size, true);
	/* Found at the start of a word only: the hints are stricter, never looser. */
	if (matcher_find(&hints, text, size, 0) > size)
		BUG("hint behind the end");
	return 0;
}
