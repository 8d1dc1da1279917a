// SPDX-License-Identifier: GPL-2.0-or-later
/* The text of a YAML file as bytes: what none may hold, and where it ends. */
#include "parse/yaml_int.h"

#include "util/utf8.h"

/* What no YAML may hold, found before the parser sees it: control characters and bytes
 * that are no UTF-8. */
bool yaml_bytes_check(const char *text, size_t len, struct spec_report *r)
{
	struct spec_mark mark = { 1, 1 };
	size_t n;

	for (size_t i = 0; i < len; i += n, mark.col++) {
		unsigned char c = (unsigned char)text[i];

		n = utf8_len(text + i, len - i);
		if (!n) {
			spec_complain(r, mark, "byte 0x%02x is no UTF-8; expected UTF-8",
				      c);
			return false;
		}
		if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
			spec_complain(r, mark, "control character 0x%02x; expected text",
				      c);
			return false;
		}
		if (c == '\n')
			mark = (struct spec_mark){ mark.line + 1, 0 };
	}
	return true;
}

/* Of a file that breaks off, libfyaml names a line that is not there. */
bool yaml_bytes_end(const char *text, size_t len, struct spec_mark *mark)
{
	struct spec_mark end = { 1, 1 };

	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			end = (struct spec_mark){ end.line + 1, 1 };
		else
			end.col += ((unsigned char)text[i] & 0xc0) != 0x80;
	}
	if (mark->line <= end.line)
		return false;
	*mark = end;
	return true;
}
