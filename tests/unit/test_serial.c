// SPDX-License-Identifier: GPL-2.0-or-later
/* Which devices are refused as a UART, and in which words; tests/lab/test_tty.c has the
 * cases on a real one. */
#include <stdlib.h>
#include <termios.h>

#include "holding.h"

static int open_pty(char *slave, size_t size)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	CHECK(master >= 0);
	CHECK_EQ(grantpt(master), 0);
	CHECK_EQ(unlockpt(master), 0);
	CHECK_EQ(ptsname_r(master, slave, size), 0);
	return master;
}

TEST(a_device_that_is_not_there_is_told_by_its_name)
{
	check_refused("/dev/serial/by-id/no-such-adapter", -ENOENT, "No such file");
}

TEST(a_pseudo_terminal_is_no_uart_and_keeps_its_settings)
{
	struct termios before, after;
	char slave[64];
	int master = open_pty(slave, sizeof(slave));

	CHECK_EQ(tcgetattr(master, &before), 0);
	check_refused(slave, -ENOTTY, "transport: pty");
	CHECK_EQ(tcgetattr(master, &after), 0);
	CHECK_EQ(before.c_lflag, after.c_lflag);
	close(master);
}

TEST(the_program_that_holds_the_device_is_named)
{
	char slave[64];
	int master = open_pty(slave, sizeof(slave));

	check_holder_is_named(slave, true, "holds it");
	check_holder_is_named(slave, false, "has it open too");
	close(master);
}

TESTS(T(a_device_that_is_not_there_is_told_by_its_name),
      T(a_pseudo_terminal_is_no_uart_and_keeps_its_settings),
      T(the_program_that_holds_the_device_is_named))
