// SPDX-License-Identifier: GPL-2.0-or-later
/* Only with CONFIG_EXTRA. */
int extra(void);

int extra(void)
{
	return 3;
}
