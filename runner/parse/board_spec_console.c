// SPDX-License-Identifier: GPL-2.0-or-later
/* `console:` of a board file: what carries its UART. */
#include "parse/spec_load.h"
#include "parse/spec_load_board.h"
#include "util/mem.h"

enum { DEFAULT_BAUD = 1500000 }; /* of the boards this is made for: RK3588's UART2 */

static const char *const transports[] = {
	[BOARD_CONSOLE_SERIAL] = "serial", [BOARD_CONSOLE_PTY] = "pty",
	[BOARD_CONSOLE_UNIX] = "unix",     [BOARD_CONSOLE_TCP] = "tcp",
	[BOARD_CONSOLE_TELNET] = "telnet", [BOARD_CONSOLE_RFC2217] = "rfc2217",
	[BOARD_CONSOLE_QEMU] = "qemu",
};

const char *board_transport_to_str(enum board_transport t)
{
	return transports[t];
}

static void load_transport(struct spec_report *r, const struct yaml_node *n,
			   const char *what, void *transport)
{
	size_t i;

	if (!yaml_get_word(r, n, what, transports, ARRAY_SIZE(transports), &i))
		return;
	*(enum board_transport *)transport = (enum board_transport)i;
}

static void load_type_delay(struct spec_report *r, const struct yaml_node *n,
			    const char *what, void *type_delay_us)
{
	int64_t ms = -1;

	spec_load_duration(r, n, what, &ms);
	if (ms > 1000)
		spec_complain(r, n->mark,
			      "%s is %lld ms; expected at most a second between bytes",
			      what, (long long)ms);
	else if (ms >= 0)
		*(uint32_t *)type_delay_us = (uint32_t)ms * 1000;
}

static const struct yaml_field console_fields[] = {
	YAML_FN_REQUIRED("transport", load_transport, struct board_console, transport),
	YAML_LINE("device", struct board_console, device),
	YAML_U32("baud", struct board_console, baud, 50, 20000000),
	YAML_FN("type_delay", load_type_delay, struct board_console, type_delay_us),
	YAML_BOOL("echo_check", struct board_console, echo_check),
	YAML_FN("break_command", board_load_shell, struct board_console, break_command),
	YAML_BOOL("hold_tx_low", struct board_console, hold_tx_low),
};

static bool is_host_port(const char *s)
{
	const char *colon = strrchr(s, ':');
	size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;

	return colon && colon != s && digits && digits <= 5 && !colon[1 + digits];
}

static bool has_break(enum board_transport t)
{
	return t == BOARD_CONSOLE_SERIAL || t == BOARD_CONSOLE_PTY ||
	       t == BOARD_CONSOLE_RFC2217;
}

static bool sets_rate(enum board_transport t)
{
	return t == BOARD_CONSOLE_SERIAL || t == BOARD_CONSOLE_RFC2217;
}

static bool is_network(enum board_transport t)
{
	return t == BOARD_CONSOLE_TCP || t == BOARD_CONSOLE_TELNET ||
	       t == BOARD_CONSOLE_RFC2217;
}

static void settle_line(struct spec_report *r, const struct yaml_node *n,
			struct board_console *c)
{
	const struct yaml_node *hold = yaml_find(n, "hold_tx_low");

	if (sets_rate(c->transport) && !yaml_find(n, "baud"))
		c->baud = DEFAULT_BAUD;
	if (!hold)
		c->hold_tx_low = c->transport == BOARD_CONSOLE_SERIAL;
	else if (c->hold_tx_low && !has_break(c->transport))
		spec_complain(
			r, hold->mark,
			"console.hold_tx_low needs a UART whose BREAK bootrig can switch; expected transport: serial, rfc2217, or pty with a tty");
}

static void settle_device(struct spec_report *r, const struct yaml_node *n,
			  struct board_console *c)
{
	const struct yaml_node *device = yaml_find(n, "device");

	if (device && c->transport == BOARD_CONSOLE_QEMU)
		spec_complain(
			r, device->mark,
			"console.device has no meaning with transport: qemu; expected none");
	else if (!device && c->transport != BOARD_CONSOLE_QEMU)
		spec_complain(r, n->mark, "console has no \"device\"; expected %s",
			      is_network(c->transport) ? "HOST:PORT" : "a path");
	if (!c->device || c->transport == BOARD_CONSOLE_QEMU)
		return;
	if (!is_network(c->transport)) {
		char *path = spec_resolve(r->dir, c->device);

		free(c->device);
		c->device = path;
	} else if (!is_host_port(c->device)) {
		spec_complain(r, device->mark,
			      "console.device is \"%.60s\"; expected HOST:PORT",
			      c->device);
	}
}

void board_load_console(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *base)
{
	struct board_spec *b = base;
	struct board_console *c = &b->console;

	b->console_mark = n->mark;
	if (!yaml_load_map(r, n, what, console_fields, ARRAY_SIZE(console_fields), c) ||
	    !yaml_find(n, "transport"))
		return;
	settle_line(r, n, c);
	settle_device(r, n, c);
}

void board_release_console(struct board_spec *b)
{
	free(b->console.device);
	free(b->console.break_command);
}
