// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig power`: a board's power and relays by hand, between runs. */
#include <errno.h>
#include <getopt.h>

#include "cmd/cmd.h"
#include "cmd/power_page.h"
#include "hw/power_gpio.h"
#include "session/board_lock.h"
#include "util/jsonx.h"
#include "util/log.h"
#include "util/mem.h"
#include "util/num.h"

enum { DEFAULT_PRESS_MS = 200, MAX_PRESS_MS = 600000 };

static const char usage[] =
	"usage: bootrig power on|off|cycle|reset|status [--board BOARD] [--json]\n"
	"       bootrig power run SEQUENCE | hold LINE | press LINE [--for TIME] [--board BOARD]\n"
	"       bootrig power release [--board BOARD]\n"
	"\n"
	"Switch a board by hand, as its board file says; refused while a run holds it.\n"
	"\n"
	"  on, off, cycle, reset  the board file's sequences; cycle is off, then on\n"
	"  status                 each relay line: where it is, its level read back, who holds it\n"
	"  run SEQUENCE           any sequence of the board file, such as maskrom\n"
	"  hold LINE              set a line until interrupted\n"
	"  press LINE             close a momentary line, for 200ms or --for TIME (1500ms, 2s)\n"
	"  release                give the board's lines back to the kernel\n"
	"  --board BOARD          board file (default: $BOOTRIG_BOARD)\n"
	"  --json                 status as JSON\n"
	"\n"
	"Exit status: 0; 129 bad usage or file, or the board cannot do that; 130 interrupted;\n"
	"131 the lab is broken, or the board is in use.\n";

struct hand {
	const char *verb, *what, *board_path;
	bool as_json;
	int64_t press_ms;
	struct board_spec *board;
	struct power *power;
	struct board_lock lock;
	int cancel_fd;
};

static int wait_by_hand(void *arg, int fd, struct deadline d, struct err *err)
{
	struct hand *h = arg;

	return cmd_wait(fd, fd == h->cancel_fd ? -1 : h->cancel_fd, d, err);
}

/* Nobody reads the console here: whoever does sees it himself. */
static int expect_by_hand(void *arg, const char *pattern, struct deadline d,
			  struct err *err)
{
	fprintf(stderr,
		"bootrig power: not waiting for \"%s\": the console is not read\n",
		pattern);
	return 0;
}

static void did(void *arg, const char *line, const char *act, int64_t ms)
{
	if (ms)
		printf("%s %s for %lld ms\n", act, line, (long long)ms);
	else
		printf("%s %s\n", act, line);
	fflush(stdout);
}

static void warn(void *arg, const char *text)
{
	log_warn("%s", text);
}

static int refuse(const struct hand *h, struct err *err)
{
	static const char *const why[] = {
		[BOARD_POWER_NONE] = "somebody else switches it (power.backend: none)",
		[BOARD_POWER_QEMU] = "it is a QEMU machine, which lives inside a run",
		[BOARD_POWER_COMMAND] =
			"its relays are switched by commands, not by line",
	};

	return err_set(err, ERR_JOB, -EOPNOTSUPP, "board %s: %s", h->board->board,
		       why[h->board->power.backend]);
}

static struct power_env env_of(struct hand *h)
{
	return (struct power_env){ .wait = wait_by_hand,
				   .expect = expect_by_hand,
				   .did = did,
				   .warn = warn,
				   .arg = h,
				   .run_dir = "/",
				   .hold_fds = { h->lock.file_fd, h->lock.name_fd } };
}

static int settle(struct hand *h, int64_t ms, struct err *err)
{
	return ms ? wait_by_hand(h, -1, deadline_in_ms(ms), err) : 0;
}

static int run_sequence(struct hand *h, const char *name, struct err *err)
{
	const struct board_power *p = &h->board->power;
	int r = power_run(h->power, name, err);

	if (!r && strcmp(name, "on") == 0)
		r = settle(h, p->on_settle_ms, err);
	if (!r && strcmp(name, "off") == 0)
		r = settle(h, p->off_settle_ms, err);
	if (r == -EOPNOTSUPP)
		err->class = ERR_JOB;
	return r;
}

static int cycle(struct hand *h, const char *unused, struct err *err)
{
	int r = run_sequence(h, "off", err);

	return r ? r : run_sequence(h, "on", err);
}

static int press(struct hand *h, const char *line, struct err *err)
{
	return power_gpio_press(h->power, line, h->press_ms, err);
}

static int hold(struct hand *h, const char *line, struct err *err)
{
	return power_gpio_hold(h->power, line, h->cancel_fd, err);
}

static int release(struct hand *h, const char *unused, struct err *err)
{
	struct power_env env = env_of(h);

	return power_gpio_release(h->board, &env, err);
}

