// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the prefixes that are not printk's: syslog, journalctl, dmesg's options, terminal
 * programs, LAVA, quotes. */
#include "parse/prefix_parts.h"

#include "util/ascii.h"

/* "HH:MM:SS" with an optional fraction ("12:00:00:123" of terminal programs, too): its
 * length, or 0. */
static size_t clock_len(const char *s, size_t len)
{
	size_t i = 8;

	if (len < 8 || prefix_digits(s, len) != 2 || s[2] != ':' ||
	    prefix_digits(s + 3, len - 3) != 2 || s[5] != ':' || !ascii_is_digit(s[6]) ||
	    !ascii_is_digit(s[7]))
		return 0;
	if (i < len && (s[i] == '.' || s[i] == ',' ||
			(s[i] == ':' && prefix_digits(s + i + 1, len - i - 1) == 3)))
		i += 1 + prefix_digits(s + i + 1, len - i - 1);
	return i;
}

/* "2024-05-01 12:00:00.123", "2024/05/01, 12:00:00", "2024-05-01T12:00:00+02:00": its
 * length, or 0. */
static size_t iso_len(const char *s, size_t len)
{
	size_t day = 11, n;

	if (len < 19 || prefix_digits(s, len) != 4 || (s[4] != '-' && s[4] != '/') ||
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
	if (n + 5 < len && (s[n] == '+' || s[n] == '-') && ascii_is_digit(s[n + 1])) {
		size_t z = n + 1;

		while (z < len && (ascii_is_digit(s[z]) || s[z] == ':'))
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
		size_t d = prefix_digits(s, len);

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
	size_t n = prefix_digits(s, len), first = n;

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
	i += prefix_blanks(s + i, len - i);
	n = prefix_digits(s + i, len - i);
	if (n == 0 || n > 2)
		return 0;
	i += n;
	i += prefix_blanks(s + i, len - i);
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
	i += prefix_blanks(s + i, len - i);

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

	size_t n = prefix_digits(s + 1, len - 1);

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
	n = prefix_shape_len(s + i, len - i, " dddd]");
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
		n = prefix_shape_len(s, len, "[AaaDd dd:dd]");
	/* The time since the line before: without a sign it is printk's stamp. */
	if (n == 0 && memchr(s, '+', 5))
		n = prefix_shape_len(s, len, "[SSSd.dddddd]");
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
	return dmesg_len(s + n, len - n) || prefix_stamp_len(s + n, len - n, &d) ||
			       syslog_len(s + n, len - n, &foreign)
		       ? n
		       : 0;
}

size_t prefix_outer_len(const char *s, size_t len, struct prefix *out)
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
		return n + prefix_blanks(s + n, len - n);
	n = quote_len(s, len);
	if (n == 0)
		n = level_len(s, len);
	return n > 0 ? n : fence_len(s, len);
}
