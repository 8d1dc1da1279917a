// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the grammar of what stands before a kernel message (kernel/printk/printk.c:
 * print_prefix, print_caller; syslog; LAVA; minicom). Refuses to know what the message
 * means. */
#include "parse/prefix.h"

#include "parse/prefix_vendor.h"

enum { STAMP_MAX = 24 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && is_digit(s[n]))
		n++;
	return n;
}

static size_t blanks(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] == ' ')
		n++;
	return n;
}

/* 'd' a digit, 'D' a digit or a blank, 'A' and 'a' letters, 'S' a blank or a sign: the
 * shape's length and that of the blank behind it, or 0. */
static size_t shape_len(const char *s, size_t len, const char *shape)
{
	size_t n = strlen(shape);

	if (len < n)
		return 0;
	for (size_t i = 0; i < n; i++) {
		char c = s[i];
		bool ok = shape[i] == 'd'   ? is_digit(c)
			  : shape[i] == 'D' ? is_digit(c) || c == ' '
			  : shape[i] == 'A' ? c >= 'A' && c <= 'Z'
			  : shape[i] == 'a' ? c >= 'a' && c <= 'z'
			  : shape[i] == 'S' ? is_digit(c) || c == ' ' || c == '+'
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
	i += blanks(s + i, len < 16 ? len - i : 16 - i);
	i += digits(s + i, len - i);
	if (i >= len || s[i] != '.')
		return 0;
	i++;
	i += digits(s + i, len - i);
	return i + 1 < len && s[i] == '>' && s[i + 1] == ']' ? i + 2 : 0;
}

/* "[%5lu.%06lu]": its length, or 0. */
static size_t stamp_len(const char *s, size_t len, double *out)
{
	size_t i = 1, n;
	size_t whole_len = len;
	uint64_t sec = 0, usec = 0;

	if (len < 9 || s[0] != '[')
		return 0;
	if (len > STAMP_MAX)
		len = STAMP_MAX;
	i += blanks(s + i, len - i);
	n = digits(s + i, len - i);
	if (n == 0 || n > 12)
		return 0;
	for (size_t k = 0; k < n; k++)
		sec = sec * 10 + (uint64_t)(s[i + k] - '0');
	i += n;
	if (i >= len || s[i] != '.')
		return 0;
	i++;
	n = digits(s + i, len - i);
	if (n != 6)
		return 0;
	for (size_t k = 0; k < n; k++)
		usec = usec * 10 + (uint64_t)(s[i + k] - '0');
	i += n;
	*out = (double)sec + (double)usec / 1e6;
	if (i < len && s[i] == ']')
		return i + 1;
	/* "[   79.822894 / 05-03 18:11:50.340]" of some Android kernels */
	n = shape_len(s + i, whole_len - i, " / dd-dd dd:dd:dd.ddd]");
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
	i += blanks(s + i, len < 16 ? len - i : 16 - i);
	if (i >= len || (s[i] != 'T' && s[i] != 'C'))
		return 0;

	char k = s[i++];

	n = digits(s + i, len - i);
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
		if (stamp_len(p, len - from, &d))
			return from;
		from++;
	}
	return len;
}

/* "HH:MM:SS" with an optional fraction ("12:00:00:123" of terminal programs, too): its
 * length, or 0. */
static size_t clock_len(const char *s, size_t len)
{
	size_t i = 8;

	if (len < 8 || digits(s, len) != 2 || s[2] != ':' ||
	    digits(s + 3, len - 3) != 2 || s[5] != ':' || !is_digit(s[6]) ||
	    !is_digit(s[7]))
		return 0;
	if (i < len && (s[i] == '.' || s[i] == ',' ||
			(s[i] == ':' && digits(s + i + 1, len - i - 1) == 3)))
		i += 1 + digits(s + i + 1, len - i - 1);
	return i;
}

/* "2024-05-01 12:00:00.123", "2024/05/01, 12:00:00", "2024-05-01T12:00:00+02:00": its
 * length, or 0. */
