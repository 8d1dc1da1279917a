// SPDX-License-Identifier: GPL-2.0-or-later
/* Which device tree of a directory U-Boot will take: its boot/pxe_utils.c label_boot()
 * asks for ${fdtfile}, and without it for ${soc}-${board}.dtb, of which either may be
 * missing. The same from its first FDTDIR (2013) to 2025.01. */
#include <errno.h>

#include "boot/uboot_int.h"

enum { ANSWER_MS = 5000, PROMPT_MS = 5000 };

/* As the command expands: its own echo has a '$'. */
static const char answer_regex[] =
	"bootrig-dtb [^:$\\s]{0,100}:[^:$\\s]{0,100}:[^:$\\s]{0,100}:";

void uboot_fdtfile_name(const char *answer, char name[UBOOT_FDTFILE_SIZE])
{
	char word[3][UBOOT_FDTFILE_SIZE / 3] = { "" };
	const char *p = strchr(answer, ' ') ?: "";

	for (size_t i = 0; i < 3 && *p; i++) {
		size_t n = strcspn(++p, ":");

		if (n >= sizeof(word[i]))
			n = sizeof(word[i]) - 1;
		memcpy(word[i], p, n);
		p += strcspn(p, ":");
	}
	if (word[0][0])
		snprintf(name, UBOOT_FDTFILE_SIZE, "%s", word[0]);
	else
		snprintf(name, UBOOT_FDTFILE_SIZE, "%s%s%s.dtb", word[1],
			 word[1][0] && word[2][0] ? "-" : "", word[2]);
}

/* An answer of another shape, or none, says nothing: U-Boot chooses all the same. */
int uboot_fdtfile(struct uboot *u, struct deadline d, char name[UBOOT_FDTFILE_SIZE],
		  struct err *err)
{
	struct uboot_answer a;
	int r = uboot_ask(u, UBOOT_FDTFILE_COMMAND, answer_regex,
			  deadline_min(d, deadline_in_ms(ANSWER_MS)), &a, err);

	name[0] = '\0';
	if (!r && a.how == UBOOT_ANSWERED) {
		uboot_fdtfile_name(a.text, name);
		return 0;
	}
	if (r && (r != -ETIMEDOUT || deadline_passed(d)))
		return r;
	*err = (struct err)ERR_INIT;
	return uboot_fresh_prompt(u, deadline_min(d, deadline_in_ms(PROMPT_MS)), err);
}
