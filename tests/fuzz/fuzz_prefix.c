// SPDX-License-Identifier: GPL-2.0-or-later
/* One cleaned line: offsets must stay inside it. */
#include "parse/line.h"
#include "parse/prefix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[512];
	size_t n = line_clean((const char *)data, size, text, sizeof(text));
	struct prefix p;

	prefix_parse(text, n, &p);
	if (p.text > n || p.start > n)
		BUG("prefix ends at %zu of %zu", p.text, n);
	for (size_t at = 0; at < n; at++) {
		at = prefix_next_stamp(text, n, at);
		if (at > n)
			BUG("stamp at %zu of %zu", at, n);
	}
	return 0;
}
