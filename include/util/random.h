// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes that nobody can guess, from the kernel. Never fails: a kernel without them is a
 * bug of the host. */
#pragma once

#include <stddef.h>

void random_bytes(void *out, size_t len);
/* n bytes as 2 * n hex digits and a NUL. */
void random_hex(char *out, size_t n);
