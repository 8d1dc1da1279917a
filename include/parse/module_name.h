// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel calls a module. */
#pragma once

/* As in /sys/module, by its file: the file's name without .ko[.gz|.xz|.zst] or .ko.debug
 * (it ends at the first dot, as in kmod's modname_normalize()), and '-' is '_':
 * "a/videobuf2-common.ko.xz" is videobuf2_common. A name alone will do for path. The
 * caller owns it. */
char *module_name_of_path(const char *path);
