// SPDX-License-Identifier: GPL-2.0-or-later
/* A report's places in a build. Private to the diagnosis. */
#pragma once

#include "diagnose/diagnosis.h"
#include "parse/oops_lines.h"

/* Fills d's place, source, frame_lines, and warnings about another build. */
void place_find(struct diagnosis *d, const struct incident *in, struct build *b);
/* A warning that this is not the build that ran. */
void place_other_build(struct diagnosis *d, char *take_why);
/* False when pc has no symbol. *name and *module are the caller's. */
bool place_pc_symbol(const struct incident *in, struct symbol *sym, char **name,
		     char **module);
/* The first frame of the function that is to blame, or NULL. */
const struct incident_frame *place_blamed_frame(const struct incident *in);
