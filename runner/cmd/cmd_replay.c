// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig replay`: a run's events and result computed again from its bytes. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>

#include "cmd/cmd.h"
#include "report/diagnose.h"
#include "report/result.h"
#include "report/run_files.h"
#include "report/text.h"
#include "session/run_dir.h"
#include "util/io.h"
#include "util/jsonx.h"

enum { EVENTS_MAX = 1 << 30, RESULT_MAX = 64 << 20, EXIT_DIFFERS = 1 };

static const char usage[] =
	"usage: bootrig replay [--diff] [--json] [--events] DIR...\n"
	"\n"
	"Compute a run's events and result again from console.raw, console.idx and actions.jsonl.\n"
	"events.jsonl and result.json are written where they are missing, never replaced.\n"
	"\n"
	"  --diff    compare with events.jsonl and result.json: exit 1 and say what differs\n"
	"  --json    print the result as JSON\n"
	"  --events  print the events, one JSON object a line\n";

struct replay_cmd {
	bool diff, as_json, print_events;
	bool keep_events;
	struct strbuf events;
};

static void on_event(void *arg, const json_t *event)
{
	struct replay_cmd *rc = arg;
	size_t len;
	_cleanup_free_ char *line = json_line(event, &len);

	if (rc->print_events)
		fwrite(line, 1, len, stdout);
	if (rc->keep_events)
		strbuf_add(&rc->events, line, len);
}

static void print_verdict(const char *what, const json_t *result)
{
	const json_t *v = json_object_get(result, "verdict");

	_cleanup_strbuf_ struct strbuf line = STRBUF_INIT;

	text_add_line(&line, json_get_str(v, "reason", ""));
	printf("%s: %s %s: %s\n", what, json_get_str(v, "status", "?"),
	       json_get_str(v, "kind", "-"), strbuf_str(&line));
}

static int diff_events(const struct run_dir *dir, const struct replay_cmd *rc)
{
	_cleanup_strbuf_ struct strbuf old = STRBUF_INIT;
	size_t line = 1, start = 0, n;

	if (io_read_file_at(dir->dirfd, "events.jsonl", EVENTS_MAX, &old)) {
		printf("%s: events.jsonl cannot be read\n", dir->id);
		return 1;
	}
	n = old.len < rc->events.len ? old.len : rc->events.len;
	for (size_t i = 0; i < n; i++) {
		if (old.buf[i] != rc->events.buf[i]) {
			printf("%s: events.jsonl differs in line %zu\n  was: %.*s\n  now: %.*s\n",
			       dir->id, line, (int)strcspn(old.buf + start, "\n"),
			       old.buf + start,
			       (int)strcspn(rc->events.buf + start, "\n"),
			       rc->events.buf + start);
			return 1;
		}
		if (old.buf[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	if (old.len == rc->events.len)
		return 0;
	printf("%s: events.jsonl has %zu bytes, now %zu\n", dir->id, old.len,
	       rc->events.len);
	return 1;
}

static int diff_result(const struct run_dir *dir, const json_t *now)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_json_ json_t *old = NULL;
	const char *key;
	json_t *value;
	int differs = 0;

	if (io_read_file_at(dir->dirfd, "result.json", RESULT_MAX, &text) ||
	    !(old = json_loadb(strbuf_str(&text), text.len, 0, NULL))) {
		printf("%s: result.json cannot be read\n", dir->id);
		return 1;
	}
	json_object_foreach((json_t *)(uintptr_t)now, key, value)
	{
		/* Through text: numbers lose what text cannot say. */
		_cleanup_free_ char *a = json_line(value, NULL);
		const json_t *was = json_object_get(old, key);
		_cleanup_free_ char *b = was ? json_line(was, NULL) : NULL;

		if (b && strcmp(a, b) == 0)
			continue;
		printf("%s: %s differs\n", dir->id, key);
		differs = 1;
	}
	if (differs) {
		print_verdict("  was", old);
		print_verdict("  now", now);
	}
	return differs;
}

static bool is_missing(const struct run_dir *dir, const char *name)
{
	return faccessat(dir->dirfd, name, F_OK, 0) != 0;
}

static int open_run(const char *path, struct run_dir *dir, struct err *err)
{
	int r = run_dir_open(path, dir, err);

	if (r == -ENOTDIR || (!r && is_missing(dir, "job.yaml")))
		return err_set(
			err, ERR_JOB, -EINVAL,
			"%s is no run directory%s; expected one that `bootrig run` made",
			path, r ? "" : ": it has no job.yaml");
	return r;
}

static int compute(struct replay_cmd *rc, const struct run_dir *dir, json_t **result,
		   struct err *err)
{
	int r;

	rc->keep_events = rc->diff || is_missing(dir, "events.jsonl");
	r = result_replay(dir->dirfd, on_event, rc, result, err);
	if (!r && !rc->diff)
		r = run_files_add_missing(dir, rc->keep_events ? &rc->events : NULL,
					  *result, err);
	return r ? err_prefix(err, "%s: ", dir->path) : 0;
}

static int replay_one(struct replay_cmd *rc, const char *path)
{
	struct run_dir dir = RUN_DIR_INIT;
	_cleanup_json_ json_t *result = NULL;
	struct err err = ERR_INIT;
	int r = open_run(path, &dir, &err), differs = 0;

	strbuf_reset(&rc->events);
	if (!r)
		r = compute(rc, &dir, &result, &err);
	if (r) {
		fprintf(stderr, "bootrig replay: %s\n", err.msg);
		run_dir_release(&dir);
		return EXIT_USAGE;
	}
	if (rc->as_json) {
		_cleanup_free_ char *text = json_pretty(result, NULL);

		fputs(text, stdout);
	} else if (!rc->print_events && !rc->diff) {
		_cleanup_strbuf_ struct strbuf hypotheses = STRBUF_INIT;

		print_verdict(dir.id, result);
		diagnose_summary(result, "  ", &hypotheses);
		fputs(strbuf_str(&hypotheses), stdout);
	}
	if (rc->diff) {
		differs = diff_events(&dir, rc);
		differs |= diff_result(&dir, result);
		if (!differs)
			printf("%s: same\n", dir.id);
	}
	run_dir_release(&dir);
	return differs ? EXIT_DIFFERS : 0;
}

int cmd_replay(int argc, char **argv)
{
	static const struct option options[] = {
		{ "diff", no_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "events", no_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct replay_cmd rc = { .events = STRBUF_INIT };
	int status = 0;

	optind = 1;
	for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		if (o == 'd')
			rc.diff = true;
		else if (o == 'j')
			rc.as_json = true;
		else if (o == 'e')
			rc.print_events = true;
		else {
			fputs(usage, o == 'h' ? stdout : stderr);
			return o == 'h' ? 0 : EXIT_USAGE;
		}
	}
	if (optind == argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	for (int i = optind; i < argc; i++) {
		int s = replay_one(&rc, argv[i]);

		status = s > status ? s : status;
	}
	strbuf_release(&rc.events);
	return status;
}
