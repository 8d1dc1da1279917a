// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig doctor --write-dnsmasq`: look at the wire, ask it, write, test. */
#include "cmd/doctor_dnsmasq.h"

#include <errno.h>

#include "boot/dnsmasq.h"
#include "cmd/cmd.h"
#include "util/io.h"
#include "util/mem.h"

enum { ASK_MS = 5000 }; /* dnsmasq pings an address for 3 s before it offers it */

/* Two servers on one wire give boards addresses in turn. */
static int ask_wire(const struct netif *n, struct err *err)
{
	struct netif_ip ip;
	uint32_t server = 0;
	int r;

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "asking %s for a DHCP server …\n", n->name);
	r = netif_ask_dhcp(n, deadline_in_ms(ASK_MS), &server, err);

	if (r == -EACCES || r == -EADDRINUSE) {
		fprintf(stderr,
			"bootrig doctor: nobody was asked whether %s has a DHCP server already: %s\n",
			n->name, err->msg);
		return 0;
	}
	ip = netif_ip_to_str(server);
	if (!r && server && server != n->address)
		return err_set(
			err, ERR_LAB, -EADDRINUSE,
			"%s has a DHCP server already: %s answered. Switch that one off, "
			"or let it name this host as next-server",
			n->name, ip.str);
	if (!r && server)
		fprintf(stderr, "bootrig doctor: this host serves DHCP on %s already\n",
			n->name);
	return r;
}

static int compose(struct dnsmasq_config *c, struct strbuf *text, struct err *err)
{
	int r;

	c->single_port = true;
	r = dnsmasq_format(c, text, err);
	if (!r)
		r = ask_wire(c->netif, err);
	if (!r)
		r = dnsmasq_test(strbuf_str(text), err);
	if (r != -EINVAL || err->class != ERR_BUG)
		return r;
	/* An old one, which needs more ports. */
	*err = (struct err)ERR_INIT;
	strbuf_reset(text);
	c->single_port = false;
	r = dnsmasq_format(c, text, err);
	return r ? r : dnsmasq_test(strbuf_str(text), err);
}

static int put(const struct strbuf *text, const char *path, struct err *err)
{
	int r = path ? io_atomic_write(path, strbuf_str(text), text->len)
		     : io_write_all(STDOUT_FILENO, strbuf_str(text), text->len);

	return r ? err_set(err, ERR_LAB, r, "%s: %s", path ? path : "standard output",
			   strerror(-r))
		 : 0;
}

int doctor_write_dnsmasq(const char *interface, struct board_spec *const *boards,
			 size_t n_boards, const char *path)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct dnsmasq_config c = { .boards = boards, .n_boards = n_boards };
	struct netif netif;
	struct err err = ERR_INIT;
	int r = netif_look(interface, &netif, &err);

	c.netif = &netif;
	if (!r)
		r = compose(&c, &text, &err);
	if (!r)
		r = put(&text, path, &err);
	return r ? cmd_failed("doctor", &err) : EXIT_PASS;
}
