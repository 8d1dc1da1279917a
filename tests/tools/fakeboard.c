// SPDX-License-Identifier: GPL-2.0-or-later
/* A board for tests: it has power, a reset line and a console, and follows a script
 * (tests/bench/README.md has the verbs). Off means silent. Behind the boot messages a
 * real POSIX shell can take over the console, with `hook NAME` as a way back into the
 * script.
 *
 *     fakeboard run DIR SCRIPT [--unix] [--cooked] [--tftp ROOT] [--set NAME=TEXT]...
 *     fakeboard ctl DIR on|off|reset|break|state|hook NAME
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "fakeboard/board.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

const char *board_get(const struct board *b, const char *name)
{
	return json_get_str(b->boot_vars, name, json_get_str(b->vars, name, ""));
}

void board_set(struct board *b, const char *name, const char *value)
{
	json_put(b->boot_vars, name, json_lossy_str(value));
}

char *board_expand(const struct board *b, const char *text)
{
	struct strbuf out = STRBUF_INIT;

	for (const char *p = text; *p;) {
		const char *end = p[0] == '$' && p[1] == '{' ? strchr(p, '}') : NULL;

		if (!end) {
			strbuf_addch(&out, *p++);
			continue;
		}
		_cleanup_free_ char *name = xstrndup(p + 2, (size_t)(end - p - 2));
		strbuf_addstr(&out, board_get(b, name));
		p = end + 1;
	}
	return strbuf_take(&out);
}

/* ---- power and the control socket ---- */

void board_end_boot(struct board *b)
{
	b->is_gone = true;
	strbuf_reset(&b->typed);
}

static void switch_power(struct board *b, bool on)
{
	b->n_on += on;
	b->n_off += !on;
	wire_log(&b->wire, on ? "on" : "off", b->is_on == on ? "no change" : NULL);
	if (b->is_on != on)
		board_end_boot(b);
	b->is_on = on;
}

static void pull_reset(struct board *b)
{
	b->n_reset++;
	wire_log(&b->wire, "reset", NULL);
	if (b->is_on)
		board_end_boot(b);
}

/* A BREAK on the line: a receiver gets a NUL. */
static void get_break(struct board *b)
{
	wire_log(&b->wire, "break", NULL);
	if (b->is_on)
		strbuf_addch(&b->typed, '\0');
}

static char *state_text(const struct board *b)
{
	_cleanup_json_ json_t *j = json_object();

	json_put(j, "power", json_string(b->is_on ? "on" : "off"));
	json_put(j, "on", json_integer(b->n_on));
	json_put(j, "off", json_integer(b->n_off));
	json_put(j, "reset", json_integer(b->n_reset));
	json_put(j, "boots", json_integer(b->n_boots));
	json_put(j, "sent", json_integer((json_int_t)b->wire.n_sent));
	json_put(j, "received", json_integer((json_int_t)b->wire.n_received));
	return json_line(j, NULL);
}

/* A hook is only noted here: the shell statement runs it where output may go out. Answers
 * the fd to keep, or -1 when the request is done. */
