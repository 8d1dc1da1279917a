// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a board starts again, as far as somebody says it: the kernel and the loader before
 * the reset, firmware that reads the reset registers after it. Pure; who moved which
 * relay is not known here (docs/architecture.md names the sources of each text). */
#pragma once

#include <stdbool.h>

#include "parse/match.h"

/* Before: what a running system says when it goes down, or NULL. Static words: "reboot"
 * "watchdog" "thermal" "sysrq" "firmware"; in_loader: "loader". */
const char *reset_announced(const char *text, size_t len, bool in_loader);
/* The literals without which reset_announced() of a kernel's line is NULL, for a cheap
 * look. */
void reset_announced_init(struct matcher *m);

/* After: "panic" "watchdog" "thermal" "power-on" "software", or NULL when this line of a
 * loader tells nothing. */
const char *reset_told(const char *text, size_t len);

/* What to believe: guess is what was thought when the banner came, told is from
 * reset_told(). A system that said what it does is believed more than a register. A
 * power-on reset with the relays untouched is the supply's. */
const char *reset_cause_of(const char *guess, const char *told);
