// SPDX-License-Identifier: GPL-2.0-or-later
/* The part of `boot:` that is about the dialogue: how the countdown is stopped, how lines
 * are typed, which network and which way to boot. */
#include <arpa/inet.h>

#include "parse/spec_load.h"
#include "parse/spec_load_board.h"
#include "util/mem.h"

void board_load_ctrl_list(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *str)
{
	_cleanup_strvec_ struct strvec keys = STRVEC_INIT;
	struct strbuf sb = STRBUF_INIT;

	if (!yaml_get_strs(r, n, what, &keys))
		return;
	for (size_t i = 0; i < keys.n; i++) {
		char c = keys.v[i][0];

		if (!c || keys.v[i][1] || !((c >= 'a' && c <= 'z') || c == '[')) {
			spec_complain(
				r, n->mark,
				"%s has \"%.20s\"; expected one letter, such as c for Ctrl-C",
				what, keys.v[i]);
			strbuf_release(&sb);
			return;
		}
		strbuf_addch(&sb, (char)(c & 0x1f));
	}
	if (!sb.len) {
		spec_complain(r, n->mark, "%s is empty; expected one letter or more",
			      what);
		return;
	}
	spec_store_str(str, strbuf_take(&sb));
}

void board_load_method(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *method)
{
	static const char *const words[] = { "pxe", "sysboot", "bootflow", "script" };
	size_t i;

	if (yaml_get_word(r, n, what, words, ARRAY_SIZE(words), &i))
		*(enum board_boot_method *)method = (enum board_boot_method)i;
}

static void load_ip(struct spec_report *r, const struct yaml_node *n, const char *what,
		    void *str)
{
	struct in_addr a;
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	if (inet_pton(AF_INET, s, &a) != 1) {
		spec_complain(
			r, n->mark,
			"%s is \"%.40s\"; expected an IPv4 address such as 192.168.5.20",
			what, s);
		return;
	}
	spec_store_str(str, xstrdup(s));
}

/* A network without DHCP. */
struct fixed_network {
	char *ipaddr, *netmask, *gatewayip, *serverip;
};

static const struct yaml_field network_fields[] = {
	YAML_FN_REQUIRED("ipaddr", load_ip, struct fixed_network, ipaddr),
	YAML_FN("netmask", load_ip, struct fixed_network, netmask),
	YAML_FN("gateway", load_ip, struct fixed_network, gatewayip),
	YAML_FN("serverip", load_ip, struct fixed_network, serverip),
};

static void add_setenv(struct strvec *sv, const char *name, const char *value)
{
	if (value)
		strvec_add_take(sv, xasprintf("setenv %s %s", name, value));
}

void board_load_network(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *boot)
{
	struct fixed_network f = { .ipaddr = NULL };
	struct board_boot *b = boot;

	if (n->kind != YAML_MAP) {
		(void)yaml_get_lines(r, n, what, &b->network);
		return;
	}
	if (yaml_load_map(r, n, what, network_fields, ARRAY_SIZE(network_fields), &f)) {
		add_setenv(&b->network, "ipaddr", f.ipaddr);
		add_setenv(&b->network, "netmask", f.netmask ?: "255.255.255.0");
		add_setenv(&b->network, "gatewayip", f.gatewayip);
		add_setenv(&b->network, "serverip", f.serverip);
		b->network_is_fixed = true;
		b->network_has_server = f.serverip != NULL;
		b->network_mark = n->mark;
	}
	free(f.ipaddr);
	free(f.netmask);
	free(f.gatewayip);
	free(f.serverip);
}

static void load_device(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *str)
{
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	size_t kind = strspn(s, "abcdefghijklmnopqrstuvwxyz");
	const char *dev = s + kind + strspn(s + kind, " ");

	if (!kind || dev == s + kind || !*dev ||
	    dev[strspn(dev, "0123456789abcdef:.#")]) {
		spec_complain(
			r, n->mark,
			"%s is \"%.40s\"; expected U-Boot's interface and device, such as nvme 0:1",
			what, s);
		return;
	}
	spec_store_str(str, xstrdup(s));
}

static const struct yaml_field media_fields[] = {
	YAML_LINES("commands", struct board_boot, media_commands),
	YAML_FN_REQUIRED("device", load_device, struct board_boot, media_device),
	YAML_LINE("path", struct board_boot, media_path),
};

void board_load_media(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *boot)
{
	((struct board_boot *)boot)->has_media = true;
	yaml_load_map(r, n, what, media_fields, ARRAY_SIZE(media_fields), boot);
}

static void set_default(char **s, const char *value)
{
	if (!*s)
		*s = xstrdup(value);
}