static int serve_request(struct board *b, char *request, int fd)
{
	_cleanup_free_ char *answer = NULL;

	if (!strcmp(request, "on") || !strcmp(request, "off"))
		switch_power(b, !strcmp(request, "on"));
	else if (!strcmp(request, "reset"))
		pull_reset(b);
	else if (!strcmp(request, "break"))
		get_break(b);
	else if (!strcmp(request, "state"))
		answer = state_text(b);
	else if (!strncmp(request, "hook ", 5) && b->shell_fd >= 0 && b->hook_fd < 0 &&
		 script_find(&b->script, "hook", request + 5)) {
		b->hook = script_find(&b->script, "hook", request + 5);
		return fd;
	} else
		answer = xasprintf("refused: %s\n", request);
	if (!answer)
		answer = xstrdup("ok\n");
	if (send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
		wire_log(&b->wire, "client went away", request);
	return -1;
}

void board_serve_client(struct board *b)
{
	_cleanup_close_ int fd = accept4(b->ctl_fd, NULL, NULL, SOCK_CLOEXEC);
	char request[256];

	if (fd < 0)
		return;
	ssize_t n = recv(fd, request, sizeof(request) - 1, 0);
	if (n <= 0)
		return;
	request[n] = '\0';
	request[strcspn(request, "\n")] = '\0';
	if (serve_request(b, request, fd) == fd)
		b->hook_fd = TAKE_FD(fd);
}

/* ---- the life of the board ---- */

NORETURN static void live(struct board *b)
{
	for (;;) {
		b->is_gone = false;
		if (!b->is_on) {
			if (board_pump(b, DEADLINE_NEVER) == GO_ON)
				continue;
			b->is_gone = false;
			continue;
		}
		b->n_boots++;
		b->is_deaf = b->echo = false;
		b->byte_us = 0;
		b->lose_every = 0;
		strbuf_reset(&b->typed);
		json_object_clear(b->boot_vars);
		_cleanup_free_ char *boot = xasprintf("%u", b->n_boots);
		board_set(b, "boot", boot);
		if (board_run_block(b, &b->script.top) == GO_ON)
			while (board_pump(b, DEADLINE_NEVER) == GO_ON)
				;
	}
}

static int unix_address(struct sockaddr_un *sun, const char *dir)
{
	*sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
	size_t n = (size_t)snprintf(sun->sun_path, sizeof(sun->sun_path), "%s/ctl", dir);

	return n < sizeof(sun->sun_path) ? 0 : -ENAMETOOLONG;
}

static int open_ctl(struct board *b, struct err *err)
{
	struct sockaddr_un sun;

	if (unix_address(&sun, b->dir))
		return err_set(err, ERR_LAB, -ENAMETOOLONG, "%s: path too long", b->dir);
	unlink(sun.sun_path);
	b->ctl_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (b->ctl_fd < 0 ||
	    bind(b->ctl_fd, (const struct sockaddr *)&sun, sizeof(sun)) ||
	    listen(b->ctl_fd, 8))
		return err_set(err, ERR_LAB, -errno, "%s: %s", sun.sun_path,
			       strerror(errno));
	return 0;
}

static int prepare(struct board *b, const char *script, bool is_unix, bool is_cooked,
		   struct err *err)
{
	_cleanup_free_ char *home = xasprintf("%s/home", b->dir);
	_cleanup_close_ int dirfd = -1;
	int e = io_mkdir_p(home);

	if (e)
		return err_set(err, ERR_LAB, e, "%s: %s", home, strerror(-e));
	dirfd = open(b->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	e = dirfd < 0 ? -errno : shell_prepare(dirfd);
	if (e)
		return err_set(err, ERR_LAB, e, "%s: %s", b->dir, strerror(-e));
	e = script_load(script, &b->script, err);
	if (!e)
		e = wire_open(&b->wire, b->dir, is_unix, is_cooked, err);
	return e ? e : open_ctl(b, err);
}

static int usage(void)
{
	fputs("usage: fakeboard run DIR SCRIPT [--unix] [--cooked] [--tftp ROOT] "
	      "[--set NAME=TEXT]...\n"
	      "       fakeboard ctl DIR on|off|reset|state|hook NAME\n",
	      stderr);
	return 2;
}

static int cmd_run(int argc, char **argv)
{
	struct board b = { .ctl_fd = -1, .shell_fd = -1, .hook_fd = -1 };
	_cleanup_free_ char *self = realpath("/proc/self/exe", NULL);
	bool is_unix = false, is_cooked = false;
	struct err err = ERR_INIT;

	b.dir = argv[2];
	b.self = self;
	b.vars = json_object();
	b.boot_vars = json_object();
	for (int i = 4; i < argc; i++) {
		char *eq = i + 1 < argc ? strchr(argv[i + 1], '=') : NULL;

		if (!strcmp(argv[i], "--unix"))
			is_unix = true;
		else if (!strcmp(argv[i], "--cooked"))
			is_cooked = true;
		else if (!strcmp(argv[i], "--tftp") && i + 1 < argc)
			b.tftp_root = argv[++i];
		else if (!strcmp(argv[i], "--set") && eq) {
			*eq = '\0';
			json_put(b.vars, argv[++i], json_lossy_str(eq + 1));
		} else
			return usage();
	}
	signal(SIGPIPE, SIG_IGN);
	/* A test that dies takes its board along. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM))
		return 1;
	if (prepare(&b, argv[3], is_unix, is_cooked, &err)) {
		fprintf(stderr, "fakeboard: %s\n", err.msg);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	live(&b);
}

static int cmd_ctl(int argc, char **argv)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_strbuf_ struct strbuf request = STRBUF_INIT;
	_cleanup_strbuf_ struct strbuf answer = STRBUF_INIT;
	struct sockaddr_un sun;

	for (int i = 3; i < argc; i++)
		strbuf_addf(&request, "%s%s", i > 3 ? " " : "", argv[i]);
	strbuf_addch(&request, '\n');
	if (fd < 0 || unix_address(&sun, argv[2]) ||
	    connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) ||
	    io_write_all(fd, request.buf, request.len) ||
	    io_read_fd(fd, 1 << 16, &answer)) {
		fprintf(stderr, "fakeboard ctl: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	fputs(strbuf_str(&answer), stdout);
	/* No answer: the boot that the hook belonged to has ended. */
	return answer.len && strncmp(answer.buf, "refused", 7) ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc >= 4 && !strcmp(argv[1], "run"))
		return cmd_run(argc, argv);
	if (argc >= 4 && !strcmp(argv[1], "ctl"))
		return cmd_ctl(argc, argv);
	return usage();
}
