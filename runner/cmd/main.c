// SPDX-License-Identifier: GPL-2.0-or-later
/* bootrig: one program, one command a run. */
#include <signal.h>

#include "cmd/cmd.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} commands[] = {
	{ "run", cmd_run, "one job on one board, live, verdict at the end" },
	{ "soak", cmd_soak, "a job again and again, and what its times to failure say" },
	{ "build", cmd_build,
	  "a kernel out of a point of a patch series, kept by content" },
	{ "oops", cmd_oops, "read any console log and report every incident" },
	{ "check", cmd_check, "validate job and board files; no hardware is touched" },
	{ "replay", cmd_replay,
	  "compute a run's events and result again from its bytes" },
	{ "post", cmd_post, "post results; empty the outbox" },
	{ "power", cmd_power, "switch a board by hand, and see how its relays stand" },
	{ "console", cmd_console, "a board's console: along with its run, or by hand" },
	{ "keeper", cmd_keeper, "own the relay lines; started by need" },
	{ "report", cmd_report, "runs as a table, JUnit or KCIDB" },
	{ "doctor", cmd_doctor, "prove the lab before it is trusted" },
};

static void usage(FILE *to)
{
	fputs("usage: bootrig COMMAND [ARGUMENTS]\n\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-8s  %s\n", commands[i].name, commands[i].what);
	fputs("\nbootrig COMMAND --help tells more.\n", to);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("bootrig " BOOTRIG_VERSION);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "bootrig: no command \"%s\"\n", argv[1]);
	usage(stderr);
	return EXIT_USAGE;
}
