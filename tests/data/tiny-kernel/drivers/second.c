// SPDX-License-Identifier: GPL-2.0-or-later
/* The second driver. */
#include <linux/tiny.h>

int second(int x)
{
	return x * 2;
}