static const struct verb {
	const char *name;
	bool wants_what; /* a sequence or a line */
	bool only_gpio;
	int (*act)(struct hand *h, const char *what, struct err *err);
} verbs[] = {
	{ "on", false, false, run_sequence },    { "off", false, false, run_sequence },
	{ "reset", false, false, run_sequence }, { "cycle", false, false, cycle },
	{ "run", true, false, run_sequence },    { "hold", true, true, hold },
	{ "press", true, true, press },          { "release", false, true, release },
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int act(struct hand *h, const struct verb *v, struct err *err)
{
	enum board_power_backend backend = h->board->power.backend;
	struct power_env env;
	int r;

	if (backend == BOARD_POWER_NONE || backend == BOARD_POWER_QEMU ||
	    (v->only_gpio && backend != BOARD_POWER_GPIO))
		return refuse(h, err);
	r = board_lock(h->board, &h->lock, err);
	if (r)
		return r;
	env = env_of(h);
	r = power_new(h->board, &env, &h->power, err);
	return r ? r : v->act(h, v->wants_what ? h->what : h->verb, err);
}

static int status(struct hand *h, struct err *err)
{
	struct power_env env = env_of(h);
	_cleanup_json_ json_t *j = NULL;
	int r;

	if (h->board->power.backend != BOARD_POWER_GPIO)
		return refuse(h, err);
	r = power_gpio_status(h->board, &env, &j, err);
	if (r)
		return r;
	if (!h->as_json) {
		power_page_print(stdout, h->board, j);
		return 0;
	}
	_cleanup_free_ char *text = json_pretty(j, NULL);
	fputs(text, stdout);
	return 0;
}

static int load(struct hand *h)
{
	const char *env = getenv("BOOTRIG_BOARD");

	if (!h->board_path)
		h->board_path = env && *env ? env : NULL;
	if (!h->board_path) {
		fputs("bootrig power: no board; expected --board or $BOOTRIG_BOARD\n",
		      stderr);
		return EXIT_USAGE;
	}
	return cmd_load_board("power", h->board_path, &h->board) ? EXIT_USAGE : 0;
}

/* 1500ms, 2s, or a number of milliseconds. */
static bool parse_duration(const char *s, int64_t *ms)
{
	size_t digits = strspn(s, "0123456789");
	bool is_s = strcmp(s + digits, "s") == 0;
	uint64_t v;

	if (s[digits] && !is_s && strcmp(s + digits, "ms") != 0)
		return false;
	if (parse_u64n(s, digits, 10, MAX_PRESS_MS, &v) || !v)
		return false;
	*ms = (int64_t)v * (is_s ? 1000 : 1);
	return *ms <= MAX_PRESS_MS;
}

static int parse_options(struct hand *h, int argc, char **argv)
{
	static const struct option options[] = {
		{ "board", required_argument, NULL, 'b' },
		{ "for", required_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	optind = 1;
	for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		if (o == 'b')
			h->board_path = optarg;
		else if (o == 'j')
			h->as_json = true;
		else if (o == 'f' && parse_duration(optarg, &h->press_ms))
			continue;
		else {
			fputs(usage, o == 'h' ? stdout : stderr);
			return o == 'h' ? 0 : EXIT_USAGE;
		}
	}
	return -1;
}

PRINTF(1, 2) static int wrong(const char *fmt, ...)
{
	va_list ap;

	fputs("bootrig power: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("; expected one of on, off, cycle, reset, status, run SEQUENCE, hold LINE, "
	      "press LINE, release (--help tells more)\n",
	      stderr);
	return EXIT_USAGE;
}

static int parse_args(struct hand *h, int argc, char **argv)
{
	int status = parse_options(h, argc, argv), n = argc - optind;
	const struct verb *v = n > 0 ? find_verb(argv[optind]) : NULL;

	if (status >= 0)
		return status;
	if (n == 1 && strcmp(argv[optind], "status") == 0) {
		h->verb = "status";
		return -1;
	}
	if (n > 0 && !v && strcmp(argv[optind], "status") != 0)
		return wrong("\"%s\" is nothing that a board can do", argv[optind]);
	if (v && v->wants_what && n == 1)
		return wrong("%s of what? A name from the board file is missing",
			     argv[optind]);
	if (!v || n != (v->wants_what ? 2 : 1) || h->as_json) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	h->verb = argv[optind];
	h->what = v->wants_what ? argv[optind + 1] : NULL;
	return -1;
}

int cmd_power(int argc, char **argv)
{
	struct hand h = { .lock = BOARD_LOCK_INIT,
			  .cancel_fd = -1,
			  .press_ms = DEFAULT_PRESS_MS };
	struct err err = ERR_INIT;
	int s = parse_args(&h, argc, argv), r;

	if (s >= 0)
		return s;
	s = load(&h);
	if (s)
		return s;
	r = cmd_take_signals(0, &h.cancel_fd, &err);
	if (!r)
		r = strcmp(h.verb, "status") == 0 ? status(&h, &err)
						  : act(&h, find_verb(h.verb), &err);
	s = r ? cmd_failed("power", &err) : EXIT_PASS;
	power_free(h.power);
	board_unlock(&h.lock);
	board_spec_free(h.board);
	if (h.cancel_fd >= 0)
		close(h.cancel_fd);
	return s;
}
