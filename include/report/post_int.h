// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of posting share. Private to runner/report/post*.c. */
#pragma once

#include "report/http.h"
#include "report/post.h"

/* 2xx from KCIDB still carries its own word. */
bool post_kcidb_said_no(const struct spool_entry *e, const struct http_reply *reply);
/* The answer in one short line, without control bytes. */
void post_describe_answer(struct strbuf *why, const struct http_reply *reply,
			  bool had_token);
