// SPDX-License-Identifier: GPL-2.0-or-later
/* The first driver: one function, with lines around it that patches can be about. */
#include <linux/tiny.h>

int first(int x)
{
	int y = x;

	y += 1;
	y += 2;
	y += 3;
	y += 4;
	y += 5;
	y += 6;
	y += 7;
	y += 8;
	y += 9;
	y += 10;
	return y;
}
