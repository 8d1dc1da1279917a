// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests to the keeper from any bytes; what is a claim survives being written and read
 * again. */
#include "hw/keeper_request.h"
#include <errno.h>

#include "util/jsonx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_claim(const struct keeper_claim *c)
{
	_cleanup_json_ json_t *j = keeper_claim_to_json(c);
	struct keeper_claim again;
	struct err err = ERR_INIT;

	if (!c->n_lines || c->n_lines > BOARD_MAX_LINES || c->n_off > BOARD_MAX_STEPS)
		BUG("%zu lines, %zu steps", c->n_lines, c->n_off);
	for (size_t i = 0; i < c->n_off; i++)
		if (c->off[i].line >= c->n_lines)
			BUG("step %zu is of no line", i);
	if (keeper_claim_from_json(j, &again, &err))
		BUG("our own claim: %s", err.msg);
	if (again.n_lines != c->n_lines || again.n_off != c->n_off ||
	    again.sense_line != c->sense_line)
		BUG("our own claim is another");
	keeper_claim_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keeper_request q;
	struct err err = ERR_INIT;
	int r = keeper_request_parse((const char *)data, size, &q, &err);

	if (r && (r != -EPROTO || err.class != ERR_LAB))
		BUG("result %d, class %d", r, (int)err.class);
	if (!r && q.verb == KEEPER_CLAIM)
		check_claim(&q.claim);
	keeper_request_release(&q);
	return 0;
}
