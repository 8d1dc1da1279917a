// SPDX-License-Identifier: GPL-2.0-or-later
/* LAVA's words in the lines that are typed at U-Boot's prompt. */
#pragma once

#include "boot/stage.h"

/* Where the staged files lie, as U-Boot's own tftp command wants them; NULL members are
 * words that become nothing. */
struct loader_words {
	const char *label, *kernel, *ramdisk, *dtb, *script;
};

struct loader_words loader_words_of(const char *label, const struct staged *staged);
/* {label}, {SERVER_IP}, {KERNEL} … in text. The caller owns the string. */
char *loader_words_expand(const char *text, const struct board_boot *board,
			  const struct loader_words *words);
