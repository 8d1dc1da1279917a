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
#include <poll.h>
#include <pty.h>
#include <regex.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "fakeboard/board.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/num.h"

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

static void end_boot(struct board *b)
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
		end_boot(b);
	b->is_on = on;
}

static void pull_reset(struct board *b)
{
	b->n_reset++;
	wire_log(&b->wire, "reset", NULL);
	if (b->is_on)
		end_boot(b);
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

static void serve_client(struct board *b)
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

/* ---- bytes out ---- */

static int check_gone(const struct board *b)
{
	return b->is_gone ? GONE : GO_ON;
}

/* The line is full: wait for the reader, but power still works. */
static int wait_room(struct board *b)
{
	struct pollfd p[] = { { .fd = b->ctl_fd, .events = POLLIN },
			      { .fd = b->wire.fd, .events = POLLOUT } };

	/* A pty's POLLOUT is not always announced, hence the short limit. */
	if (poll(p, ARRAY_SIZE(p), 2) > 0 && (p[0].revents & POLLIN))
		serve_client(b);
	return check_gone(b);
}

int board_put(struct board *b, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		size_t chunk = b->byte_us ? 1 : len;
		ssize_t n = wire_write(&b->wire, p, chunk);

		if (n < 0)
			BUG("console: %s", strerror((int)-n));
		p += n;
		len -= (size_t)n;
		if (n == 0 && wait_room(b))
			return GONE;
		if (b->byte_us && n &&
		    board_wait(b, deadline_in_ns(b->byte_us * INT64_C(1000))))
			return GONE;
	}
	return check_gone(b);
}

static int put_crlf(struct board *b, const char *text, size_t len)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			strbuf_addch(&sb, '\r');
		strbuf_addch(&sb, text[i]);
	}
	return board_put(b, strbuf_str(&sb), sb.len);
}

int board_say(struct board *b, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	return put_crlf(b, strbuf_str(&sb), sb.len);
}

/* ---- bytes in ---- */

static int echo_back(struct board *b, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool is_end = data[i] == '\r' || data[i] == '\n';

		if (data[i] != '\3' &&
		    board_put(b, is_end ? "\r\n" : data + i, is_end ? 2 : 1))
			return GONE;
	}
	return GO_ON;
}

/* `set lose N`: the Nth byte that is typed from now on never arrives, once. */
static size_t lose_byte(struct board *b, char *buf, size_t n)
{
	const char *which = board_get(b, "lose");
	uint64_t at;

	if (!*which || !b->echo || parse_u64n(which, strlen(which), 10, 1000, &at) || !at)
		return n;
	if (at > n) {
		_cleanup_free_ char *left = xasprintf("%zu", (size_t)at - n);

		board_set(b, "lose", left);
		return n;
	}
	board_set(b, "lose", "");
	memmove(buf + at - 1, buf + at, n - at);
	return n - 1;
}

/* A UART that overruns: every Nth byte never arrives. Returns how many did. */
static size_t lose_some(struct board *b, char *buf, size_t len)
{
	size_t kept = 0;

	for (size_t i = 0; i < len; i++)
		if (!b->lose_every || ++b->n_input % b->lose_every)
			buf[kept++] = buf[i];
	return kept;
}

static int take_input(struct board *b)
{
	char buf[4096];
	ssize_t n = wire_read(&b->wire, buf, sizeof(buf), b->is_on);

	if (n <= 0 || !b->is_on || b->is_deaf)
		return check_gone(b);
	n = (ssize_t)lose_some(b, buf, (size_t)n);
	if (b->shell_fd >= 0) {
		/* The inner tty echoes. Too much at once is lost, as on a real tty. */
		if (write(b->shell_fd, buf, (size_t)n) < 0)
			wire_log(&b->wire, "input lost", strerror(errno));
		return check_gone(b);
	}
	size_t len = lose_byte(b, buf, (size_t)n);
	strbuf_add(&b->typed, buf, len);
	return b->echo ? echo_back(b, buf, len) : check_gone(b);
}

