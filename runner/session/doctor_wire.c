// SPDX-License-Identifier: GPL-2.0-or-later
/* Latency and loss of the UART in both directions: random bytes through a plug that joins
 * TX and RX, or random lines that U-Boot echoes. */
#include <errno.h>

#include "session/doctor_int.h"
#include "util/mem.h"
#include "util/random.h"

enum {
	BLOCK_BYTES = 4096,
	N_BLOCKS = 16,
	LINE_CHARS = 160, /* below the smallest CONFIG_SYS_CBSIZE, 256 */
	N_LINES = 20,
	N_PINGS = 20,
	IDLE_MS = 500, /* no further byte for this long: the rest is lost */
	SLICE_MS = 5,
	SEND_MS = 60000,
	PROMPT_MS = 3000,
	PING_MS = 1000,
};

static const char is_lossy[] =
	"type_delay: {milliseconds: 1} in the board file's console, another adapter (CH340 loses "
	"bytes at 1500000 baud), a shorter cable";

struct tally {
	uint64_t sent, came, n_bad; /* bytes, bytes, blocks or lines */
	int64_t ns;
};

static void random_letters(char *buf, size_t len)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

	random_bytes(buf, len);
	for (size_t i = 0; i < len; i++)
		buf[i] = letters[(unsigned char)buf[i] % (sizeof(letters) - 1)];
}

/* Until the tap has that many bytes, or nothing more comes. */
static int gather(struct doctor *d, size_t want, struct err *err)
{
	struct deadline idle = deadline_in_ms(IDLE_MS);
	size_t had = 0;
	int r = 0;

	while (!r && d->tap.len < want && !deadline_passed(idle)) {
		r = console_wait_fd(d->s->console, -1, deadline_in_ms(SLICE_MS), err);
		if (d->tap.len != had)
			idle = deadline_in_ms(IDLE_MS);
		had = d->tap.len;
	}
	return r;
}

static int send(struct doctor *d, const void *data, size_t len, struct err *err)
{
	return console_send(d->s->console, data, len, d->s->board->console.type_delay_us,
			    deadline_in_ms(SEND_MS), err);
}

