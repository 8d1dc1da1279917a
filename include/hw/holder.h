// SPDX-License-Identifier: GPL-2.0-or-later
/* Which other program has a device: for messages, and because a second reader of a tty
 * takes bytes away. Only a look at /proc; what belongs to other users it may not show. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* "picocom (pid 1234)", cut to size; false when /proc names nobody. */
bool holder_of_lock(int fd, char *name, size_t size);           /* its flock */
bool holder_of_file(const char *path, char *name, size_t size); /* open; not us */