int board_pump(struct board *b, struct deadline d)
{
	struct pollfd p[] = { { .fd = b->ctl_fd, .events = POLLIN },
			      { .fd = b->wire.fd, .events = POLLIN },
			      { .fd = b->shell_fd, .events = POLLIN },
			      { .fd = b->wire.listen_fd, .events = POLLIN } };
	struct timespec ts = { 0 };

	if (p[1].fd >= 0)
		p[3].fd = -1; /* one client at a time */
	int64_t left = d.at_ns == INT64_MAX ? INT64_MAX : d.at_ns - clock_now_ns();
	ts.tv_sec = left > 0 ? (time_t)(left / 1000000000) : 0;
	ts.tv_nsec = left > 0 ? (long)(left % 1000000000) : 0;
	if (ppoll(p, ARRAY_SIZE(p), left == INT64_MAX ? NULL : &ts, NULL) <= 0)
		return check_gone(b);
	if (p[0].revents)
		serve_client(b);
	if ((p[1].revents || p[3].revents) && !b->is_gone && take_input(b))
		return GONE;
	return check_gone(b);
}

int board_wait(struct board *b, struct deadline d)
{
	size_t before = b->typed.len;

	do {
		if (board_pump(b, d))
			return GONE;
	} while (!deadline_passed(d) && b->typed.len == before);
	return GO_ON;
}

int board_read_line(struct board *b, struct strbuf *line)
{
	for (;;) {
		const char *text = strbuf_str(&b->typed);
		size_t n = strcspn(text, "\r\n\3");

		if (n < b->typed.len && text[n]) {
			strbuf_add(line, text, n + (text[n] == '\3'));
			strbuf_drop_front(&b->typed, n + 1);
			return GO_ON;
		}
		if (board_pump(b, DEADLINE_NEVER))
			return GONE;
	}
}

/* ---- verbs ---- */

static uint64_t number(const struct board *b, const char *text)
{
	_cleanup_free_ char *plain = board_expand(b, text);
	uint64_t n;

	if (parse_u64n(plain, strlen(plain), 10, UINT64_C(1) << 40, &n))
		BUG("not a number: %s", plain);
	return n;
}

static int sleep_ms(struct board *b, uint64_t ms)
{
	struct deadline d = deadline_in_ms((int64_t)ms);

	while (!deadline_passed(d))
		if (board_pump(b, d))
			return GONE;
	return GO_ON;
}

static int do_say(struct board *b, const struct stmt *s)
{
	for (size_t i = 0; i < s->args.n; i++) {
		_cleanup_free_ char *text = board_expand(b, s->args.v[i]);

		if (board_say(b, "%s\n", text))
			return GONE;
	}
	return s->args.n ? GO_ON : board_say(b, "\n");
}

static int do_print(struct board *b, const struct stmt *s)
{
	for (size_t i = 0; i < s->args.n; i++) {
		_cleanup_free_ char *text = board_expand(b, s->args.v[i]);

		if (board_put(b, text, strlen(text)))
			return GONE;
	}
	return GO_ON;
}

static int send_file(struct board *b, const char *name, bool is_text)
{
	_cleanup_free_ char *path =
		name[0] == '/' ? xstrdup(name) : xasprintf("%s/%s", b->script.dir, name);
	_cleanup_strbuf_ struct strbuf data = STRBUF_INIT;
	int e = io_read_file_at(AT_FDCWD, path, 256 << 20, &data);

	if (e)
		BUG("%s: %s", path, strerror(-e));
	if (!is_text)
		return board_put(b, strbuf_str(&data), data.len);
	_cleanup_free_ char *text = board_expand(b, strbuf_str(&data));
	return put_crlf(b, text, strlen(text));
}

static int do_file(struct board *b, const struct stmt *s)
{
	_cleanup_free_ char *name = board_expand(b, s->args.v[0]);

	return send_file(b, name, true);
}

static int do_raw(struct board *b, const struct stmt *s)
{
	_cleanup_free_ char *name = board_expand(b, s->args.v[0]);

	return send_file(b, name, false);
}

