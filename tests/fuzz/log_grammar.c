// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the way from bytes to lines. The lines themselves are the targets'; here are only
 * those that stand in reports of every kind. */
#include "log_grammar.h"

#include "oops_check.h"

#include <stdarg.h>

/* clang-format off */
static const char *const shared[] = {
	"------------[ cut here ]------------",
	"---[ end trace 0000000000000000 ]---",
	"---[ end trace %x ]---",
	"Call trace:", "Call Trace:", " <TASK>", " </TASK>", " <IRQ>", " </IRQ>",
	" %s+0x%x/0x%x", " %s+0x%x/0x%x [%s]", " ? %s+0x%x/0x%x", " %s+0x%x/0x%x (P)",
	"[<%x>] %s+0x%x/0x%x", "[<%x>] (%s) from [<%x>] (%s+0x%x/0x%x)",
	" (%s) from %s+0x%x/0x%x",
	"CPU: %d UID: 0 PID: %d Comm: %s Tainted: G        W          6.12.5 #1",
	"CPU: %d PID: %d Comm: %s Not tainted 6.12.5 #1",
	"Tainted: [W]=WARN", "Hardware name: %r",
	"pstate: %x (nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)",
	"pc : %s+0x%x/0x%x", "lr : %s+0x%x/0x%x [%s]", "sp : %x",
	"x29: %x x28: %x x27: %x", "x2 : %x x1 : %x x0 : %x",
	"RIP: 0010:%s+0x%x/0x%x", "RAX: %x RBX: %x RCX: %x", "CR2: %x CR3: %x CR4: %x",
	"Code: %x %x %x %x (%x)", "Modules linked in: %s %s(O) %s", "Workqueue: events %s",
	"Kernel panic - not syncing: %r", "Rebooting in %d seconds..",
	"---[ end Kernel panic - not syncing: %r ]---", "SMP: stopping secondary CPUs",
	"Kernel Offset: 0x%x from 0xffff800080000000", "CPU%d: stopping",
	"Booting Linux on physical CPU 0x0000000000 [0x412fd050]", "Linux version 6.%d.5",
	"U-Boot 2024.10 (Oct 01 2024)", "Starting kernel ...", "sysrq: Show Blocked State",
	"usb 1-1: new device", "", " ", "** %d printk messages dropped **",
};
static const char *const names[] = {
	"dma_fence_signal", "__schedule", "el1h_64_irq", "asm_exc_page_fault", "panic",
	"watchdog_timer_fn", "kthread", "dump_stack_lvl", "show_stack", "ret_from_fork",
	"swapper/0", "kworker/0:1", "a:b", "thing.isra.0", "mutex_lock", "$x", "",
};
/* clang-format on */

struct input {
	const uint8_t *p, *end;
};

static unsigned take(struct input *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

static uint64_t take_number(struct input *in)
{
	/* clang-format off */
	static const uint64_t likely[] = {
		0, 1, 8, 0x20, 0x44, 0x100, 0xfff, 0x1000, 0x96000004, 0xffff000012345678,
		0xffff800080012345, 0xdead000000000100, 0x6b6b6b6b6b6b6b6b, UINT64_MAX,
	};
	/* clang-format on */
	unsigned b = take(in);
	uint64_t v = 0;

	if (b < 128)
		return likely[b % ARRAY_SIZE(likely)];
	for (unsigned i = 0; i < b % 8; i++)
		v = v << 8 | take(in);
	return v;
}

static void add_bytes(struct input *in, struct strbuf *out)
{
	for (unsigned n = take(in) % 64; n > 0 && in->p < in->end; n--)
		strbuf_addch(out, (char)take(in));
}

static void add_text(const char *fmt, struct input *in, struct strbuf *out)
{
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			strbuf_addch(out, *fmt);
			continue;
		}
		switch (*++fmt) {
		case 'x':
			strbuf_addf(out, "%0*llx", take(in) & 1 ? 16 : 0,
				    (unsigned long long)take_number(in));
			break;
		case 'd':
			strbuf_addf(out, "%llu", (unsigned long long)take_number(in));
			break;
		case 's':
			strbuf_addstr(out, names[take(in) % ARRAY_SIZE(names)]);
			break;
		case 'r':
			add_bytes(in, out);
			break;
		default:
			BUG("%%%c in a line", *fmt);
		}
	}
}

static void add_prefix(unsigned how, struct input *in, struct strbuf *out)
{
	switch (how % 8) {
	case 0:
		break;
	case 1:
		strbuf_addf(out, "[    0.%06u] ", take(in));
		break;
	case 2:
		strbuf_addf(out, "[%5u.%06u] ", take(in), take(in));
		break;
	case 3:
		strbuf_addf(out, "[   12.345678][    C%u] ", take(in) % 4);
		break;
	case 4:
		strbuf_addf(out, "[   12.345678][  T%u] ", take(in) % 40);
		break;
	case 5:
		strbuf_addf(out, "Jun 09 11:11:21 host %s: ",
			    take(in) & 1 ? "kernel" : "app[1]");
		break;
	case 6:
		strbuf_addstr(out, "2024-05-01T12:00:00.123 <3>[   12.345678] ");
		break;
	case 7:
		strbuf_addstr(out, "root@board:~# ");
		break;
	}
}

static void add_ending(unsigned how, struct strbuf *out)
{
	switch (how >> 3 & 7) {
	case 0:
		break; /* the next line is glued to it */
	case 1:
		strbuf_addstr(out, "\r\n");
		break;
	case 2:
		strbuf_addstr(out, "\033[0m\n");
		break;
	default:
		strbuf_addch(out, '\n');
	}
	/* Silence in the log, or many lines of other programs. */
	if (how >> 6 == 3)
		for (int i = 0; i < 50; i++)
			strbuf_addch(out, '\n');
}

void log_grammar(struct log_lines own, const uint8_t *data, size_t size,
		 struct strbuf *out)
{
	struct input in = { data, data + size };

	while (in.p < in.end) {
		unsigned how = take(&in), what = take(&in);

		add_prefix(how, &in, out);
		if (what < own.n)
			add_text(own.v[what], &in, out);
		else if (what - own.n < ARRAY_SIZE(shared))
			add_text(shared[what - own.n], &in, out);
		else
			add_bytes(&in, out);
		add_ending(how, out);
	}
}

void log_grammar_check(struct log_lines own, const uint8_t *data, size_t size)
{
	struct strbuf log = STRBUF_INIT;

	log_grammar(own, data, size, &log);
	oops_check(strbuf_str(&log), log.len, size > 1 ? 1 + data[0] : 1);
	strbuf_release(&log);
}
