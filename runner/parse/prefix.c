// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns printk's own prefix (kernel/printk/printk.c: print_prefix, print_caller) and the
 * order of all that stands before a message. Refuses to know what the message means. */
#include "parse/prefix_parts.h"

#include "util/ascii.h"

enum { STAMP_MAX = 24 };

size_t prefix_digits(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && ascii_is_digit(s[n]))
		n++;
	return n;
}

size_t prefix_blanks(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] == ' ')
		n++;
	return n;
}

size_t prefix_shape_len(const char *s, size_t len, const char *shape)
{
	size_t n = strlen(shape);

	if (len < n)
		return 0;
	for (size_t i = 0; i < n; i++) {
		char c = s[i];
		bool ok = shape[i] == 'd'   ? ascii_is_digit(c)
			  : shape[i] == 'D' ? ascii_is_digit(c) || c == ' '
			  : shape[i] == 'A' ? c >= 'A' && c <= 'Z'
			  : shape[i] == 'a' ? c >= 'a' && c <= 'z'
			  : shape[i] == 'S' ? ascii_is_digit(c) || c == ' ' || c == '+'
					    : c == shape[i];

		if (!ok)
			return 0;
	}
	return n + (len > n && s[n] == ' ');
}

/* " <    0.000123>" of dmesg -d inside the stamp, with the bracket: its length, or 0. */
static size_t delta_in_stamp_len(const char *s, size_t len)
{
	size_t i = 2;

	if (len < 4 || s[0] != ' ' || s[1] != '<')
		return 0;
	i += prefix_blanks(s + i, len < 16 ? len - i : 16 - i);
	i += prefix_digits(s + i, len - i);
	if (i >= len || s[i] != '.')
		return 0;
	i++;
	i += prefix_digits(s + i, len - i);
	return i + 1 < len && s[i] == '>' && s[i + 1] == ']' ? i + 2 : 0;
}

size_t prefix_stamp_len(const char *s, size_t len, double *out)
{
	size_t i = 1, n;
	size_t whole_len = len;
	uint64_t sec = 0, usec = 0;

	if (len < 9 || s[0] != '[')
		return 0;
	if (len > STAMP_MAX)
		len = STAMP_MAX;
	i += prefix_blanks(s + i, len - i);
	n = prefix_digits(s + i, len - i);
	if (n == 0 || n > 12)
		return 0;
	for (size_t k = 0; k < n; k++)
		sec = sec * 10 + (uint64_t)(s[i + k] - '0');
	i += n;
	if (i >= len || s[i] != '.')
		return 0;
	i++;
	n = prefix_digits(s + i, len - i);
	if (n != 6)
		return 0;
	for (size_t k = 0; k < n; k++)
		usec = usec * 10 + (uint64_t)(s[i + k] - '0');
	i += n;
	*out = (double)sec + (double)usec / 1e6;
	if (i < len && s[i] == ']')
		return i + 1;
	/* "[   79.822894 / 05-03 18:11:50.340]" of some Android kernels */
	n = prefix_shape_len(s + i, whole_len - i, " / dd-dd dd:dd:dd.ddd]");
	if (n == 0) {
		n = delta_in_stamp_len(s + i, whole_len - i);
		return n > 0 ? i + n : 0;
	}
	return i + n - (s[i + n - 1] == ' ');
}

/* "[ T123]" or "[    C4]": its length, or 0. */
static size_t caller_len(const char *s, size_t len, char *kind, uint32_t *id)
{
	size_t i = 1, n;
	uint64_t v = 0;

	if (len < 4 || s[0] != '[')
		return 0;
	i += prefix_blanks(s + i, len < 16 ? len - i : 16 - i);
	if (i >= len || (s[i] != 'T' && s[i] != 'C'))
		return 0;

	char k = s[i++];

	n = prefix_digits(s + i, len - i);
	if (n == 0 || n > 9 || i + n >= len || s[i + n] != ']')
		return 0;
	for (size_t j = 0; j < n; j++)
		v = v * 10 + (uint64_t)(s[i + j] - '0');
	*kind = k;
	*id = (uint32_t)v;
	return i + n + 1;
}

size_t prefix_next_stamp(const char *s, size_t len, size_t from)
{
	double d;

	while (from < len) {
		const char *p = memchr(s + from, '[', len - from);

		if (!p)
			return len;
		from = (size_t)(p - s);
		if (prefix_stamp_len(p, len - from, &d))
			return from;
		from++;
	}
	return len;
}

/* "6,339,5140900,-;text" and "6,339,5140900,-,caller=T1;text": /dev/kmsg and netconsole
 * (kernel/printk/printk.c info_print_ext_header). Its length, or 0. */
static size_t kmsg_len(const char *s, size_t len, struct prefix *out)
{
	enum { KMSG_MAX = 64 };
	const char *end = memchr(s, ';', len < KMSG_MAX ? len : KMSG_MAX), *caller;
	size_t i = 0, n;
	uint64_t v = 0;

	if (!end)
		return 0;
	for (int field = 0; field < 3; field++) {
		n = prefix_digits(s + i, len - i);
		if (n == 0 || n > 15 || i + n >= len || s[i + n] != ',')
			return 0;
		v = 0;
		for (size_t k = 0; k < n; k++)
			v = v * 10 + (uint64_t)(s[i + k] - '0');
		i += n + 1;
	}
	if (s[i] != '-' && s[i] != 'c')
		return 0;
	caller = memchr(s + i, '=', (size_t)(end - (s + i)));
	if (caller && (caller[1] == 'T' || caller[1] == 'C')) {
		out->caller = caller[1];
		for (caller += 2; ascii_is_digit(*caller); caller++)
			out->caller_id = out->caller_id * 10 + (uint32_t)(*caller - '0');
	}
	out->stamp_s = (double)v / 1e6;
	return (size_t)(end + 1 - s);
}

/* Blanks before a prefix are noise; before a frame they are its indent. */
static size_t indent_len(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && (s[n] == ' ' || s[n] == '\t'))
		n++;
	return n;
}

void prefix_parse(const char *s, size_t len, struct prefix *out)
{
	enum { MAX_PREFIXES = 5 };
	size_t i = 0, j, n;

	*out = (struct prefix){ .stamp_s = -1 };
	for (int k = 0; k < MAX_PREFIXES; k++) {
		j = i + indent_len(s + i, len - i);
		n = prefix_outer_len(s + j, len - j, out);
		if (n == 0)
			break;
		i = j + n;
	}
	j = i + indent_len(s + i, len - i);
	out->start = j;
	n = kmsg_len(s + j, len - j, out);
	if (n > 0) {
		out->has_stamp = true;
		out->text = j + n;
		return;
	}
	n = prefix_stamp_len(s + j, len - j, &out->stamp_s);
	if (n == 0) {
		out->stamp_s = -1;
		out->start = out->text = i;
		return;
	}
	out->has_stamp = true;
	j += n;
	n = caller_len(s + j, len - j, &out->caller, &out->caller_id);
	if (n == 0 && j + 1 < len && s[j] == ' ') {
		n = caller_len(s + j + 1, len - j - 1, &out->caller, &out->caller_id);
		n += n > 0;
	}
	if (n == 0 && j < len) {
		bool has_blank = s[j] == ' ';

		n = prefix_vendor_len(s + j + has_blank, len - j - has_blank, out);
		n += n > 0 && has_blank;
	}
	j += n;
	if (j < len && s[j] == ' ')
		j++;
	out->text = j;
}
