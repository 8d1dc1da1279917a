// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands: each parses its own arguments and returns the exit status of DESIGN's
 * table. */
#pragma once

int cmd_oops(int argc, char **argv);
