// SPDX-License-Identifier: GPL-2.0-or-later
/* Which token goes to which receiver. A token is bound to scheme, host and port: a job
 * file that names another receiver never sees it. */
#pragma once

#include "report/spool.h"
#include "util/compiler.h"
#include "util/err.h"

/* "https://host:8080" of an http(s) URL, in lower case; the caller owns it. */
char *url_origin(const char *url);

/* The header line for this destination, "Authorization: Bearer …", or NULL for none; the
 * caller owns it and keeps it out of logs. Looked up, first match wins:
 *   1. a tokens file of lines "URL TOKEN [raw] [header=NAME]": $BOOTRIG_TOKENS,
 *      $CREDENTIALS_DIRECTORY/bootrig-tokens, ~/.config/bootrig/tokens
 *   2. $KCIDB_REST, "https://TOKEN@host/", for that host
 *   3. one token, $BOOTRIG_POST_TOKEN, the file $BOOTRIG_POST_TOKEN_FILE, or
 *      $CREDENTIALS_DIRECTORY/bootrig-post-token: for the origin of named_url (what --to
 *      or $BOOTRIG_POST_URL said), or without one for destinations that the operator
 *      chose. $BOOTRIG_POST_HEADER and $BOOTRIG_POST_TOKEN_FORM=raw change its form.
 * ERR_LAB when a file that was named cannot be read or a token holds control bytes. */
MUST_CHECK int token_header(const struct destination *to, const char *named_url,
			    char **out, struct err *err);
