// SPDX-License-Identifier: GPL-2.0-or-later
/* A dnsmasq for one wire. */
#include "boot/dnsmasq.h"

#include <ctype.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "util/child.h"
#include "util/io.h"
#include "util/mem.h"

enum { TEST_MS = 10000, MIN_PREFIX_HOSTS = 6, POOL_MAX = 200 };

static const char default_root[] = "/srv/tftp";

static int refuse(const struct netif *n, struct err *err)
{
	if (n->is_loopback)
		return err_set(err, ERR_LAB, -EINVAL,
			       "%s is the loopback device: no board is there", n->name);
	if (n->has_default_route)
		return err_set(
			err, ERR_LAB, -EPERM,
			"%s has the default route: a DHCP server there would answer to everybody "
			"on that network. Give the boards a wire (or VLAN) of their own",
			n->name);
	if (!n->is_up)
		return err_set(err, ERR_LAB, -ENETDOWN, "%s is down: `ip link set %s up`",
			       n->name, n->name);
	if (!n->address)
		return err_set(
			err, ERR_LAB, -EADDRNOTAVAIL,
			"%s has no IPv4 address: `ip addr add 192.168.42.1/24 dev %s`",
			n->name, n->name);
	if (~n->mask < MIN_PREFIX_HOSTS)
		return err_set(err, ERR_LAB, -ENOSPC,
			       "%s has room for %u addresses only: take a /24", n->name,
			       ~n->mask);
	return 0;
}

/* dnsmasq takes a word up to the next blank or comma, and '#' for a comment. */
static int check_word(const char *what, const char *word, struct err *err)
{
	for (const char *p = word; *p; p++)
		if (isspace((unsigned char)*p) || iscntrl((unsigned char)*p) ||
		    strchr(",#\"\\", *p))
			return err_set(
				err, ERR_JOB, -EINVAL,
				"%s \"%.100s\" cannot stand in dnsmasq's configuration",
				what, word);
	return 0;
}

/* The kernel lets a name have anything but / : and blanks; a * is a pattern here. */
static int check_interface(const char *name, struct err *err)
{
	int r = check_word("interface", name, err);

	if (r || !strchr(name, '*'))
		return r;
	return err_set(
		err, ERR_LAB, -EINVAL,
		"interface \"%s\": dnsmasq would serve every one that fits the pattern",
		name);
}

/* dnsmasq would give one of them the other's address and directory. */
static int check_macs(const struct dnsmasq_config *c, struct err *err)
{
	for (size_t i = 0; i < c->n_boards; i++)
		for (size_t k = 0; k < i; k++) {
			const char *a = c->boards[i]->boot.mac,
				   *b = c->boards[k]->boot.mac;

			if (a && b && strcmp(a, b) == 0)
				return err_set(err, ERR_JOB, -EEXIST,
					       "%s and %s have the same boot.mac, %s",
					       c->boards[k]->path, c->boards[i]->path, a);
		}
	return 0;
}

static int choose_root(const struct dnsmasq_config *c, const char **root, struct err *err)
{
	*root = c->tftp_root;
	for (size_t i = 0; i < c->n_boards; i++) {
		const struct board_spec *b = c->boards[i];

		if (!b->has_boot || !b->boot.tftp_root)
			return err_set(err, ERR_JOB, -EINVAL,
				       "%s has no `boot.tftp`: nothing is served to it",
				       b->path);
		if (*root && strcmp(*root, b->boot.tftp_root) != 0)
			return err_set(err, ERR_JOB, -EINVAL,
				       "boards have different TFTP roots: %s and %s. One "
				       "server has one; tftp.subdir parts it",
				       *root, b->boot.tftp_root);
		*root = b->boot.tftp_root;
	}
	if (!*root)
		*root = default_root;
	return check_word("TFTP root", *root, err);
}

/* From the middle of the network, past the server's own address. */
static uint32_t nth_address(const struct netif *n, size_t i)
{
	uint32_t hosts = ~n->mask - 1, net = n->address & n->mask;
	uint32_t from = hosts / 2, own = n->address & ~n->mask;
	uint32_t host = from + (uint32_t)i;

	return net | (own >= from && own <= host ? host + 1 : host);
}

static int add_board(const struct dnsmasq_config *c, const struct board_spec *b, size_t i,
		     struct strbuf *out, struct err *err)
{
	struct netif_ip ip = netif_ip_to_str(nth_address(c->netif, i));
	const char *sub = b->boot.tftp_subdir;
	int r = sub ? check_word("tftp.subdir", sub, err) : 0;

	if (r)
		return r;
	/* U-Boot looks for pxelinux.cfg beside the file of that name. */
	strbuf_addf(out, "dhcp-host=%s,set:board%zu,%s,%s\n", b->boot.mac, i, ip.str,
		    b->board);
	strbuf_addf(out, "dhcp-boot=tag:board%zu,%s%spxe\n", i, sub ? sub : "",
		    sub && sub[0] ? "/" : "");
	return 0;
}

