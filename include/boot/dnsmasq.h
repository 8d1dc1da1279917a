// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration of a dnsmasq that serves DHCP and TFTP to the boards on one wire, and
 * to nobody else. */
#pragma once

#include "boot/netif.h"
#include "parse/board_spec.h"
#include "util/strbuf.h"

struct dnsmasq_config { /* everything borrowed */
	const struct netif *netif;
	struct board_spec *const *boards; /* those with a mac get an address of their own,
					     and then only they get one */
	size_t n_boards;
	const char *tftp_root; /* without boards; theirs must be the same */
	bool single_port;      /* tftp-single-port: dnsmasq 2.81 and later */
};

/* Appends the text. ERR_LAB: that interface must not or cannot be served, ERR_JOB: the
 * boards do not fit together; the message says what to do. */
MUST_CHECK int dnsmasq_format(const struct dnsmasq_config *c, struct strbuf *out,
			      struct err *err);
/* `dnsmasq --test` of a text. -ENOENT: dnsmasq is not installed; ERR_BUG -EINVAL: it
 * refuses the text, in its own words. */
MUST_CHECK int dnsmasq_test(const char *text, struct err *err);
