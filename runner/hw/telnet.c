// SPDX-License-Identifier: GPL-2.0-or-later
/* Telnet as a state machine over bytes. Names and numbers are those of the RFCs. */
#include "hw/telnet.h"

enum { SE = 240, BRK = 243, SB = 250, WILL, WONT, DO, DONT, IAC };
enum { OPT_BINARY = 0, OPT_ECHO = 1, OPT_SGA = 3, OPT_COM_PORT = 44 };

enum com_port { /* RFC 2217; the server's are 100 more */
		SIGNATURE = 0,
		SET_BAUDRATE = 1,
		SET_DATASIZE = 2,
		SET_PARITY = 3,
		SET_STOPSIZE = 4,
		SET_CONTROL = 5,
		NOTIFY_LINESTATE = 6,
		SET_LINESTATE_MASK = 10,
		SET_MODEMSTATE_MASK = 11,
		FROM_SERVER = 100,
};

enum { CONTROL_NO_FLOW = 1, CONTROL_BREAK_ON = 5, CONTROL_BREAK_OFF = 6 };
enum { LINE_OVERRUN = 2, LINE_PARITY = 4, LINE_FRAMING = 8 };

enum state { DATA, COMMAND, OPTION, SUB, SUB_IAC };

/* A server that asks and asks is not answered any more until we could send. */
enum { OUT_MAX = 16384 };

/* What we let be switched on, on either side; all else is refused. */
static const struct {
	uint8_t code;
	bool us, him;
} options[] = {
	{ OPT_BINARY, true, true },
	{ OPT_ECHO, false, true },
	{ OPT_SGA, true, true },
	{ OPT_COM_PORT, true, true },
};

enum { BINARY, ECHO_BY, SGA, COM_PORT, NO_OPTION };

static void put_command(struct telnet *t, uint8_t verb, uint8_t option)
{
	const uint8_t text[] = { IAC, verb, option };

	if (t->out.len < OUT_MAX)
		strbuf_add(&t->out, text, sizeof(text));
}

static void ask(struct telnet *t, struct telnet_option *o, uint8_t verb, uint8_t code)
{
	if (o->on || o->asked || o->was_refused)
		return;
	o->asked = true;
	put_command(t, verb, code);
}

static void ask_for_options(struct telnet *t)
{
	ask(t, &t->us[BINARY], WILL, OPT_BINARY);
	ask(t, &t->him[BINARY], DO, OPT_BINARY);
	ask(t, &t->him[SGA], DO, OPT_SGA);
	if (t->has_port)
		ask(t, &t->us[COM_PORT], WILL, OPT_COM_PORT);
}

void telnet_init(struct telnet *t, bool has_port)
{
	*t = (struct telnet){ .has_port = has_port };
	if (has_port)
		ask_for_options(t);
}

void telnet_release(struct telnet *t)
{
	strbuf_release(&t->out);
}

static size_t find_option(uint8_t code)
{
	size_t i = 0;

	while (i < NO_OPTION && options[i].code != code)
		i++;
	return i;
}

/* The other side's yes or no to one direction of an option. An answer to what we asked is
 * not answered again. */
static void agree(struct telnet *t, struct telnet_option *o, uint8_t yes, uint8_t code)
{
	if (!o->on && !o->asked)
		put_command(t, yes, code);
	o->on = true;
	o->asked = false;
}

static void refuse(struct telnet *t, struct telnet_option *o, uint8_t no, uint8_t code)
{
	if (o->on)
		put_command(t, no, code);
	o->on = o->asked = false;
	o->was_refused = true; /* asked again, it would refuse again, for ever */
}

static void take_option(struct telnet *t, uint8_t verb, uint8_t code)
{
	size_t i = find_option(code);
	bool is_ours = verb == DO || verb == DONT;
	bool may = i < NO_OPTION && (is_ours ? options[i].us : options[i].him) &&
		   (code != OPT_COM_PORT || t->has_port);
	struct telnet_option *o = may ? (is_ours ? &t->us[i] : &t->him[i]) : NULL;

	if (code == OPT_COM_PORT && verb == DONT && t->has_port)
		t->port.refused = true;
	if (o && (verb == DO || verb == WILL))
		agree(t, o, is_ours ? WILL : DO, code);
	else if (o)
		refuse(t, o, is_ours ? WONT : DONT, code);
	else if (verb == DO || verb == WILL)
		put_command(t, is_ours ? WONT : DONT, code);
}

static void put_escaped(struct strbuf *out, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		strbuf_addch(out, (char)data[i]);
		if (data[i] == IAC)
			strbuf_addch(out, (char)IAC);
	}
}

static void put_port(struct telnet *t, enum com_port what, const void *data, size_t len)
{
	const uint8_t head[] = { IAC, SB, OPT_COM_PORT, (uint8_t)what };
	const uint8_t tail[] = { IAC, SE };

	if (t->out.len >= OUT_MAX)
		return;
	strbuf_add(&t->out, head, sizeof(head));
	put_escaped(&t->out, data, len);
	strbuf_add(&t->out, tail, sizeof(tail));
}

static void put_port_byte(struct telnet *t, enum com_port what, uint8_t value)
{
	put_port(t, what, &value, 1);
}

