// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig console`: read along with the run that has the board, or have the console for
 * ourselves and type. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>

#include "cmd/cmd.h"
#include "cmd/escape.h"
#include "hw/stream.h"
#include "session/board_lock.h"
#include "session/live_console.h"
#include "util/io.h"
#include "util/mem.h"

enum { OPEN_MS = 10000, BREAK_MS = 250, UNSENT_MAX = 4096 };

static const char usage[] =
	"usage: bootrig console [--board BOARD] [-w]\n"
	"\n"
	"Show a board's console: along with the run that has it, or else for itself.\n"
	"\n"
	"  --board BOARD  board file; default: $BOOTRIG_BOARD\n"
	"  -w, --write    type, too; only while no run has the board\n"
	"\n"
	"At the start of a line: ~. leaves, ~# sends a BREAK, ~~ types a ~, ~? tells this.\n"
	"\n"
	"Exit status: 0 left, or the run ended; 129 bad usage or file; 130 interrupted;\n"
	"131 the console is busy, gone or cannot be opened.\n";

static const char help[] = "\r\n~.  leave   ~#  BREAK   ~~  one ~   ~?  this\r\n";

struct viewer {
	const char *board_path;
	bool may_write;
	struct board_spec *board;
	struct stream *stream;
	bool is_live; /* a run's console: reading only */
	struct board_lock lock;
	int signal_fd;
	bool has_keys; /* standard input is ours to read */
	bool is_raw;
	struct termios before;
	struct escape escape;
	struct strbuf unsent;
	struct deadline next_byte; /* type_delay */
	struct deadline break_end; /* at_ns 0 = no BREAK is on */
	bool leave;
};

static int parse_args(struct viewer *v, int argc, char **argv)
{
	static const struct option options[] = {
		{ "board", required_argument, NULL, 'b' },
		{ "write", no_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};

	optind = 1;
	for (int o; (o = getopt_long(argc, argv, "wh", options, NULL)) != -1;) {
		if (o == 'b')
			v->board_path = optarg;
		else if (o == 'w')
			v->may_write = true;
		else {
			fputs(usage, o == 'h' ? stdout : stderr);
			return o == 'h' ? 0 : EXIT_USAGE;
		}
	}
	if (!v->board_path)
		v->board_path = getenv("BOOTRIG_BOARD");
	if (argc != optind || !v->board_path || !*v->board_path) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	return -1;
}

static int open_own(struct viewer *v, struct err *err)
{
	int r = board_lock(v->board, &v->lock, err);

	if (r)
		return r;
	if (v->board->console.transport == BOARD_CONSOLE_QEMU)
		return err_set(
			err, ERR_LAB, -ENOLINK,
			"board %s has a console only while a run has switched its machine on",
			v->board->board);
	return stream_open(&v->board->console, deadline_in_ms(OPEN_MS), &v->stream, err);
}

static int open_console(struct viewer *v, struct err *err)
{
	_cleanup_free_ char *run = NULL;
	int fd = -1, r = live_console_connect(v->board->board, &fd, &run, err);

	if (r == -ENOENT)
		return open_own(v, err);
	if (r)
		return r;
	v->stream = stream_of_fd(fd);
	v->is_live = true;
	if (v->may_write)
		return err_set(
			err, ERR_LAB, -EBUSY,
			"board %s belongs to the run %s: without -w you may read along",
			v->board->board, run);
	fprintf(stderr, "bootrig console: reading along with %s\n", run);
	return 0;
}

/* Keys come at once and are not echoed here. Only who may write gives up Ctrl-C, which is
 * the board's then; output stays as it was, since boards send CR LF. */
static void take_terminal(struct viewer *v)
{
	struct termios t;

	v->has_keys = v->may_write || isatty(STDIN_FILENO);
	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &v->before))
		return;
	t = v->before;
	cfmakeraw(&t);
	t.c_oflag = v->before.c_oflag;
	if (!v->may_write)
		t.c_lflag |= ISIG;
	t.c_cc[VSUSP] = _POSIX_VDISABLE;
	v->is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &t) == 0;
}

static void give_terminal_back(struct viewer *v)
{
	if (v->is_raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &v->before);
	v->is_raw = false;
}

static int send_break(struct viewer *v, struct err *err)
{
	int r = v->may_write ? stream_set_break(v->stream, true, err) : -EOPNOTSUPP;

	if (r == -EOPNOTSUPP) {
		fprintf(stderr, "\r\nbootrig console: no BREAK: %s\r\n",
			v->may_write ? "this console has none" : "reading only");
		return 0;
	}
	if (!r)
		v->break_end = deadline_in_ms(BREAK_MS);
	return r;
}

static int end_break(struct viewer *v, struct err *err)
{
	v->break_end.at_ns = 0;
	return stream_set_break(v->stream, false, err);
}

