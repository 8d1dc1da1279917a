// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as lines of a loader or a kernel: each finding is one of the known words, and
 * nothing is read behind the end. */
#include "parse/loader_fault.h"
#include "parse/reset_words.h"

#include "util/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	(void)reset_announced(text, size, true);
	/* Found at the start of a word only: the hints are stricter, never looser. */
	if (matcher_find(&hints, text, size, 0) > size)
		BUG("hint behind the end");
	return 0;
}
