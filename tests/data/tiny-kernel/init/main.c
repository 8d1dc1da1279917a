// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the tiny kernel starts. */
#include <linux/tiny.h>

const char banner[] = "Linux version 1.0.0-tiny (nobody@nowhere) #1";

void start(void);

void start(void)
{
	for (;;)
		first(second(1));
}
