// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig report`: finished runs as a table, as JUnit XML or as KCIDB. */
#include <fcntl.h>
#include <getopt.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "cmd/cmd.h"
#include "cmd/soak_page.h"
#include "report/junit.h"
#include "report/matrix_table.h"
#include "report/result_read.h"
#include "report/run_files.h"
#include "report/table.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/log.h"

enum { REPORT_OK = 0, REPORT_BAD_USAGE = 129, REPORT_NO_OUTPUT = 131 };

static const char usage[] =
	"usage: bootrig report --table [--json] RUNDIR...\n"
	"       bootrig report --junit RUNDIR\n"
	"       bootrig report --kcidb [--origin NAME] RUNDIR\n"
	"\n"
	"Read result.json of finished runs and print them on standard output. Exit status\n"
	"129 when one of them cannot be read.\n"
	"\n"
	"  --table        one line per run (default); with --json an array of objects;\n"
	"                 of one matrix or soak alone: its table\n"
	"  --junit        JUnit XML\n"
	"  --kcidb        KCIDB 5.3; --origin or $BOOTRIG_ORIGIN names us (\"bootrig\")\n";

enum format { FORMAT_TABLE, FORMAT_JUNIT, FORMAT_KCIDB };

static int complain(const struct err *err)
{
	fprintf(stderr, "bootrig report: %s\n", err->msg);
	return REPORT_BAD_USAGE;
}

static int print(const struct strbuf *text)
{
	if (!io_write_all(STDOUT_FILENO, strbuf_str(text), text->len))
		return REPORT_OK;
	fputs("bootrig report: cannot write the output\n", stderr);
	return REPORT_NO_OUTPUT;
}

static size_t terminal_width(void)
{
	struct winsize w;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) ? 0 : w.ws_col;
}

/* A run that goes on, or was killed, has a row; a path that is none has not. */
static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int print_table(int n, char **dirs, bool as_json)
{
	_cleanup_json_ json_t *rows = json_array();
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	int status = REPORT_OK;

	for (int i = 0; i < n; i++) {
		_cleanup_json_ json_t *result = NULL;
		struct err err = ERR_INIT;

		if (result_load(dirs[i], &result, &err))
			status = complain(&err);
		if (!result && !is_directory(dirs[i]))
			continue;
		json_push(rows,
			  table_row(result, dirs[i],
				    "no readable result.json (running or killed?)"));
	}
	if (as_json) {
		_cleanup_free_ char *line = json_line(rows, NULL);
		strbuf_addstr(&out, line);
	} else if (json_array_size(rows)) {
		table_print(rows, log_wants_color(STDOUT_FILENO), terminal_width(), &out);
	}
	int printed = print(&out);
	return printed ? printed : status;
}

/* A campaign alone is shown cell by cell. */
static int print_campaign(const char *dir, bool as_json, bool *is_one)
{
	_cleanup_json_ json_t *result = NULL;
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	const json_t *matrix, *soak;

	*is_one = false;
	if (result_load(dir, &result, &ignored))
		return REPORT_OK; /* told by who loads it again */
	matrix = json_object_get(result, "matrix");
	soak = json_object_get(result, "soak");
	*is_one = json_is_array(matrix) || json_is_object(soak);
	if (!*is_one)
		return REPORT_OK;
	if (as_json) {
		_cleanup_free_ char *line = json_line(soak ? soak : matrix, NULL);
		strbuf_addstr(&out, line);
	} else if (soak) {
		soak_page_print(soak, log_wants_color(STDOUT_FILENO), terminal_width(),
				&out);
	} else {
		matrix_table_print(matrix, log_wants_color(STDOUT_FILENO),
				   terminal_width(), &out);
	}
	return print(&out);
}

static int print_tables(int n, char **dirs, bool as_json)
{
	bool is_campaign = false;
	int status = n == 1 ? print_campaign(dirs[0], as_json, &is_campaign) : REPORT_OK;

	return is_campaign ? status : print_table(n, dirs, as_json);
}

static int print_one(const char *dir, enum format format, const char *origin)
{
	_cleanup_close_ int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_json_ json_t *result = NULL;
	_cleanup_json_ json_t *kcidb = NULL;
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct err err = ERR_INIT;

	if (result_load(dir, &result, &err))
		return complain(&err);
	if (format == FORMAT_JUNIT) {
		junit_from_result(result, &out);
	} else {
		if (run_files_kcidb(dirfd, result, origin, &kcidb, &err))
			return complain(&err);
		_cleanup_free_ char *line = json_line(kcidb, NULL);
		strbuf_addstr(&out, line);
	}
	return print(&out);
}

int cmd_report(int argc, char **argv)
{
	static const struct option options[] = {
		{ "table", no_argument, NULL, 't' },
		{ "junit", no_argument, NULL, 'x' },
		{ "kcidb", no_argument, NULL, 'k' },
		{ "origin", required_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	enum format format = FORMAT_TABLE;
	const char *origin = NULL;
	bool as_json = false;

	optind = 1;
	for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		if (o == 't')
			format = FORMAT_TABLE;
		else if (o == 'x')
			format = FORMAT_JUNIT;
		else if (o == 'k')
			format = FORMAT_KCIDB;
		else if (o == 'o')
			origin = optarg;
		else if (o == 'j')
			as_json = true;
		else {
			fputs(usage, o == 'h' ? stdout : stderr);
			return o == 'h' ? REPORT_OK : REPORT_BAD_USAGE;
		}
	}
	int n = argc - optind;
	if (!n || (format != FORMAT_TABLE && n != 1)) {
		fputs(usage, stderr);
		return REPORT_BAD_USAGE;
	}
	if (format == FORMAT_TABLE)
		return print_tables(n, argv + optind, as_json);
	return print_one(argv[optind], format, origin);
}
