// SPDX-License-Identifier: GPL-2.0-or-later
/* result.json as JUnit XML (the de-facto format that GitLab and Jenkins read): failure =
 * the kernel or a test said no, error = the lab, the job or bootrig could not tell. */
#pragma once

#include <jansson.h>

#include "util/compiler.h"
#include "util/strbuf.h"

/* Append the document, well-formed XML 1.0 in UTF-8 for any result. */
void junit_from_result(const json_t *result, struct strbuf *out);