static void add_pxe(struct board_boot *b)
{
	strvec_add(&b->boot_commands, "setenv pxe_label_override {label}");
	/* `pxe get` looks where the boot file lies, and DHCP may name none or another. */
	if (b->tftp_subdir[0])
		strvec_add_take(
			&b->boot_commands,
			xasprintf("setenv bootfile %s/pxelinux.0", b->tftp_subdir));
	else if (b->network_is_fixed)
		strvec_add(&b->boot_commands, "setenv bootfile");
	strvec_add(&b->boot_commands, "pxe get");
	strvec_add(&b->boot_commands, "pxe boot");
}

static void add_boot_commands(struct board_boot *b)
{
	if (b->boot_commands.n)
		return;
	switch (b->method) {
	case BOARD_BOOT_PXE:
		add_pxe(b);
		break;
	case BOARD_BOOT_SYSBOOT:
		for (size_t i = 0; i < b->media_commands.n; i++)
			strvec_add(&b->boot_commands, b->media_commands.v[i]);
		strvec_add_take(&b->boot_commands,
				xasprintf("sysboot %s any ${scriptaddr} %s",
					  b->media_device, b->media_path));
		break;
	case BOARD_BOOT_BOOTFLOW:
		strvec_add(&b->boot_commands, "bootflow scan");
		break;
	case BOARD_BOOT_SCRIPT:
		strvec_add(&b->boot_commands, "tftpboot ${scriptaddr} {SCRIPT}");
		strvec_add(&b->boot_commands, "source ${scriptaddr}");
		break;
	}
}

static void check_lengths(struct spec_report *r, const struct board_boot *b,
			  struct spec_mark mark, const char *what,
			  const struct strvec *lines)
{
	for (size_t i = 0; b->line_max && i < lines->n; i++)
		if (strlen(lines->v[i]) > b->line_max)
			spec_complain(
				r, mark,
				"boot.%s has a line of %zu bytes, which U-Boot would cut; expected at most %u (boot.line_max)",
				what, strlen(lines->v[i]), b->line_max);
}

static void check_method(struct spec_report *r, const struct board_spec *b)
{
	const struct board_boot *bt = &b->boot;

	if (bt->method == BOARD_BOOT_SYSBOOT && !bt->has_media && !bt->boot_commands.n)
		spec_complain(
			r, b->boot_mark,
			"boot.method: sysboot does not say from where; expected media: {device: nvme 0:1}");
	if (bt->method != BOARD_BOOT_SYSBOOT && bt->has_media)
		spec_complain(r, b->boot_mark,
			      "boot.media is of no use here; expected method: sysboot");
	if (bt->method != BOARD_BOOT_SCRIPT && bt->script)
		spec_complain(r, b->boot_mark,
			      "boot.script is of no use here; expected method: script");
	if (bt->loader_prompt && bt->loader_prompt_pattern)
		spec_complain(
			r, b->boot_mark,
			"boot has loader_prompt and loader_prompt_pattern; expected one of them");
	if (bt->never_stop &&
	    (bt->method == BOARD_BOOT_SYSBOOT || bt->method == BOARD_BOOT_BOOTFLOW))
		spec_complain(
			r, b->boot_mark,
			"boot.method cannot be chosen with never_stop: true, only what is served can; expected pxe or script");
	if (bt->network_is_fixed && !bt->network_has_server && !bt->server_ip &&
	    bt->method != BOARD_BOOT_SYSBOOT)
		spec_complain(
			r, bt->network_mark,
			"boot.network without DHCP names no server; expected serverip, or boot.server_ip");
}

void board_settle_loader(struct spec_report *r, struct board_spec *b)
{
	struct board_boot *bt = &b->boot;

	check_method(r, b);
	set_default(&bt->loader_prompt, "=> ");
	set_default(&bt->interrupt_prompt, "Hit any key to stop autoboot");
	set_default(&bt->interrupt_char, " ");
	set_default(&bt->media_path, "/extlinux/extlinux.conf");
	if (bt->method == BOARD_BOOT_SCRIPT)
		set_default(&bt->script, "boot.scr.uimg");
	check_lengths(r, bt, b->boot_mark, "setup", &bt->setup);
	check_lengths(r, bt, b->boot_mark, "network", &bt->network);
	check_lengths(r, bt, b->boot_mark, "boot_commands", &bt->boot_commands);
	if (bt->never_stop)
		return;
	if (!bt->network.n && bt->method != BOARD_BOOT_SYSBOOT &&
	    bt->method != BOARD_BOOT_BOOTFLOW)
		strvec_add(&bt->network, "dhcp");
	if (bt->network_is_fixed && !bt->network_has_server && bt->server_ip)
		add_setenv(&bt->network, "serverip", bt->server_ip);
	if (bt->method != BOARD_BOOT_SYSBOOT || bt->media_device)
		add_boot_commands(bt);
}