static size_t iso_len(const char *s, size_t len)
{
	size_t day = 11, n;

	if (len < 19 || digits(s, len) != 4 || (s[4] != '-' && s[4] != '/') ||
	    s[7] != s[4])
		return 0;
	if (s[10] == ',' && s[11] == ' ')
		day = 12;
	else if (s[10] != ' ' && s[10] != 'T')
		return 0;
	n = clock_len(s + day, len - day);
	if (n == 0)
		return 0;
	n += day;
	if (n < len && s[n] == 'Z')
		return n + 1;
	if (n + 5 < len && (s[n] == '+' || s[n] == '-') && is_digit(s[n + 1])) {
		size_t z = n + 1;

		while (z < len && (is_digit(s[z]) || s[z] == ':'))
			z++;
		return z;
	}
	return n;
}

/* A stamp that a terminal program, LAVA or a log collector put before the line. */
static size_t outer_stamp(const char *s, size_t len)
{
	size_t i = 0, n;
	bool bracket = false;

	if (len > 0 && s[0] == '[') {
		bracket = true;
		i = 1;
	}
	n = iso_len(s + i, len - i);
	if (n == 0)
		n = clock_len(s + i, len - i);
	if (n == 0 && !bracket) {
		/* LAVA's own running number, then the clock. */
		size_t d = digits(s, len);

		if (d > 0 && d < 9 && d + 1 < len && s[d] == ' ') {
			n = clock_len(s + d + 1, len - d - 1);
			if (n > 0)
				n += d + 1;
		}
	}
	if (n == 0)
		return 0;
	i += n;
	if (bracket) {
		if (i >= len || s[i] != ']')
			return 0;
		i++;
	}
	return i;
}

/* "Jun ", "Mär ", "févr. ", "апр ", "3月 ": journalctl names the month in the user's
 * language. Its length, or 0. */
static size_t month_len(const char *s, size_t len)
{
	enum { MONTH_MAX = 16 };
	size_t n = digits(s, len), first = n;

	while (n < len && n < MONTH_MAX &&
	       ((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= 'A' && s[n] <= 'Z') ||
		(unsigned char)s[n] >= 0x80))
		n++;
	/* A number is no month; letters may end in a dot. */
	if (n == first || first > 2)
		return 0;
	if (n < len && s[n] == '.')
		n++;
	return n < len && s[n] == ' ' ? n + 1 : 0;
}

/* "Jun  9 11:11:21": its length, or 0. */
static size_t syslog_time_len(const char *s, size_t len)
{
	size_t i = month_len(s, len), n;

	if (i == 0)
		return 0;
	i += blanks(s + i, len - i);
	n = digits(s + i, len - i);
	if (n == 0 || n > 2)
		return 0;
	i += n;
	i += blanks(s + i, len - i);
	n = clock_len(s + i, len - i);
	return n > 0 ? i + n : 0;
}

static bool is_kernel_tag(const char *s, const char *end)
{
	return end - s >= 7 && memcmp(s, "kernel:", 7) == 0;
}

/* Behind the word and its blank, or end. */
static const char *skip_word(const char *s, const char *end)
{
	const char *blank = memchr(s, ' ', (size_t)(end - s));

	return blank ? blank + 1 : end;
}

/* "Jun 09 11:11:21 host kernel: " or "<iso> host kernel: ": where the message starts, 0
 * when it is no syslog line. *foreign: another program's. */
static size_t syslog_len(const char *s, size_t len, bool *foreign)
{
	size_t i = syslog_time_len(s, len);

	*foreign = false;
	if (i == 0)
		i = iso_len(s, len);
	if (i == 0 || i >= len || s[i] != ' ')
		return 0;
	i += blanks(s + i, len - i);

	/* host or none, facility or none, then "tag:" or "tag[pid]:" */
	const char *end = s + (len < i + 160 ? len : i + 160);
	const char *tag = s + i, *p;

	if (!is_kernel_tag(tag, end)) {
		tag = skip_word(tag, end);
		if (end - tag > 5 && memcmp(tag, "kern.", 5) == 0)
			tag = skip_word(tag, end);
	}
	p = tag;
	while (p < end && *p != ' ' && *p != ':')
		p++;
	if (p >= end || *p != ':')
		return 0;
	if (p - tag == 6 && memcmp(tag, "kernel", 6) == 0) {
		p++;
		if (p < end && *p == ' ')
			p++;
		return (size_t)(p - s);
	}
	for (const char *q = tag; q < p; q++)
		if (*q == '[')
			*foreign = true;
	return *foreign ? (size_t)(p + 1 - s) : 0;
}