static void take_port(struct telnet *t, uint8_t what, const uint8_t *v, size_t len)
{
	struct telnet_port *p = &t->port;
	static const char name[] = "bootrig " BOOTRIG_VERSION;

	if (what == FROM_SERVER + SET_BAUDRATE && len == 4)
		p->baud = (uint32_t)v[0] << 24 | (uint32_t)v[1] << 16 |
			  (uint32_t)v[2] << 8 | v[3];
	else if (what == FROM_SERVER + SIGNATURE && len == 0)
		put_port(t, SIGNATURE, name, sizeof(name) - 1);
	if (len != 1)
		return;
	if (what == FROM_SERVER + SET_DATASIZE)
		p->bits = v[0];
	else if (what == FROM_SERVER + SET_PARITY)
		p->parity = v[0];
	else if (what == FROM_SERVER + SET_STOPSIZE)
		p->stop = v[0];
	if (what != FROM_SERVER + NOTIFY_LINESTATE)
		return;
	p->overrun += !!(v[0] & LINE_OVERRUN);
	p->parity_errors += !!(v[0] & LINE_PARITY);
	p->frame += !!(v[0] & LINE_FRAMING);
}

static void end_sub(struct telnet *t)
{
	if (t->has_port && t->sb_len >= 2 && t->sb_len <= TELNET_SB_MAX &&
	    t->sb[0] == OPT_COM_PORT)
		take_port(t, t->sb[1], t->sb + 2, t->sb_len - 2);
}

static void add_sub(struct telnet *t, uint8_t c)
{
	if (t->sb_len < TELNET_SB_MAX)
		t->sb[t->sb_len] = c;
	if (t->sb_len <= TELNET_SB_MAX)
		t->sb_len++;
}

static void take_verb(struct telnet *t, uint8_t c)
{
	t->state = DATA;
	t->spoke = true;
	if (c == SB) {
		t->state = SUB;
		t->sb_len = 0;
	} else if (c >= WILL && c <= DONT) {
		t->state = OPTION;
		t->verb = c;
	}
	/* Every other command has no argument and no meaning for a console. */
}

/* In text mode a CR that is only a CR comes with a NUL (RFC 854). */
static bool is_padding(const struct telnet *t, uint8_t c)
{
	return c == '\0' && t->last == '\r' && t->spoke && !t->him[BINARY].on;
}

/* true: c is the console's. */
static bool take_byte(struct telnet *t, uint8_t c)
{
	uint8_t state = t->state;

	if (state == DATA && c == IAC) {
		t->state = COMMAND;
		return false;
	}
	if (state == DATA || (state == COMMAND && c == IAC)) {
		bool is_data = !is_padding(t, c);

		t->state = DATA;
		t->last = c;
		return is_data;
	}
	if (state == COMMAND) {
		take_verb(t, c);
	} else if (state == OPTION) {
		t->state = DATA;
		take_option(t, t->verb, c);
		ask_for_options(t);
	} else if (state == SUB) {
		if (c == IAC)
			t->state = SUB_IAC;
		else
			add_sub(t, c);
	} else if (c == IAC) {
		t->state = SUB;
		add_sub(t, c);
	} else {
		/* SE; or a new command, and the old one has no end. */
		t->state = DATA;
		if (c == SE)
			end_sub(t);
		else
			take_verb(t, c);
	}
	return false;
}

size_t telnet_decode(struct telnet *t, void *buf, size_t len)
{
	uint8_t *p = buf;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		/* Nearly all of a console is this. */
		if (t->state == DATA && p[i] != IAC && p[i] != '\0') {
			t->last = p[i];
			p[n++] = p[i];
			continue;
		}
		if (take_byte(t, p[i]))
			p[n++] = p[i];
	}
	return n;
}

void telnet_encode(struct telnet *t, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++) {
		put_escaped(&t->out, &p[i], 1);
		if (p[i] == '\r' && t->spoke && !t->us[BINARY].on)
			strbuf_addch(&t->out, '\0');
	}
}

void telnet_send_break(struct telnet *t)
{
	const uint8_t text[] = { IAC, BRK };

	strbuf_add(&t->out, text, sizeof(text));
}

void telnet_ask_port(struct telnet *t, uint32_t baud)
{
	const uint8_t rate[] = { (uint8_t)(baud >> 24), (uint8_t)(baud >> 16),
				 (uint8_t)(baud >> 8), (uint8_t)baud };

	put_port_byte(t, SET_MODEMSTATE_MASK, 0);
	put_port_byte(t, SET_LINESTATE_MASK, LINE_OVERRUN | LINE_PARITY | LINE_FRAMING);
	put_port_byte(t, SET_CONTROL, CONTROL_NO_FLOW);
	put_port_byte(t, SET_DATASIZE, 8);
	put_port_byte(t, SET_PARITY, 1);
	put_port_byte(t, SET_STOPSIZE, 1);
	put_port(t, SET_BAUDRATE, rate, sizeof(rate));
}

void telnet_set_break(struct telnet *t, bool on)
{
	put_port_byte(t, SET_CONTROL, on ? CONTROL_BREAK_ON : CONTROL_BREAK_OFF);
}
