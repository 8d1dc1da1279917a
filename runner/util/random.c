// SPDX-License-Identifier: GPL-2.0-or-later
/* Random bytes, and how they are written. */
#include "util/random.h"

#include <errno.h>
#include <sys/random.h>

#include "util/err.h"

void random_bytes(void *out, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = getrandom((char *)out + done, len - done, 0);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			BUG("getrandom failed");
	}
}

void random_hex(char *out, size_t n)
{
	out[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		unsigned char byte;

		random_bytes(&byte, 1);
		snprintf(out + 2 * i, 3, "%02x", byte);
	}
}