/* One letter there and back; *us. -ETIMEDOUT: it never came. */
static int ping(struct doctor *d, char letter, int64_t *us, struct err *err)
{
	char text[2] = { letter, '\0' };
	struct pattern *p = pattern_new_literal(text);
	int64_t begin = clock_now_ns();
	struct console_hit hit;
	int r;

	console_mark(d->s->console);
	r = send(d, text, 1, err);
	if (!r)
		r = console_wait(d->s->console, &p, 1, deadline_in_ms(PING_MS), &hit,
				 err);
	*us = (clock_now_ns() - begin) / 1000;
	pattern_free(p);
	return r;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* N_PINGS letters, then what clears them away. */
static int latency(struct doctor *d, const char *clear, struct err *err)
{
	static const char name[] = "UART latency";
	int64_t us[N_PINGS];
	int r = 0;

	doctor_progress(d, "%s", name);
	for (int i = 0; i < N_PINGS && !r; i++)
		r = ping(d, (char)('a' + i), &us[i], err);
	if (r == -ETIMEDOUT)
		err_set(err, ERR_LAB, r, "a typed letter did not come back within %d ms",
			PING_MS);
	if (r)
		return doctor_failed(d, name, is_lossy, r, err);
	qsort(us, N_PINGS, sizeof(us[0]), by_size);
	doctor_pass(d, name,
		    "a byte is there and back in %.2f ms (median), %.2f ms at most",
		    (double)us[N_PINGS / 2] / 1e3, (double)us[N_PINGS - 1] / 1e3);
	return send(d, clear, strlen(clear), err);
}

static int one_block(struct doctor *d, struct tally *t, struct err *err)
{
	char block[BLOCK_BYTES];
	int64_t begin = clock_now_ns();
	int r;

	random_bytes(block, sizeof(block));
	doctor_tap_reset(d);
	r = send(d, block, sizeof(block), err);
	if (!r)
		r = gather(d, sizeof(block), err);
	t->sent += sizeof(block);
	t->came += d->tap.len;
	t->n_bad += d->tap.len != sizeof(block) ||
		    memcmp(strbuf_str(&d->tap), block, sizeof(block)) != 0;
	t->ns += clock_now_ns() - begin;
	return r;
}

int doctor_loopback(struct doctor *d, struct err *err)
{
	static const char name[] = "UART loopback";
	static const char fix[] =
		"is the plug in, TX joined to RX? With a board on the line "
		"leave out --loopback";
	struct tally t = { 0 };
	int r = 0;

	for (int i = 0; i < N_BLOCKS && !r; i++) {
		doctor_progress(d, "%s: block %d of %d", name, i + 1, N_BLOCKS);
		r = one_block(d, &t, err);
		if (!r && !t.came)
			break;
	}
	if (r)
		return doctor_failed(d, name, fix, r, err);
	if (!t.came) {
		doctor_fail(d, name, fix, "%llu bytes were sent and none came back",
			    (unsigned long long)t.sent);
		return 0;
	}
	if (t.n_bad) {
		doctor_fail(
			d, name, is_lossy,
			"%llu of %d blocks of %d bytes came back wrong (%llu of %llu bytes)",
			(unsigned long long)t.n_bad, N_BLOCKS, BLOCK_BYTES,
			(unsigned long long)t.came, (unsigned long long)t.sent);
		return 0;
	}
	doctor_pass(d, name, "%llu random bytes came back as they were, %.1f kB/s",
		    (unsigned long long)t.sent, (double)t.sent * 1e6 / (double)t.ns);
	return latency(d, "", err);
}

/* A line that is never run: its echo is compared, then ctrl-c. */
static int one_line(struct doctor *d, struct tally *t, struct err *err)
{
	struct uboot u = session_uboot(d->s);
	char line[LINE_CHARS + 1] = "";
	int64_t begin = clock_now_ns();
	int r;

	random_letters(line, LINE_CHARS);
	u.did(u.arg, "type", line);
	doctor_tap_reset(d);
	r = send(d, line, LINE_CHARS, err);
	if (!r)
		r = gather(d, LINE_CHARS, err);
	t->sent += LINE_CHARS;
	t->came += d->tap.len;
	t->n_bad += d->tap.len != LINE_CHARS ||
		    memcmp(strbuf_str(&d->tap), line, LINE_CHARS) != 0;
	t->ns += clock_now_ns() - begin;
	return r ? r : uboot_fresh_prompt(&u, deadline_in_ms(PROMPT_MS), err);
}

int doctor_echo(struct doctor *d, struct err *err)
{
	static const char name[] = "UART loss";
	struct uboot u = session_uboot(d->s);
	struct tally t = { 0 };
	int r = latency(d, "", err);

	if (!r)
		r = uboot_fresh_prompt(&u, deadline_in_ms(PROMPT_MS), err);
	for (int i = 0; i < N_LINES && !r; i++) {
		doctor_progress(d, "%s: line %d of %d", name, i + 1, N_LINES);
		r = one_line(d, &t, err);
	}
	if (r == -ETIMEDOUT && !err->msg[0])
		err_set(err, ERR_LAB, r,
			"U-Boot's prompt did not come back after ctrl-c");
	if (r) {
		d->at_prompt = false;
		return doctor_failed(d, name, is_lossy, r, err);
	}
	if (t.n_bad)
		doctor_fail(
			d, name, is_lossy,
			"%llu of %d random lines came back wrong from U-Boot (%llu of %llu bytes)",
			(unsigned long long)t.n_bad, N_LINES, (unsigned long long)t.came,
			(unsigned long long)t.sent);
	else
		doctor_pass(
			d, name,
			"%d random lines of %d characters came back from U-Boot whole",
			N_LINES, LINE_CHARS);
	return 0;
}
