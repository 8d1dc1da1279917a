// SPDX-License-Identifier: GPL-2.0-or-later
/* Which lines are typed at U-Boot's prompt for one boot, with LAVA's words in them
 * replaced. A run types them, a dry run shows them. */
#pragma once

#include "boot/stage.h"
#include "util/strvec.h"

/* Where the staged files lie, as U-Boot's own tftp command wants them; NULL members are
 * words that become nothing. */
struct loader_words {
	const char *label, *kernel, *ramdisk, *dtb, *script;
};

struct loader_words loader_words_of(const char *label, const struct staged *staged);
/* {label}, {SERVER_IP}, {KERNEL} … in text. The caller owns the string. */
char *loader_words_expand(const char *text, const struct board_boot *board,
			  const struct loader_words *words);
/* All lines in order; the last one boots. */
void loader_lines(const struct board_boot *board, const struct job_boot *boot,
		  const struct loader_words *words, struct strvec *out);
