// SPDX-License-Identifier: GPL-2.0-or-later
/* What must hold for the reader whatever it reads. */
#pragma once

#include "util/compiler.h"

/* Reads the log in one piece and in pieces of step bytes: the incidents are the same,
 * each that was opened is closed once, and each says where it stands. Then once more with
 * times, as a live console. */
void oops_check(const void *log, size_t size, size_t step);
