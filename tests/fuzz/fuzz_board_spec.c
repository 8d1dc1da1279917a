// SPDX-License-Identifier: GPL-2.0-or-later
/* Board files from any bytes. */
#include "parse/board_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spec_messages msgs = { STRVEC_INIT };
	struct board_spec *b = NULL;
	struct err err = ERR_INIT;
	int r = board_spec_parse("/b/board.yaml", (const char *)data, size, &b, &msgs,
				 &err);

	if ((r == 0) != (b != NULL) || (r == 0) != (msgs.v.n == 0))
		BUG("result %d with %zu messages", r, msgs.v.n);
	if (b && (!b->board || (b->has_boot && !b->boot.tftp_root)))
		BUG("the board is incomplete");
	for (size_t i = 0; b && i < b->n_recovery; i++)
		if (!b->recovery[i].name || !b->recovery[i].prompts.n)
			BUG("rung %zu is incomplete", i);
	board_spec_free(b);
	strvec_release(&msgs.v);
	return 0;
}
