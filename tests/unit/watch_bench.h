// SPDX-License-Identifier: GPL-2.0-or-later
/* What the tests of the watch share: what a board says from power-on to its panic, and a
 * watch that is told it and our own actions, with its events as a list. */
#pragma once

#include <stdarg.h>

#include "tap.h"

#include "session/watch.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

#define NONCE "0123456789abcdef0123456789abcdef"

static const char firmware[] = "U-Boot SPL 2023.01 (Jan 12 2023 - 01:38:39 +0000)\r\n"
			       "Trying to boot from MMC1\r\n"
			       "U-Boot 2023.01+dfsg-2 (Jan 12 2023 - 01:38:39 +0000)\r\n"
			       "Hit any key to stop autoboot:  2 \b\b\b 0 \r\n"
			       "=> ";
static const char loads[] = "pxe boot\r\n"
			    "Bytes transferred = 20193792 (1342200 hex)\r\n"
			    "append: console=ttyAMA0 bootrig.nonce=" NONCE "\r\n"
			    "\r\nStarting kernel ...\r\n\r\n";
static const char boots[] =
	"[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x411fd070]\r\n"
	"[    0.000000] Linux version 6.12.0-test (a@b) (gcc 12.2.0) #1 SMP PREEMPT\r\n"
	"[    0.000000] Kernel command line: console=ttyAMA0 bootrig.nonce=" NONCE "\r\n"
	"[    1.234567] Freeing unused kernel memory: 8192K\r\n"
	"[    1.300000] Run /init as init process\r\n";
static const char oopses[] =
	"[   21.100000] Unable to handle kernel NULL pointer dereference at virtual "
	"address 0000000000000020\r\n"
	"[   21.100100] Mem abort info:\r\n"
	"[   21.100200]   ESR = 0x0000000096000004\r\n"
	"[   21.100300] Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP\r\n"
	"[   21.100400] CPU: 3 PID: 412 Comm: decoder Not tainted 6.12.0-test #1\r\n"
	"[   21.100500] pc : dma_resv_add_fence+0x54/0x2a0\r\n"
	"[   21.100600] lr : vb2_queue_fence+0x88/0x120\r\n"
	"[   21.100700] Call trace:\r\n"
	"[   21.100800]  dma_resv_add_fence+0x54/0x2a0\r\n"
	"[   21.100900]  vb2_queue_fence+0x88/0x120\r\n"
	"[   21.101000] ---[ end trace 0000000000000000 ]---\r\n";
static const char panics[] =
	"[   21.200000] Kernel panic - not syncing: Oops: Fatal exception\r\n"
	"[   21.300000] Rebooting in 5 seconds..\r\n";

struct bench {
	struct watch *w;
	struct strbuf events; /* one JSON line each */
	json_t *list;
	size_t n_fatal;
	uint64_t offset;
	int64_t t_ns;
};

static inline void on_event(void *arg, const json_t *event)
{
	struct bench *b = arg;
	_cleanup_free_ char *line = json_line(event, NULL);

	strbuf_addstr(&b->events, line);
	json_push(b->list, json_deep_copy(event));
}

static inline void on_fatal(void *arg, const struct incident *in)
{
	struct bench *b = arg;

	CHECK(in->title && in->title[0]);
	b->n_fatal++;
}

static inline void act(struct bench *b, const char *what, const char *fmt, ...)
{
	_cleanup_json_ json_t *a = NULL;
	va_list ap;

	va_start(ap, fmt);
	a = json_vpack_ex(NULL, 0, fmt, ap);
	va_end(ap);
	CHECK(a);
	json_put(a, "t", json_integer(b->t_ns));
	json_put(a, "offset", json_integer((json_int_t)b->offset));
	json_put(a, "do", json_string(what));
	watch_action(b->w, a);
}

static inline void start_watching(struct bench *b, const struct job_watch *fatal)
{
	const struct watch_opts o = {
		.fatal = fatal, .event = on_event, .fatal_seen = on_fatal, .arg = b
	};

	*b = (struct bench){ .w = watch_new(&o), .list = json_array() };
	act(b, "run", "{s:i}", "loop_boots", 3);
	act(b, "attempt", "{s:i}", "n", 1);
	act(b, "staged", "{s:s}", "nonce", NONCE);
	act(b, "power", "{s:s}", "what", "on");
}

static inline void stop_watching(struct bench *b)
{
	watch_free(b->w);
	strbuf_release(&b->events);
	json_decref(b->list);
}

static inline void say_n(struct bench *b, const char *text, size_t len)
{
	watch_bytes(b->w, text, len, b->offset, b->t_ns);
	b->offset += len;
}

static inline void say(struct bench *b, const char *text)
{
	say_n(b, text, strlen(text));
}

/* From power-on to the kernel's first program. */
static inline void say_boot(struct bench *b)
{
	say(b, firmware);
	say(b, loads);
	say(b, boots);
}

/* An oops, and the panic that it ends in. */
static inline void say_crash(struct bench *b)
{
	say(b, oopses);
	say(b, panics);
}

static inline void pass_ms(struct bench *b, int64_t ms)
{
	for (; ms > 0; ms -= 200) {
		b->t_ns += INT64_C(200000000);
		watch_tick(b->w, b->t_ns);
	}
}

static inline const json_t *nth(const struct bench *b, const char *type, size_t n)
{
	size_t i;
	json_t *e;

	json_array_foreach(b->list, i,
			   e) if (strcmp(json_get_str(e, "type", ""), type) == 0 &&
				  n-- == 0) return e;
	return NULL;
}

static inline size_t count(const struct bench *b, const char *type)
{
	size_t n = 0;

	while (nth(b, type, n))
		n++;
	return n;
}

/* Of the n-th incident, as it opened. */
static inline const char *kind(const struct bench *b, size_t n)
{
	return json_get_str(nth(b, "incident-opened", n), "kind", "(none)");
}

static inline const char *title(const struct bench *b, size_t n)
{
	return json_get_str(nth(b, "incident-opened", n), "title", "(none)");
}

/* Of the n-th boot. */
static inline const char *cause(const struct bench *b, size_t n)
{
	return json_get_str(nth(b, "boot", n), "cause", "(none)");
}
