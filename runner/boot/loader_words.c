// SPDX-License-Identifier: GPL-2.0-or-later
/* LAVA's words in a line for U-Boot's prompt. */
#include "boot/loader_words.h"

#include "util/strbuf.h"

struct loader_words loader_words_of(const char *label, const struct staged *staged)
{
	return (struct loader_words){ .label = label,
				      .kernel = staged->kernel.tftp_path,
				      .ramdisk = staged->ramdisk.tftp_path,
				      .dtb = staged->dtb.tftp_path,
				      .script = staged->config.tftp_path };
}

char *loader_words_expand(const char *text, const struct board_boot *b,
			  const struct loader_words *w)
{
	const struct {
		const char *key, *value;
	} words[] = {
		{ "{label}", w->label },
		{ "{SERVER_IP}", b->server_ip },
		{ "{KERNEL}", w->kernel },
		{ "{RAMDISK}", w->ramdisk },
		{ "{DTB}", w->dtb },
		{ "{SCRIPT}", w->script },
		{ "{KERNEL_ADDR}", b->kernel_addr },
		{ "{RAMDISK_ADDR}", b->ramdisk_addr },
		{ "{DTB_ADDR}", b->dtb_addr },
	};
	struct strbuf sb = STRBUF_INIT;

	while (*text) {
		size_t used = 0;

		for (size_t i = 0; i < ARRAY_SIZE(words) && !used; i++) {
			size_t n = strlen(words[i].key);

			if (strncmp(text, words[i].key, n) != 0)
				continue;
			strbuf_addstr(&sb, words[i].value ? words[i].value : "");
			used = n;
		}
		if (!used)
			strbuf_addch(&sb, *text);
		text += used ? used : 1;
	}
	return strbuf_take(&sb);
}
