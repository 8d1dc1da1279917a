// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of a prefix. Private to the files that read them: prefix.c (printk's own, and
 * the order of all), prefix_outer.c (what others put before it), prefix_vendor.c (what
 * vendors' kernels put behind it). Each function returns a length, 0 when the part is not
 * there, and reads at most len bytes. */
#pragma once

#include "parse/prefix.h"

size_t prefix_digits(const char *s, size_t len);
size_t prefix_blanks(const char *s, size_t len);
/* 'd' a digit, 'D' a digit or a blank, 'A' and 'a' letters, 'S' a blank or a sign: the
 * shape's length and that of the blank behind it. */
size_t prefix_shape_len(const char *s, size_t len, const char *shape);
/* "[%5lu.%06lu]" */
size_t prefix_stamp_len(const char *s, size_t len, double *out);
/* One prefix that others put before printk's own. */
size_t prefix_outer_len(const char *s, size_t len, struct prefix *out);
/* The vendor's words behind the stamp; fills caller and caller_id when they say which
 * task it was. */
size_t prefix_vendor_len(const char *s, size_t len, struct prefix *out);