static int do_delay(struct board *b, const struct stmt *s)
{
	return sleep_ms(b, number(b, s->args.v[0]));
}

static int do_slowly(struct board *b, const struct stmt *s)
{
	b->byte_us = (int64_t)number(b, s->args.v[0]);
	return GO_ON;
}

/* xorshift: the same seed gives the same bytes in every run. */
static int do_garbage(struct board *b, const struct stmt *s)
{
	uint32_t x = (uint32_t)number(b, s->args.v[1]) | 1;
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	for (uint64_t i = number(b, s->args.v[0]); i; i--) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		strbuf_addch(&sb, (char)(x >> 8));
	}
	return board_put(b, strbuf_str(&sb), sb.len);
}

static int put_many(struct board *b, char c, uint64_t n)
{
	char buf[4096];

	memset(buf, c, sizeof(buf));
	for (; n; n -= n < sizeof(buf) ? n : sizeof(buf))
		if (board_put(b, buf, n < sizeof(buf) ? n : sizeof(buf)))
			return GONE;
	return GO_ON;
}

static int do_nul(struct board *b, const struct stmt *s)
{
	return put_many(b, '\0', number(b, s->args.v[0]));
}

static int do_fill(struct board *b, const struct stmt *s)
{
	return put_many(b, 'x', number(b, s->args.v[0]));
}

/* Kernel log lines, as fast as the other end takes them. */
static int do_flood(struct board *b, const struct stmt *s)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	uint64_t left = number(b, s->args.v[0]);

	for (unsigned int i = 0; sb.len < 60000; i++)
		strbuf_addf(
			&sb,
			"[%5u.%06u] rockchip-drm display-subsystem: bound fdd90000.vop "
			"(ops vop2_component_ops [rockchipdrm]) pass %u\r\n",
			i / 50 + 2, i * 9973 % 1000000, i);
	while (left) {
		size_t n = left < sb.len ? (size_t)left : sb.len;

		if (board_put(b, sb.buf, n))
			return GONE;
		left -= n;
	}
	return GO_ON;
}

static int do_uart(struct board *b, const struct stmt *s)
{
	return uart_run(b, number(b, s->args.v[0]), number(b, s->args.v[1]));
}

static int do_repeat(struct board *b, const struct stmt *s)
{
	for (uint64_t i = number(b, s->args.v[0]); i; i--)
		if (board_run_block(b, s))
			return GONE;
	return GO_ON;
}

/* boot 1 { … }, boot 2+ { … }: counted from the start of fakeboard, resets included. */
static int do_boot(struct board *b, const struct stmt *s)
{
	const char *text = s->args.v[0];
	size_t len = strlen(text);
	bool and_later = len > 1 && text[len - 1] == '+';
	uint64_t n;

	if (parse_u64n(text, len - and_later, 10, UINT32_MAX, &n))
		BUG("line %u: which boot is %s?", s->line, text);
	if (b->n_boots == n || (and_later && b->n_boots > n))
		return board_run_block(b, s);
	return GO_ON;
}

static int do_if(struct board *b, const struct stmt *s)
{
	return strcmp(board_get(b, s->args.v[0]), s->args.v[1]) ? GO_ON
								: board_run_block(b, s);
}

static int do_lose(struct board *b, const struct stmt *s)
{
	b->lose_every = number(b, s->args.v[0]);
	return GO_ON;
}

static int do_echo(struct board *b, const struct stmt *s)
{
	b->echo = !strcmp(s->args.v[0], "on");
	return GO_ON;
}

static int do_expect(struct board *b, const struct stmt *s)
{
	regex_t re;
	int r = GO_ON;
	bool hit = false;

	if (regcomp(&re, s->args.v[0], REG_EXTENDED | REG_NOSUB))
		BUG("line %u: bad regex", s->line);
	while (r == GO_ON && !hit) {
		_cleanup_strbuf_ struct strbuf line = STRBUF_INIT;

		r = board_read_line(b, &line);
		hit = r == GO_ON && !regexec(&re, strbuf_str(&line), 0, NULL, 0);
	}
	regfree(&re);
	return r;
}

