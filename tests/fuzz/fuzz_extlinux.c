// SPDX-License-Identifier: GPL-2.0-or-later
/* Any strings as labels: what is accepted must be one line each, and nothing else than
 * what was given. Input: strings that end with NUL, in the order of the struct. */
#include "boot/extlinux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *next(char **p, const char *end)
{
	char *s = *p;

	if (s >= end)
		return NULL;
	*p = s + strlen(s) + 1;
	return s;
}

static size_t count_lines(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *p = text;
	struct strbuf out = STRBUF_INIT;
	struct err err = ERR_INIT;
	struct pxe_name name;

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	struct extlinux_label l = { .name = next(&p, text + size) };
	l.kernel = next(&p, text + size);
	l.initrd = next(&p, text + size);
	l.fdt = next(&p, text + size);
	l.fdtdir = next(&p, text + size);
	l.append = next(&p, text + size);
	struct extlinux x = { .default_label = l.name, .labels = &l, .n_labels = 1 };
	if (extlinux_format(&x, &out, &err) == 0) {
		size_t want = 4 + 2 + 1 + !!l.initrd + (l.fdt || l.fdtdir) + !!l.append;

		if (count_lines(out.buf) != want || strlen(out.buf) != out.len ||
		    strstr(out.buf, "${") || (l.append && strlen(l.append) > 511))
			abort();
	} else if (out.len || err.class != ERR_JOB) {
		abort();
	}
	if (l.name && pxe_name_from_mac(l.name, &name, &err) == 0 &&
	    (strlen(name.str) != 20 || strchr(name.str, '/')))
		abort();
	strbuf_release(&out);
	free(text);
	return 0;
}
