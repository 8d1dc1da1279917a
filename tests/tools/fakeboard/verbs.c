// SPDX-License-Identifier: GPL-2.0-or-later
/* What a board script can say, one function for each verb (tests/bench/README.md explains
 * them), and running a block of it. */
#include <fcntl.h>
#include <regex.h>

#include "fakeboard/board.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"

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
	return board_put_crlf(b, text, strlen(text));
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
	board_end_boot(b);
	return GONE;
}

static int do_shell(struct board *b, const struct stmt *s)
{
	_cleanup_free_ char *ps1 = board_expand(b, s->args.v[0]);

	return shell_run(b, ps1, s->args.n > 1 ? s->args.v[1] : NULL);
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
	return board_check_gone(b);
}
