// SPDX-License-Identifier: GPL-2.0-or-later
/* The client's side of telnet (RFC 854, 855, 856) and of its COM port option (RFC 2217),
 * as far as a console needs them. Pure: bytes of the network in, bytes of the console and
 * answers out. Whatever the server says, memory is bounded. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/strbuf.h"

enum { TELNET_SB_MAX = 64 };

struct telnet_option { /* one direction of one option */
	bool on, asked, was_refused;
};

/* What the server last said about its port; 0 = nothing yet. */
struct telnet_port {
	uint32_t baud;
	uint8_t bits, parity, stop;             /* RFC 2217: 8, 1 = none, 1 */
	uint32_t overrun, frame, parity_errors; /* notified since the beginning */
	bool refused;                           /* the server does not know the option */
};

struct telnet {
	bool has_port; /* offer the COM port option */
	bool spoke;    /* the server has shown that it is one */
	uint8_t state, verb, last;
	struct telnet_option us[4], him[4]; /* private to telnet.c */
	uint8_t sb[TELNET_SB_MAX];
	uint32_t sb_len; /* beyond TELNET_SB_MAX: too long, and ignored */
	struct telnet_port port;
	struct strbuf out; /* to be sent, answers and data in their order */
};

/* With a port the client speaks first; else it waits for the server to show what it is,
 * so that a raw port gets no stray bytes. */
void telnet_init(struct telnet *t, bool has_port);
void telnet_release(struct telnet *t);
/* Decode in place: the bytes of the console that are left at the start of buf. */
size_t telnet_decode(struct telnet *t, void *buf, size_t len);
/* Appends to out. */
void telnet_encode(struct telnet *t, const void *data, size_t len);
/* The server sends a BREAK of its own length. */
void telnet_send_break(struct telnet *t);
/* COM port: ask for the rate, 8N1, no flow control, and to be told of line errors. */
void telnet_ask_port(struct telnet *t, uint32_t baud);
void telnet_set_break(struct telnet *t, bool on);
