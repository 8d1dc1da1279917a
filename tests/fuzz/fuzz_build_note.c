// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as a dump of notes: what is found is whole bytes in hex. */
#include "parse/build_note.h"

#include "util/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct build_note n;
	bool found = build_note_of_dump((const char *)data, size, &n);
	size_t len = strlen(n.hex);

	if (found != (len > 0) || len % 2 || len != strspn(n.hex, "0123456789abcdef"))
		BUG("build id \"%s\"", n.hex);
	return 0;
}
