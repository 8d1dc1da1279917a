// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig doctor`: prove the lab, or write the DHCP and TFTP server's configuration. */
#include <errno.h>
#include <getopt.h>

#include "cmd/cmd.h"
#include "cmd/doctor_dnsmasq.h"
#include "cmd/doctor_page.h"
#include "session/doctor.h"
#include "util/io.h"
#include "util/jsonx.h"

enum { MAX_BOARDS = 32 };

static const char usage[] =
	"usage: bootrig doctor [--board BOARD] [--yes] [--loopback] [--runs DIR] [--json]\n"
	"       bootrig doctor --write-dnsmasq INTERFACE [--board BOARD]... [-o FILE]\n"
	"\n"
	"Prove the lab before it is trusted: this host, and with a board its relays, UART,\n"
	"boot loader, network and TFTP. Every finding comes with what to do about it.\n"
	"\n"
	"  --board BOARD  board file; its power is moved, which is asked for first\n"
	"  --yes          power may move: do not ask\n"
	"  --loopback     TX and RX are joined by a plug, no board is there\n"
	"  --runs DIR     where what the board said is recorded (default: runs)\n"
	"  --json         the findings as one JSON object\n"
	"  --write-dnsmasq INTERFACE\n"
	"                 a configuration of dnsmasq for the wire to the boards; one that has\n"
	"                 the default route or another DHCP server is refused\n"
	"  -o FILE        write it there (default: standard output)\n"
	"\n"
	"Exit status: 0 nothing is broken; 131 something is; 129 bad usage or board file; 130\n"
	"canceled.\n";

struct arguments {
	const char *boards[MAX_BOARDS], *runs, *interface, *out;
	size_t n_boards;
	bool yes, loopback, as_json;
};

/* Nobody at the terminal is no permission. */
static bool may_move_power(const struct arguments *a, const struct board_spec *board)
{
	char answer[16] = "";

	if (a->yes || a->loopback || !board || board->power.backend == BOARD_POWER_NONE)
		return a->yes;
	if (!isatty(STDIN_FILENO))
		return false;
	fprintf(stderr,
		"Board %s will be switched off and on several times. Go on? [y/N] ",
		board->board);
	return fgets(answer, sizeof(answer), stdin) &&
	       (answer[0] == 'y' || answer[0] == 'Y');
}

static int print_json(const struct doctor_report *report, const struct board_spec *board,
		      const struct run_dir *dir)
{
	_cleanup_json_ json_t *j = doctor_to_json(report, board, dir);
	_cleanup_free_ char *text = json_pretty(j, NULL);

	return io_write_all(STDOUT_FILENO, text, strlen(text)) ? EXIT_LAB : EXIT_PASS;
}

static int examine(const struct arguments *a, const struct board_spec *board)
{
	bool may_move = may_move_power(a, board);
	_cleanup_close_ int cancel_fd = -1;
	struct doctor_page page = doctor_page_open(a->as_json ? -1 : STDOUT_FILENO);
	struct doctor_report report = DOCTOR_REPORT_INIT;
	struct run_dir dir = RUN_DIR_INIT;
	struct err err = ERR_INIT;
	struct doctor_opts opts = {
		.board = board,
		.runs_dir = a->runs,
		.may_move_power = may_move,
		.loopback = a->loopback,
		.on_check = doctor_page_check,
		.on_progress = doctor_page_progress,
		.arg = &page,
	};
	int r = cmd_take_signals(0, &cancel_fd, &err);

	opts.cancel_fd = cancel_fd;
	if (!r)
		r = doctor_run(&opts, &report, &dir, &err);
	int status = doctor_count(&report, DOCTOR_FAIL) ? EXIT_LAB : EXIT_PASS;

	doctor_page_close(&page, &report, dir.path);
	if (a->as_json && print_json(&report, board, dir.path ? &dir : NULL))
		status = EXIT_LAB;
	if (r)
		status = cmd_failed("doctor", &err);
	doctor_report_release(&report);
	run_dir_release(&dir);
	return status;
}

static int check_args(const struct arguments *a, const char *further)
{
	if (further)
		fprintf(stderr,
			"bootrig doctor: what is \"%s\"? A board file comes "
			"with --board\n",
			further);
	else if (!a->interface && a->out)
		fputs("bootrig doctor: -o FILE is for --write-dnsmasq\n", stderr);
	else if (!a->interface && a->n_boards > 1)
		fputs("bootrig doctor: one board at a time, but for --write-dnsmasq\n",
		      stderr);
	else if (a->loopback && !a->n_boards)
		fputs("bootrig doctor: --loopback is for the console of a --board\n",
		      stderr);
	else
		return -1;
	return EXIT_USAGE;
}

static int parse_args(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {
		{ "board", required_argument, NULL, 'b' },
		{ "yes", no_argument, NULL, 'y' },
		{ "loopback", no_argument, NULL, 'l' },
		{ "runs", required_argument, NULL, 'r' },
		{ "json", no_argument, NULL, 'j' },
		{ "write-dnsmasq", required_argument, NULL, 'w' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};

	optind = 1;
	for (int o; (o = getopt_long(argc, argv, "yho:", options, NULL)) != -1;) {
		if (o == 'b' && a->n_boards < MAX_BOARDS)
			a->boards[a->n_boards++] = optarg;
		else if (o == 'y')
			a->yes = true;
		else if (o == 'l')
			a->loopback = true;
		else if (o == 'r')
			a->runs = optarg;
		else if (o == 'j')
			a->as_json = true;
		else if (o == 'w')
			a->interface = optarg;
		else if (o == 'o')
			a->out = optarg;
		else {
			fputs(usage, o == 'h' ? stdout : stderr);
			return o == 'h' ? 0 : EXIT_USAGE;
		}
	}
	return check_args(a, optind < argc ? argv[optind] : NULL);
}

static int load_boards(const struct arguments *a, struct board_spec **boards)
{
	int r = 0;

	for (size_t i = 0; i < a->n_boards && !r; i++)
		r = cmd_load_board("doctor", a->boards[i], &boards[i]);
	return r;
}

int cmd_doctor(int argc, char **argv)
{
	struct arguments a = { .runs = "runs" };
	struct board_spec *boards[MAX_BOARDS] = { NULL };
	int status = parse_args(&a, argc, argv);

	if (status >= 0)
		return status;
	if (load_boards(&a, boards))
		status = EXIT_USAGE;
	else if (a.interface)
		status = doctor_write_dnsmasq(a.interface, boards, a.n_boards, a.out);
	else
		status = examine(&a, boards[0]);
	for (size_t i = 0; i < a.n_boards; i++)
		board_spec_free(boards[i]);
	return status;
}
