// SPDX-License-Identifier: GPL-2.0-or-later
/* A module: CONFIG_SOUND=m. */
int sound(void);

int sound(void)
{
	return 3;
}
