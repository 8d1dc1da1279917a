// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as make's output and as Kbuild's .cmd file: what is given is part of it. */
#include "parse/make_output.h"

#include "util/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text {
	const char *s;
	size_t len;
};

static bool check_path(void *arg, const char *path)
{
	const struct text *t = arg;

	if (!*path || !memmem(t->s, t->len, path, strlen(path)))
		BUG("\"%s\" is not in the file", path);
	return path[0] != 'Z';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text t = { (const char *)data, size };
	struct make_said said = make_output_line(t.s, t.len);

	if (said.text < t.s || said.text + said.len > t.s + t.len)
		BUG("a piece outside of the line");
	if (said.kind == MAKE_LINE_OBJECT &&
	    (said.len < 2 || said.text[said.len - 1] != 'o'))
		BUG("an object that is none");
	make_dependencies(t.s, t.len, check_path, &t);
	return 0;
}
