// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig check`: are these files sound, and does the job fit the board?
 * Touches no hardware and no network. */
#include <getopt.h>

#include "cmd/cmd.h"
#include "parse/board_spec.h"
#include "parse/job_spec.h"
#include "parse/spec_load.h"
#include "util/jsonx.h"

enum { EXIT_BAD_FILE = 129 };

static const char usage[] =
	"usage: bootrig check [--json] [--board BOARD] FILE...\n"
	"\n"
	"Validate job, board and hypothesis files; no hardware is touched. A file with\n"
	"`actions:` is a job, one with `board:` is a board, one with `name:` or `hypotheses:`\n"
	"has hypotheses. Exit status 0 when all are sound, else 129 with one FILE:LINE:COL\n"
	"message for each mistake on standard error.\n"
	"\n"
	"  --board BOARD  also check that each job fits this board file\n"
	"  --json         print the findings as one JSON object instead\n";

struct check {
	const struct board_spec *board; /* NULL = none given; borrowed */
	bool as_json;
	json_t *files;
	bool any_bad;
};

static void check_job(const struct check *c, const char *path, const struct strbuf *text,
		      struct spec_messages *msgs, json_t *entry)
{
	_cleanup_job_spec_ struct job_spec *job = NULL;
	struct err err = ERR_INIT;

	if (job_spec_parse(path, strbuf_str(text), text->len, &job, msgs, &err) ||
	    (c->board && board_spec_fits(c->board, job, msgs, &err)))
		return;
	json_put(entry, "job_name", json_lossy_str(job->job_name));
	json_put(entry, "actions", json_integer((json_int_t)job->n_actions));
	if (!c->as_json)
		printf("%s: job \"%s\", %zu action%s: ok\n", path, job->job_name,
		       job->n_actions, job->n_actions == 1 ? "" : "s");
}

static void check_board(const struct check *c, const char *path,
			const struct strbuf *text, struct spec_messages *msgs,
			json_t *entry)
{
	_cleanup_board_spec_ struct board_spec *board = NULL;
	struct err err = ERR_INIT;

	if (board_spec_parse(path, strbuf_str(text), text->len, &board, msgs, &err))
		return;
	json_put(entry, "board", json_lossy_str(board->board));
	if (!c->as_json)
		printf("%s: board \"%s\"%s: ok\n", path, board->board,
		       board->has_boot ? "" : ", for method: minimal");
}

static void check_hypotheses(const struct check *c, const char *path,
			     const struct strbuf *text, struct spec_messages *msgs,
			     json_t *entry)
{
	_cleanup_hypotheses_ struct hypotheses all = HYPOTHESES_INIT;
	struct err err = ERR_INIT;
	json_t *names = json_array();

	if (hypotheses_parse(path, strbuf_str(text), text->len, &all, msgs, &err)) {
		json_decref(names);
		return;
	}
	for (size_t i = 0; i < all.n; i++) {
		json_push(names, json_lossy_str(all.v[i].name));
		if (!c->as_json)
			printf("%s: hypothesis \"%s\": ok\n", path, all.v[i].name);
	}
	json_put(entry, "hypotheses", names);
}

/* "PATH:LINE:COL: text" taken apart again; path is known and may hold colons. */
static json_t *message_to_json(const char *path, const char *s)
{
	json_t *j = json_object();
	size_t n = strlen(path);
	unsigned long line = 1, col = 1;
	char *end;

	if (strncmp(s, path, n) == 0 && s[n] == ':') {
		line = strtoul(s + n + 1, &end, 10);
		col = strtoul(end + 1, &end, 10);
		s = end + 2;
	}
	json_put(j, "line", json_integer((json_int_t)line));
	json_put(j, "column", json_integer((json_int_t)col));
	json_put(j, "message", json_lossy_str(s));
	return j;
}

static void report(struct check *c, const char *path, const struct spec_messages *msgs,
		   json_t *take_entry)
{
	json_t *list = json_array();

	json_put(take_entry, "ok", json_boolean(msgs->v.n == 0));
	for (size_t i = 0; i < msgs->v.n; i++) {
		c->any_bad = true;
		if (!c->as_json)
			fprintf(stderr, "%s\n", msgs->v.v[i]);
		json_push(list, message_to_json(path, msgs->v.v[i]));
	}
	json_put(take_entry, "messages", list);
	json_push(c->files, take_entry);
}

static void check_file(struct check *c, const char *path)
{
	static const char *const kinds[] = { "unknown", "job", "board", "hypotheses" };
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;
	json_t *entry = json_object();
	enum spec_kind kind = SPEC_UNKNOWN;

	json_put(entry, "file", json_lossy_str(path));
	if (spec_read_file(path, &text, &msgs, &err) == 0) {
		kind = spec_kind_of(path, strbuf_str(&text), text.len, &msgs);
		if (kind == SPEC_JOB)
			check_job(c, path, &text, &msgs, entry);
		else if (kind == SPEC_BOARD)
			check_board(c, path, &text, &msgs, entry);
		else if (kind == SPEC_HYPOTHESES)
			check_hypotheses(c, path, &text, &msgs, entry);
	}
	json_put(entry, "kind", json_string(kinds[kind]));
	report(c, path, &msgs, entry);
	strvec_release(&msgs.v);
}

int cmd_check(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
						 { "board", required_argument, NULL,
						   'b' },
						 { "help", no_argument, NULL, 'h' },
						 { NULL, 0, NULL, 0 } };
	_cleanup_board_spec_ struct board_spec *board = NULL;
	struct check c = { .files = json_array() };
	_cleanup_json_ json_t *doc = json_object();
	const char *board_path = NULL;
	int opt;

	json_put(doc, "files", c.files);
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (opt) {
		case 'j':
			c.as_json = true;
			break;
		case 'b':
			board_path = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return EXIT_BAD_FILE;
		}
	if (optind == argc && !board_path) {
		fputs(usage, stderr);
		return EXIT_BAD_FILE;
	}
	if (board_path && cmd_load_board("check", board_path, &board))
		return EXIT_BAD_FILE;
	c.board = board;
	for (int i = optind; i < argc; i++)
		check_file(&c, argv[i]);
	if (c.as_json) {
		_cleanup_free_ char *line = json_line(doc, NULL);

		fputs(line, stdout);
	}
	return c.any_bad ? EXIT_BAD_FILE : 0;
}
