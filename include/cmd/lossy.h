// SPDX-License-Identifier: GPL-2.0-or-later
/* A stdio stream for people that never blocks the program: a terminal or pipe that nobody
 * reads loses lines of the live view, not a byte of the record and not a second of the
 * verdict. */
#pragma once

#include "util/compiler.h"

/* Buffered: fflush when there is something to see. Writes to fd (borrowed) as far as it
 * takes bytes, keeps LOSSY_BUFFER bytes for later, drops what is beyond with a count in
 * its place. fclose waits at most LOSSY_DRAIN_MS for the reader. NULL: no memory. */
enum { LOSSY_BUFFER = 256 << 10, LOSSY_DRAIN_MS = 2000 };
FILE *lossy_open(int fd);