/* One that DHCP does not know gets the one directory that such boards share. */
static int common_subdir(const struct dnsmasq_config *c, const char **subdir,
			 struct err *err)
{
	*subdir = NULL;
	for (size_t i = 0; i < c->n_boards; i++) {
		const struct board_boot *b = &c->boards[i]->boot;
		const char *own = b->tftp_subdir ? b->tftp_subdir : "";

		if (b->mac)
			continue;
		if (*subdir && strcmp(*subdir, own) != 0)
			return err_set(
				err, ERR_JOB, -EINVAL,
				"%s: boards with different tftp.subdir need boot.mac",
				c->boards[i]->path);
		*subdir = own;
	}
	if (!*subdir)
		*subdir = "";
	return check_word("tftp.subdir", *subdir, err);
}

static int add_boards(const struct dnsmasq_config *c, struct strbuf *out, struct err *err)
{
	uint32_t room = ~c->netif->mask / 2 - 2;
	struct netif_ip mask = netif_ip_to_str(c->netif->mask);
	const char *sub;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < c->n_boards && !r; i++) {
		if (!c->boards[i]->boot.mac)
			continue;
		if (n >= room)
			return err_set(err, ERR_LAB, -ENOSPC,
				       "%s has not enough addresses for %zu boards",
				       c->netif->name, c->n_boards);
		r = add_board(c, c->boards[i], n++, out, err);
	}
	if (r)
		return r;
	if (n && n == c->n_boards) {
		struct netif_ip net = netif_ip_to_str(c->netif->address & c->netif->mask);

		strbuf_addf(
			out,
			"# Only the boards above get an address.\ndhcp-range=%s,static,%s\n",
			net.str, mask.str);
		return 0;
	}
	struct netif_ip first = netif_ip_to_str(nth_address(c->netif, n));
	struct netif_ip last =
		netif_ip_to_str(nth_address(c->netif, room < POOL_MAX ? room : POOL_MAX));
	r = common_subdir(c, &sub, err);
	if (r)
		return r;
	strbuf_addf(out, "# For boards whose MAC is not known here.\ndhcp-boot=%s%spxe\n",
		    sub, sub[0] ? "/" : "");
	strbuf_addf(out, "dhcp-range=%s,%s,%s,1h\n", first.str, last.str, mask.str);
	return 0;
}

int dnsmasq_format(const struct dnsmasq_config *c, struct strbuf *out, struct err *err)
{
	struct netif_ip ip = netif_ip_to_str(c->netif->address);
	const char *root, *dev = c->netif->name;
	int r = refuse(c->netif, err);

	if (!r)
		r = check_interface(dev, err);
	if (!r)
		r = choose_root(c, &root, err);
	if (!r)
		r = check_macs(c, err);
	if (r)
		return r;
	strbuf_addf(
		out,
		"# DHCP and TFTP for the boards on %s (%s), written by bootrig doctor.\n"
		"# Try it: dnsmasq --no-daemon --conf-file=THIS\n"
		"port=0\ninterface=%s\nexcept-interface=lo\nbind-dynamic\n"
		"no-hosts\nno-resolv\nno-ping\ndhcp-authoritative\nlog-dhcp\n"
		"dhcp-leasefile=/var/lib/misc/bootrig-%s.leases\n"
		"# The boards need no way out.\ndhcp-option=option:router\n",
		dev, ip.str, dev, dev);
	strbuf_addf(out, "enable-tftp=%s\ntftp-root=%s\n%s", dev, root,
		    c->single_port ? "tftp-single-port\n" : "");
	return add_boards(c, out, err);
}

int dnsmasq_test(const char *text, struct err *err)
{
	static const char *const argv[] = { "dnsmasq", "--test", "--conf-file=/dev/stdin",
					    NULL };
	static const char *const path[] = {
		"PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin", NULL
	};
	struct child_opts opts = CHILD_OPTS_INIT;
	_cleanup_strbuf_ struct strbuf said = STRBUF_INIT;
	_cleanup_close_ int fd = memfd_create("dnsmasq.conf", MFD_CLOEXEC);
	int r;

	if (fd < 0 || io_write_all(fd, text, strlen(text)) || lseek(fd, 0, SEEK_SET))
		return err_set(err, ERR_LAB, -errno, "memfd: %s", strerror(errno));
	opts.stdin_fd = fd;
	opts.env_add = path;
	r = child_capture(argv, &opts, deadline_in_ms(TEST_MS), -1, 65536, &said, err);
	if (r == -EREMOTEIO)
		return err_set(err, ERR_BUG, -EINVAL, "dnsmasq refuses: %s", err->msg);
	return r;
}
