// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as the head of a request: what is taken has its own path and fits the input.
 */
#include "parse/http_put.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_put p;
	int status = http_put_parse((const char *)data, size, "t0ken", &p);

	if (status == 0 && (p.head_len > size || p.head_len > HTTP_PUT_MAX_HEAD ||
			    !memmem(data, p.head_len, "/t0ken/", 7)))
		BUG("head of %zu bytes in %zu", p.head_len, size);
	if (status > 1 && (status < 400 || status > 431))
		BUG("status %d", status);
	return 0;
}
