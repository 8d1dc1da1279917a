// SPDX-License-Identifier: GPL-2.0-or-later
/* `boot:` of a board file: its boot loader, network and TFTP root. */
#include <strings.h>

#include "parse/spec_load.h"
#include "parse/spec_load_board.h"
#include "util/mem.h"

enum { UBOOT_LINE_MAX = 510 }; /* CONFIG_SYS_CBSIZE 512, less CR and NUL */

static void load_mac(struct spec_report *r, const struct yaml_node *n, const char *what,
		     void *str)
{
	const char *s;
	bool ok;

	if (!yaml_get_str(r, n, what, &s))
		return;
	ok = strlen(s) == 17;
	for (size_t i = 0; ok && i < 17; i++)
		ok = i % 3 == 2 ? s[i] == ':' || s[i] == '-'
				: strchr("0123456789abcdefABCDEF", s[i]) != NULL;
	if (!ok) {
		spec_complain(r, n->mark,
			      "%s is \"%.40s\"; expected for example 52:54:00:12:34:56",
			      what, s);
		return;
	}
	char *mac = xstrdup(s);

	for (char *p = mac; *p; p++)
		*p = *p == '-' ? ':' : *p >= 'A' && *p <= 'F' ? (char)(*p + 32) : *p;
	spec_store_str(str, mac);
}

static void load_address(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *str)
{
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	size_t skip = strncmp(s, "0x", 2) == 0 ? 2 : 0;
	size_t digits = strspn(s + skip, "0123456789abcdefABCDEF");

	if (!digits || digits > 16 || s[skip + digits]) {
		spec_complain(
			r, n->mark,
			"%s is \"%.40s\"; expected a hex address such as 0x40400000",
			what, s);
		return;
	}
	spec_store_str(str, xstrdup(s));
}

static const struct yaml_field address_fields[] = {
	YAML_FN("kernel", load_address, struct board_boot, kernel_addr),
	YAML_FN("ramdisk", load_address, struct board_boot, ramdisk_addr),
	YAML_FN("dtb", load_address, struct board_boot, dtb_addr),
};

static void load_addresses(struct spec_report *r, const struct yaml_node *n,
			   const char *what, void *boot)
{
	yaml_load_map(r, n, what, address_fields, ARRAY_SIZE(address_fields), boot);
}

/* It is typed at U-Boot and stands in its script and in dnsmasq's configuration, none of
 * which can quote it. */
static bool is_plain_path(const char *s)
{
	return !s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789/._-+@:=%~")];
}

static void load_subdir(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *str)
{
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	if (s[0] == '/' || strstr(s, "..") || !is_plain_path(s)) {
		spec_complain(
			r, n->mark,
			"%s is \"%.60s\"; expected a path below tftp.root, of letters, digits and / . _ - + @ : = %% ~",
			what, s);
		return;
	}
	spec_store_str(str, xstrdup(s));
}

static void load_verify(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *boot)
{
	struct board_boot *b = boot;
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	b->tftp_verify_local = strcmp(s, "local") == 0;
	if (b->tftp_verify_local)
		return;
	if (strncasecmp(s, "tftp://", 7) != 0 || !s[7] || s[7] == '/' ||
	    strpbrk(s, " \t\r\n")) {
		spec_complain(
			r, n->mark,
			"%s is \"%.60s\"; expected local or a URL such as tftp://192.168.5.1/",
			what, s);
		return;
	}
	b->tftp_url = s[strlen(s) - 1] == '/' ? xstrdup(s) : xasprintf("%s/", s);
}

static const struct yaml_field tftp_fields[] = {
	YAML_FN_REQUIRED("root", spec_load_path, struct board_boot, tftp_root),
	YAML_FN("subdir", load_subdir, struct board_boot, tftp_subdir),
	YAML_FN_BASE("verify", load_verify),
};

static void load_tftp(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *boot)
{
	yaml_load_map(r, n, what, tftp_fields, ARRAY_SIZE(tftp_fields), boot);
}

