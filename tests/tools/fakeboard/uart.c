// SPDX-License-Identifier: GPL-2.0-or-later
/* `uart RATE N`: N bytes of a kernel's log at RATE bytes a second, in the pieces in which
 * a USB adapter hands a UART's bytes to its tty: packets of at most 62 bytes, once a
 * millisecond. A UART does not wait: what the tty had no room for would be lost on a real
 * line, so each such moment is counted and told in the log, with the longest. */
#include "fakeboard/board.h"
#include "util/jsonx.h"

/* A full-speed FTDI packet holds 64 bytes, two of them modem and line status:
 * drivers/usb/serial/ftdi_sio.c, ftdi_process_packet(). The driver's URBs hold eight of
 * them; one or two at a time wake the reader more often, which is the harder case. */
enum { PACKET_BYTES = 62, FRAME_NS = 1000000 };

/* When this program was not let run for longer, the line was idle meanwhile: a burst of
 * what is overdue would be no UART's. */
#define LATE_NS INT64_C(20000000)

struct uart {
	uint64_t rate, n, sent;
	uint64_t n_full;     /* times that the tty had no room for a packet */
	uint64_t burst;      /* the most that went out at once */
	int64_t full_ns;     /* the longest time that it had none */
	int64_t late_ns;     /* in all, that this program was kept waiting */
	struct strbuf lines; /* not sent yet */
	uint64_t n_lines;
};

/* What a busy board prints, words among it that a reader of crashes has to look at twice.
 */
static const char *const texts[] = {
	"videobuf2_common: [out-000000009e3779b9] __enqueue_in_driver: buffer queued",
	"usb 5-1.2: new high-speed USB device number 17 using xhci-hcd",
	"thermal thermal_zone3: temperature 81234 mC, limit 115000",
	"rkvdec fdc38100.video-codec: frame done, bus errors 0, warning level 2",
	"r8169 0004:41:00.0 enP4p65s0: Link is Up - 2.5Gbps/Full - flow control off",
	"audit: type=1400 audit(1700000017.003:91): apparmor=\"STATUS\" operation=\"load\"",
	"EXT4-fs (mmcblk0p2): mounted filesystem r/w with ordered data mode",
};

/* Numbered, so that a line that is lost or out of order can be named. */
static void add_line(struct uart *u)
{
	uint64_t i = u->n_lines++;

	strbuf_addf(&u->lines, "[%5llu.%06llu] %s, line %llu\r\n",
		    (unsigned long long)(i / 1500 + 20),
		    (unsigned long long)(i * 9973 % 1000000),
		    texts[i * 31 % ARRAY_SIZE(texts)], (unsigned long long)i);
}

static int put_packets(struct board *b, struct uart *u, uint64_t len)
{
	int64_t full_since_ns = 0;

	while (u->lines.len < len)
		add_line(u);
	for (uint64_t at = 0; at < len;) {
		size_t want = len - at < PACKET_BYTES ? len - at : PACKET_BYTES;
		ssize_t n = wire_write(&b->wire, u->lines.buf + at, want);

		if (n < 0)
			BUG("console: %s", strerror((int)-n));
		at += (uint64_t)n;
		if ((size_t)n == want) {
			full_since_ns = 0;
			continue;
		}
		int64_t now_ns = clock_now_ns();

		if (!full_since_ns) {
			full_since_ns = now_ns;
			u->n_full++;
		}
		if (board_pump(b, deadline_in_ms(1)))
			return GONE;
		now_ns = clock_now_ns();
		if (now_ns - full_since_ns > u->full_ns)
			u->full_ns = now_ns - full_since_ns;
	}
	strbuf_drop_front(&u->lines, len);
	u->sent += len;
	return GO_ON;
}

static void tell(struct board *b, const struct uart *u, int64_t ns)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	strbuf_addf(
		&sb,
		"bytes=%llu lines=%llu full=%llu full_ms=%lld burst=%llu late_ms=%lld ms=%lld",
		(unsigned long long)u->sent, (unsigned long long)u->n_lines,
		(unsigned long long)u->n_full, (long long)(u->full_ns / 1000000),
		(unsigned long long)u->burst, (long long)(u->late_ns / 1000000),
		(long long)(ns / 1000000));
	wire_log(&b->wire, "uart", strbuf_str(&sb));
}

/* Bytes that the line has carried by now and we have not sent. */
static uint64_t due(struct uart *u, int64_t ns)
{
	uint64_t all = (uint64_t)(ns - u->late_ns) * u->rate / 1000000000;
	uint64_t most = (uint64_t)LATE_NS * u->rate / 1000000000;

	if (all > u->sent + most) {
		u->late_ns += (int64_t)((all - u->sent - most) * 1000000000 / u->rate);
		all = u->sent + most;
	}
	return (all < u->n ? all : u->n) - u->sent;
}

int uart_run(struct board *b, uint64_t rate, uint64_t n)
{
	struct uart u = { .rate = rate, .n = n };
	int64_t start_ns = clock_now_ns(), ns = 0;
	int r = GO_ON;

	while (!r && u.sent < n) {
		uint64_t len = due(&u, ns);

		if (len > u.burst)
			u.burst = len;
		if (len)
			r = put_packets(b, &u, len);
		struct deadline next = { start_ns + (ns / FRAME_NS + 1) * FRAME_NS };
		if (!r)
			r = board_wait(b, next);
		ns = clock_now_ns() - start_ns;
	}
	tell(b, &u, ns);
	strbuf_release(&u.lines);
	return r;
}