static size_t level_len(const char *s, size_t len)
{
	if (len < 3 || s[0] != '<')
		return 0;

	size_t n = digits(s + 1, len - 1);

	return n > 0 && n < 4 && n + 1 < len && s[n + 1] == '>' ? n + 2 : 0;
}

/* "[Fri Nov 27 22:00:01 2026] " in any language: its length, or 0. */
static size_t ctime_len(const char *s, size_t len)
{
	size_t i = 1 + month_len(s + 1, len - 1), n;

	if (i == 1)
		return 0;
	n = syslog_time_len(s + i, len - i);
	if (n == 0)
		return 0;
	i += n;
	n = shape_len(s + i, len - i, " dddd]");
	return n > 0 ? i + n : 0;
}

/* What dmesg -T, -H and -e print in place of the printk stamp: its length, or 0. */
static size_t dmesg_len(const char *s, size_t len)
{
	size_t n;

	if (len < 12 || s[0] != '[')
		return 0;
	n = ctime_len(s, len);
	if (n == 0)
		n = shape_len(s, len, "[AaaDd dd:dd]");
	/* The time since the line before: without a sign it is printk's stamp. */
	if (n == 0 && memchr(s, '+', 5))
		n = shape_len(s, len, "[SSSd.dddddd]");
	return n;
}

/* "kern  :alert : " of dmesg -x: its length, or 0. */
static size_t facility_len(const char *s, size_t len)
{
	static const char *const facilities[] = { "kern  ", "user  ", "daemon" };
	size_t i = 0;

	if (len < 15 || s[6] != ':' || s[13] != ':')
		return 0;
	while (i < ARRAY_SIZE(facilities) && memcmp(s, facilities[i], 6) != 0)
		i++;
	return i < ARRAY_SIZE(facilities) ? 14 + (s[14] == ' ') : 0;
}

/* What mail and issue trackers put before a quoted line: its length, or 0. */
static size_t quote_len(const char *s, size_t len)
{
	size_t i = 0;

	while (i + 1 < len && (s[i] == '>' || s[i] == '|') &&
	       (s[i + 1] == ' ' || s[i + 1] == s[i]))
		i += s[i + 1] == ' ' ? 2 : 1;
	return i;
}

/* "`[Sat Jun  1 …" or "```[   12.…": the mark of a quoted text right before its first
 * line. Within a sentence it is none. */
static size_t fence_len(const char *s, size_t len)
{
	size_t n = 0;
	bool foreign;
	double d;

	while (n < len && n < 3 && s[n] == '`')
		n++;
	if (n == 0)
		return 0;
	return dmesg_len(s + n, len - n) || stamp_len(s + n, len - n, &d) ||
			       syslog_len(s + n, len - n, &foreign)
		       ? n
		       : 0;
}

/* One prefix that others put before printk's own: its length, or 0. */
static size_t outer_len(const char *s, size_t len, struct prefix *out)
{
	bool foreign;
	size_t n = dmesg_len(s, len);

	if (n == 0)
		n = facility_len(s, len);
	if (n > 0) {
		out->is_syslog = true;
		return n;
	}
	n = syslog_len(s, len, &foreign);
	if (n > 0) {
		out->is_foreign |= foreign;
		out->is_syslog = true;
		return n;
	}
	if (len >= 8 && memcmp(s, "kernel: ", 8) == 0) {
		out->is_syslog = true;
		return 8;
	}
	n = outer_stamp(s, len);
	if (n > 0)
		return n + blanks(s + n, len - n);
	n = quote_len(s, len);
	if (n == 0)
		n = level_len(s, len);
	return n > 0 ? n : fence_len(s, len);
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
		n = digits(s + i, len - i);
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
		for (caller += 2; is_digit(*caller); caller++)
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
		n = outer_len(s + j, len - j, out);
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
	n = stamp_len(s + j, len - j, &out->stamp_s);
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