static int do_key(struct board *b, const struct stmt *s)
{
	while (b->typed.len == 0)
		if (board_pump(b, DEADLINE_NEVER))
			return GONE;
	strbuf_reset(&b->typed);
	return GO_ON;
}

static int do_set(struct board *b, const struct stmt *s)
{
	_cleanup_free_ char *value = board_expand(b, s->args.v[1]);

	board_set(b, s->args.v[0], value);
	return GO_ON;
}

static int do_mark(struct board *b, const struct stmt *s)
{
	wire_log(&b->wire, "mark", s->args.v[0]);
	return GO_ON;
}

static int do_uboot(struct board *b, const struct stmt *s)
{
	return uboot_run(b, s->args.v[0],
			 s->args.n > 1 ? (int64_t)number(b, s->args.v[1]) : 2000);
}

static int do_hang(struct board *b, const struct stmt *s)
{
	while (board_pump(b, DEADLINE_NEVER) == GO_ON)
		;
	return GONE;
}

/* Keeps running, but from now on nothing typed has an effect: a wedge behind a log. */
static int do_deaf(struct board *b, const struct stmt *s)
{
	b->is_deaf = true;
	b->echo = false;
	return GO_ON;
}

static int do_eof(struct board *b, const struct stmt *s)
{
	wire_hang_up(&b->wire);
	return GO_ON;
}

static int do_reopen(struct board *b, const struct stmt *s)
{
	struct err err = ERR_INIT;

	if (wire_plug_in(&b->wire, &err))
		BUG("%s", err.msg);
	wire_log(&b->wire, "reopen", NULL);
	return GO_ON;
}

static int do_reboot(struct board *b, const struct stmt *s)
{
	wire_log(&b->wire, "reboot", "by itself");
	end_boot(b);
	return GONE;
}

/* ---- a real shell on the console ---- */

static const char shell_rc[] =
	"set +m\n"
	"hook() { \"$FAKEBOARD\" ctl \"$FAKEBOARD_DIR\" hook \"$@\" >/dev/null; }\n"
	"cat() { case $1 in /proc/cmdline) printf '%s\\n' \"$FAKEBOARD_CMDLINE\" ;;"
	" *) command cat \"$@\" ;; esac; }\n"
	"uname() { case $1 in -r) printf '%s\\n' \"$FAKEBOARD_RELEASE\" ;;"
	" *) command uname \"$@\" ;; esac; }\n";

NORETURN static void shell_main(const struct board *b, const char *ps1)
{
	_cleanup_free_ char *home = xasprintf("%s/home", b->dir);
	_cleanup_free_ char *rc = xasprintf("%s/shellrc", b->dir);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || chdir(home) || setenv("PS1", ps1, 1) ||
	    setenv("ENV", rc, 1) || setenv("HOME", home, 1) ||
	    setenv("TERM", "dumb", 1) || setenv("FAKEBOARD", b->self, 1) ||
	    setenv("FAKEBOARD_DIR", b->dir, 1) ||
	    setenv("FAKEBOARD_CMDLINE", board_get(b, "cmdline"), 1) ||
	    setenv("FAKEBOARD_RELEASE", board_get(b, "release"), 1))
		_exit(126);
	execl("/bin/sh", "sh", "-i", (char *)NULL);
	_exit(127);
}

/* What the shell printed so far, at most once round; false when it is gone. */
static int relay_output(struct board *b, bool *is_open)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(b->shell_fd, buf, sizeof(buf))) > 0)
		if (board_put(b, buf, (size_t)n))
			return GONE;
	*is_open = n < 0 && errno == EAGAIN;
	return check_gone(b);
}