static const struct yaml_field boot_fields[] = {
	YAML_STR("loader_prompt", struct board_boot, loader_prompt),
	YAML_STR("interrupt_prompt", struct board_boot, interrupt_prompt),
	YAML_STR("interrupt_char", struct board_boot, interrupt_char),
	YAML_FN("interrupt_ctrl_list", board_load_ctrl_list, struct board_boot,
		interrupt_char),
	YAML_FN("interrupt_delay", spec_load_duration, struct board_boot,
		interrupt_delay_ms),
	YAML_BOOL("interrupt_early", struct board_boot, interrupt_early),
	YAML_FN("loader_prompt_pattern", spec_load_pattern, struct board_boot,
		loader_prompt_pattern),
	YAML_U32("line_max", struct board_boot, line_max, 0, 65536),
	YAML_FN("line_delay", spec_load_duration, struct board_boot, line_delay_ms),
	YAML_FN("method", board_load_method, struct board_boot, method),
	YAML_FN_BASE("media", board_load_media),
	YAML_FN("script", load_subdir, struct board_boot, script),
	YAML_FN("provenance_modules", spec_load_module_names, struct board_boot,
		provenance_modules),
	YAML_FN("mac", load_mac, struct board_boot, mac),
	YAML_LINES("setup", struct board_boot, setup),
	YAML_FN_BASE("network", board_load_network),
	YAML_LINES("boot_commands", struct board_boot, boot_commands),
	YAML_LINE("kernel_args", struct board_boot, kernel_args),
	YAML_FN("kernel_defaults", board_load_kernel_defaults, struct board_boot,
		kernel_defaults),
	YAML_FN_BASE_REQUIRED("tftp", load_tftp),
	YAML_LINE("server_ip", struct board_boot, server_ip),
	YAML_FN_BASE("addresses", load_addresses),
	YAML_BOOL("never_stop", struct board_boot, never_stop),
	YAML_BOOL("verify_ram", struct board_boot, verify_ram),
};

void board_load_boot(struct spec_report *r, const struct yaml_node *n, const char *what,
		     void *board)
{
	struct board_spec *b = board;

	b->boot_mark = n->mark;
	b->has_boot = true;
	b->boot.line_max = UBOOT_LINE_MAX;
	if (!yaml_load_map(r, n, what, boot_fields, ARRAY_SIZE(boot_fields), &b->boot))
		return;
	if (yaml_find(n, "interrupt_char") && yaml_find(n, "interrupt_ctrl_list"))
		spec_complain(
			r, yaml_find_key(n, "interrupt_ctrl_list")->mark,
			"boot has interrupt_char and interrupt_ctrl_list; expected one of them");
	if (b->boot.never_stop && !b->boot.mac && b->boot.method == BOARD_BOOT_PXE)
		spec_complain(
			r, n->mark,
			"boot with never_stop has no \"mac\"; expected the address that names pxelinux.cfg/01-…");
	if (b->boot.never_stop && b->boot.verify_ram)
		spec_complain(
			r, yaml_find_key(n, "verify_ram")->mark,
			"boot.verify_ram is typed at U-Boot, which never_stop: true rules out; expected one of them");
	if (b->boot.never_stop)
		for (const char *const *key =
			     (const char *const[]){ "setup", "network", "boot_commands",
						    NULL };
		     *key; key++)
			if (yaml_find(n, *key))
				spec_complain(
					r, yaml_find_key(n, *key)->mark,
					"boot.%s cannot be typed with never_stop: true; expected one of them",
					*key);
}

static void set_default(char **s, const char *value)
{
	if (!*s)
		*s = xstrdup(value);
}

void board_settle_boot(struct spec_report *r, struct board_spec *b)
{
	if (!b->has_boot)
		return;
	set_default(&b->boot.kernel_args, "");
	set_default(&b->boot.tftp_subdir, "");
	if (!b->boot.tftp_url && !b->boot.tftp_verify_local && b->boot.server_ip)
		b->boot.tftp_url = xasprintf("tftp://%s/", b->boot.server_ip);
	b->boot.tftp_verify_local = !b->boot.tftp_url;
	board_settle_loader(r, b);
}

void board_release_boot(struct board_spec *b)
{
	char *const strings[] = { b->boot.loader_prompt,
				  b->boot.interrupt_prompt,
				  b->boot.interrupt_char,
				  b->boot.mac,
				  b->boot.kernel_args,
				  b->boot.tftp_root,
				  b->boot.tftp_subdir,
				  b->boot.tftp_url,
				  b->boot.server_ip,
				  b->boot.kernel_addr,
				  b->boot.ramdisk_addr,
				  b->boot.dtb_addr,
				  b->boot.loader_prompt_pattern,
				  b->boot.script,
				  b->boot.media_device,
				  b->boot.media_path };

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		free(strings[i]);
	strvec_release(&b->boot.kernel_defaults);
	strvec_release(&b->boot.setup);
	strvec_release(&b->boot.network);
	strvec_release(&b->boot.boot_commands);
	strvec_release(&b->boot.media_commands);
	strvec_release(&b->boot.provenance_modules);
}
