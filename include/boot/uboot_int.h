// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of the U-Boot dialogue share. Private to boot/uboot*.c. */
#pragma once

#include "boot/uboot.h"

enum { UBOOT_MAX_PATTERNS = 8 };

struct uboot_patterns {
	struct pattern *p[UBOOT_MAX_PATTERNS];
	size_t n;
};

#define _cleanup_patterns_ _cleanup_(uboot_patterns_release)
void uboot_patterns_release(struct uboot_patterns *ps);
void uboot_add_literal(struct uboot_patterns *ps, const char *text);
/* Of a complete line; must be valid. */
void uboot_add_line(struct uboot_patterns *ps, const char *regex);
MUST_CHECK int uboot_add_prompt(struct uboot_patterns *ps, const struct uboot *u,
				struct err *err);

/* uboot_type.c: bytes in the board's pace, without a line end. */
MUST_CHECK int uboot_type(struct uboot *u, const char *text, struct err *err);
/* A command with its line end, its echo seen before it where the board wants that. */
MUST_CHECK int uboot_type_line(struct uboot *u, const char *command, struct err *err);

/* uboot_ask.c */
enum uboot_answered { UBOOT_ANSWERED, UBOOT_USAGE, UBOOT_UNKNOWN, N_UBOOT_ANSWERS };
struct uboot_answer {
	enum uboot_answered how;
	char text[400]; /* with UBOOT_ANSWERED what the regex matched */
};
/* Type the command and wait for what answer_regex (must be valid) matches, or its usage,
 * or that it is not known. Behind an answer there is a fresh prompt. -ETIMEDOUT with
 * err set: neither came. */
MUST_CHECK int uboot_ask(struct uboot *u, const char *command, const char *answer_regex,
			 struct deadline d, struct uboot_answer *out, struct err *err);

/* uboot_fault.c */
/* Wait for one of the first n_ends patterns of ps, which gets the complaints added; *end
 * says which. U-Boot starting again ends it as well: -EREMOTEIO. */
MUST_CHECK int uboot_listen(struct uboot *u, struct uboot_patterns *ps, size_t n_ends,
			    bool may_restart, struct deadline d, struct uboot_ear *ear,
			    size_t *end, struct err *err);
/* The same before there is a prompt: only what ends a boot is heard, and the board may
 * start again. hit->index says which of ps. -EREMOTEIO: nothing more will come. */
MUST_CHECK int uboot_listen_early(struct uboot *u, struct pattern *const ps[], size_t n,
				  struct deadline d, struct uboot_ear *ear,
				  struct console_hit *hit, struct err *err);
