// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of a board's lines share: the moves that keeper_board.c allows, the
 * requests of keeper_board_claim.c, and the off sequence of keeper_off.c. Not for others.
 */
#pragma once

#include "hw/keeper_board.h"

bool keeper_board_is_momentary(const struct keeper_board *b, size_t i);
/* May line i be closed now? -EPERM says why not. */
MUST_CHECK int keeper_board_may_close(const struct keeper_board *b, size_t i,
				      struct err *err);
MUST_CHECK int keeper_board_drive(struct keeper_board *b, size_t i, bool value,
				  struct err *err);
/* The place of line i was lost: look for it again. Whatever it was, it is clear then. */
MUST_CHECK int keeper_board_request_again(struct keeper_board *b, size_t i,
					  struct err *err);
void keeper_board_open_momentary(struct keeper_board *b);
/* Steps of the off sequence that are due. */
void keeper_board_off_steps(struct keeper_board *b, int64_t now_ns);
