// SPDX-License-Identifier: GPL-2.0-or-later
/* Which build a kernel comes from, by the build.json beside it, for a run's record. */
#pragma once

#include <jansson.h>

#include "kernel/image.h"

/* What is kept of the lists of patches and configurations. */
enum { BUILD_BRIEF_MAX_LIST = 64 };

/* dir: where the kernel lies. An object with key, release, base, base_id, base_commit,
 * series, upto, patches, n_patches, config_base, configs, compiler, command and module as
 * in kernel/build.h, which the caller owns; NULL where there is no such file, or it is
 * that of another kernel than image. */
json_t *build_brief(const char *dir, const struct image_info *image);