static int run_hook(struct board *b)
{
	const char *name = b->hook->args.v[0];
	bool is_open;
	/* What the shell wrote before it called comes first. */
	int r = relay_output(b, &is_open);

	wire_log(&b->wire, "hook", name);
	if (r == GO_ON)
		r = board_run_block(b, b->hook);
	if (r == GO_ON && send(b->hook_fd, "ok\n", 3, MSG_NOSIGNAL) < 0)
		wire_log(&b->wire, "client went away", name);
	cleanup_close(&b->hook_fd);
	b->hook_fd = -1;
	return r;
}

/* The first prompt, and right behind it, in one piece, what a driver prints at that
 * moment: no prompt is left at the end of the output. */
static int break_prompt(struct board *b, const char *ps1, const char *noise)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	char buf[4096];

	while (out.len < strlen(ps1) ||
	       memcmp(out.buf + out.len - strlen(ps1), ps1, strlen(ps1))) {
		ssize_t n = read(b->shell_fd, buf, sizeof(buf));

		if (n > 0)
			strbuf_add(&out, buf, (size_t)n);
		else if (n < 0 && errno != EAGAIN)
			return check_gone(b);
		else if (board_pump(b, deadline_in_ms(10)))
			return GONE;
	}
	strbuf_addf(&out, "%s\r\n", noise);
	return board_put(b, out.buf, out.len);
}

static int do_shell(struct board *b, const struct stmt *s)
{
	_cleanup_free_ char *ps1 = board_expand(b, s->args.v[0]);
	bool is_open = true;
	int r = GO_ON;
	pid_t pid = forkpty(&b->shell_fd, NULL, NULL, NULL);

	if (pid < 0)
		BUG("forkpty: %s", strerror(errno));
	if (pid == 0)
		shell_main(b, ps1);
	if (io_set_nonblock(b->shell_fd, true) || fcntl(b->shell_fd, F_SETFD, FD_CLOEXEC))
		BUG("shell's pty: %s", strerror(errno));
	if (s->args.n > 1)
		r = break_prompt(b, ps1, s->args.v[1]);
	while (r == GO_ON && is_open) {
		r = board_pump(b, DEADLINE_NEVER);
		if (r == GO_ON && b->hook_fd >= 0)
			r = run_hook(b);
		if (r == GO_ON)
			r = relay_output(b, &is_open);
	}
	kill(-pid, SIGKILL);
	cleanup_close(&b->shell_fd);
	b->shell_fd = -1;
	cleanup_close(&b->hook_fd);
	b->hook_fd = -1;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

static int do_nothing(struct board *b, const struct stmt *s)
{
	return GO_ON; /* answer and hook wait for their moment */
}

static const struct {
	const char *verb;
	int (*run)(struct board *b, const struct stmt *s);
} verbs[] = {
	{ "say", do_say },         { "print", do_print },    { "file", do_file },
	{ "raw", do_raw },         { "delay", do_delay },    { "slowly", do_slowly },
	{ "garbage", do_garbage }, { "nul", do_nul },        { "fill", do_fill },
	{ "flood", do_flood },     { "repeat", do_repeat },  { "boot", do_boot },
	{ "if", do_if },           { "echo", do_echo },      { "expect", do_expect },
	{ "key", do_key },         { "set", do_set },        { "mark", do_mark },
	{ "uboot", do_uboot },     { "answer", do_nothing }, { "shell", do_shell },
	{ "hook", do_nothing },    { "hang", do_hang },      { "deaf", do_deaf },
	{ "eof", do_eof },         { "reopen", do_reopen },  { "reboot", do_reboot },
	{ "uart", do_uart },       { "lose", do_lose },
};

static int run_stmt(struct board *b, const struct stmt *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i].verb, s->verb))
			return verbs[i].run(b, s);
	BUG("no code for %s", s->verb);
}

int board_run_block(struct board *b, const struct stmt *block)
{
	for (size_t i = 0; i < block->n_body; i++)
		if (run_stmt(b, &block->body[i]))
			return GONE;
	return check_gone(b);
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
	e = dirfd < 0 ? -errno
		      : io_atomic_write_at(dirfd, "shellrc", shell_rc,
					   sizeof(shell_rc) - 1);
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
