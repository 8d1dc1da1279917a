// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the sockets of this host's running parts are: $XDG_RUNTIME_DIR/bootrig, else
 * /run/bootrig where it may be written, else /tmp/bootrig-UID. */
#pragma once

#include "util/err.h"

/* Makes it when it is missing, for this user alone. -EPERM when it stands there and is
 * somebody else's or open to others in /tmp. The caller owns *path. */
MUST_CHECK int runtime_dir(char **path, struct err *err);