static int take_key(struct viewer *v, char c, struct err *err)
{
	char out[2];
	size_t n;

	switch (escape_feed(&v->escape, c, out, &n)) {
	case ESCAPE_LEAVE:
		v->leave = true;
		break;
	case ESCAPE_BREAK:
		return send_break(v, err);
	case ESCAPE_HELP:
		fputs(help, stderr);
		break;
	case ESCAPE_NONE:
		if (v->may_write)
			strbuf_add(&v->unsent, out, n);
		break;
	}
	return 0;
}

static int read_keys(struct viewer *v, struct err *err)
{
	char keys[256];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));
	int r = 0;

	if (n <= 0)
		v->has_keys = n < 0 && (errno == EINTR || errno == EAGAIN);
	for (ssize_t i = 0; i < n && !r && !v->leave; i++)
		r = take_key(v, keys[i], err);
	return r;
}

static int type_some(struct viewer *v, struct err *err)
{
	uint32_t delay_us = v->board->console.type_delay_us;

	while (v->unsent.len && !v->break_end.at_ns && deadline_passed(v->next_byte)) {
		ssize_t n = stream_write(v->stream, v->unsent.buf,
					 delay_us ? 1 : v->unsent.len);

		if (n == -EAGAIN)
			return 0;
		if (n < 0)
			return err_set(err, ERR_LAB, (int)n, "typing: %s",
				       strerror((int)-n));
		strbuf_drop_front(&v->unsent, (size_t)n);
		v->next_byte = deadline_in_ns((int64_t)delay_us * 1000);
	}
	return 0;
}

static int read_console(struct viewer *v, struct err *err)
{
	char buf[16384];
	ssize_t n = stream_read(v->stream, buf, sizeof(buf));

	if (n == -EAGAIN)
		return 0;
	if (n > 0)
		return io_write_all(STDOUT_FILENO, buf, (size_t)n)
			       ? err_set(err, ERR_LAB, -EPIPE, "standard output is gone")
			       : 0;
	if (!v->is_live)
		return err_set(err, ERR_LAB, -ENOLINK, "the console went away");
	fprintf(stderr, "\r\nbootrig console: the run ended\r\n");
	v->leave = true;
	return 0;
}

/* When to look again though nothing comes: the end of a BREAK, the next byte to type. */
static struct deadline next_look(const struct viewer *v)
{
	struct deadline d = { .at_ns = INT64_MAX };

	if (v->break_end.at_ns)
		d = v->break_end;
	else if (v->unsent.len && !deadline_passed(v->next_byte))
		d = v->next_byte;
	return d;
}

static int turn(struct viewer *v, struct err *err)
{
	bool can_type =
		v->unsent.len && !v->break_end.at_ns && deadline_passed(v->next_byte);
	struct pollfd p[] = {
		{ .fd = stream_fd(v->stream),
		  .events = can_type || stream_has_unsent(v->stream) ? POLLIN | POLLOUT
								     : POLLIN },
		{ .fd = v->signal_fd, .events = POLLIN },
		{ .fd = v->has_keys && v->unsent.len < UNSENT_MAX ? STDIN_FILENO : -1,
		  .events = POLLIN },
	};
	int r = 0, n = poll(p, ARRAY_SIZE(p), deadline_poll_ms(next_look(v)));

	if (n < 0 && errno != EINTR)
		return err_set(err, ERR_LAB, -errno, "poll: %s", strerror(errno));
	if (n > 0 && p[1].revents)
		return err_set(err, ERR_CANCELED, -ECANCELED, "interrupted");
	/* Also when there is only room to write: bytes may be here already. */
	if (n > 0 && p[0].revents)
		r = read_console(v, err);
	if (!r && n > 0 && p[2].revents)
		r = read_keys(v, err);
	if (!r && v->break_end.at_ns && deadline_passed(v->break_end))
		r = end_break(v, err);
	return r ? r : type_some(v, err);
}

static int view(struct viewer *v, struct err *err)
{
	int r = open_console(v, err);

	if (!r)
		r = cmd_take_signals(SIGQUIT, &v->signal_fd, err);
	if (r)
		return r;
	take_terminal(v);
	for (r = 0; !r && !v->leave;)
		r = turn(v, err);
	/* What was typed before leaving is not lost. */
	struct deadline d = deadline_in_ms(1000);
	while (!r && (v->unsent.len || v->break_end.at_ns) && !v->is_live &&
	       !deadline_passed(d))
		r = turn(v, err);
	give_terminal_back(v);
	return r;
}

int cmd_console(int argc, char **argv)
{
	struct viewer v = { .lock = BOARD_LOCK_INIT, .signal_fd = -1 };
	struct err err = ERR_INIT;
	int status = parse_args(&v, argc, argv);

	if (status >= 0)
		return status;
	if (cmd_load_board("console", v.board_path, &v.board))
		return EXIT_USAGE;
	status = view(&v, &err) ? cmd_failed("console", &err) : EXIT_PASS;
	stream_close(v.stream);
	strbuf_release(&v.unsent);
	board_spec_free(v.board);
	if (v.signal_fd >= 0)
		close(v.signal_fd);
	board_unlock(&v.lock);
	return status;
}
