// SPDX-License-Identifier: GPL-2.0-or-later
/* `boot:` of a job: methods u-boot and minimal. LAVA's other methods are known by name
 * only, to refuse them. */
#include "parse/spec_load.h"

#include <strings.h>

#include "util/mem.h"

static const struct yaml_field parameter_fields[] = {
	YAML_ANY("shutdown-message"), /* of a soft reboot, which is never needed */
	YAML_FN("kernel-start-message", spec_load_pattern, struct job_boot,
		kernel_start_message),
};

static void load_parameters(struct spec_report *r, const struct yaml_node *n,
			    const char *what, void *boot)
{
	yaml_load_map(r, n, what, parameter_fields, ARRAY_SIZE(parameter_fields), boot);
}

static void load_soft_reboot(struct spec_report *r, const struct yaml_node *n,
			     const char *what, void *mark)
{
	_cleanup_strvec_ struct strvec commands = STRVEC_INIT;

	if (yaml_get_strs(r, n, what, &commands))
		*(struct spec_mark *)mark = n->mark;
}

/* ${var} is U-Boot's own; {WORD} is LAVA's, and what we do not replace must not reach
 * U-Boot. */
static void check_placeholders(struct spec_report *r, const struct yaml_node *n,
			       const char *s)
{
	static const char *const known[] = { "KERNEL",       "KERNEL_ADDR", "RAMDISK",
					     "RAMDISK_ADDR", "DTB",         "DTB_ADDR",
					     "SERVER_IP" };
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	for (const char *p = s; (p = strchr(p, '{')); p++) {
		size_t len = strspn(p + 1, letters);
		bool is_known = false;

		if (!len || p[1 + len] != '}' || (p > s && p[-1] == '$'))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(known) && !is_known; i++)
			is_known = strlen(known[i]) == len &&
				   strncmp(known[i], p + 1, len) == 0;
		if (!is_known)
			spec_complain(
				r, n->mark,
				"{%.*s} in a boot command is not supported; expected {KERNEL}, {RAMDISK}, {DTB}, these with _ADDR, or {SERVER_IP}",
				(int)(len > 40 ? 40 : len), p + 1);
	}
}

/* The word stands for a set of commands: ramdisk boots what was deployed, media what the
 * board has; how is the board's business. A list is typed as it stands. */
static void load_commands(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *boot)
{
	static const char *const sets[] = { "ramdisk", "media" };
	struct job_boot *b = boot;
	size_t i;

	if (n->kind == YAML_SCALAR && strcmp(n->text, "nfs") == 0) {
		spec_complain(
			r, n->mark,
			"%s: nfs is not supported, bootrig serves no NFS root; expected ramdisk, media or a list of commands",
			what);
		return;
	}
	if (n->kind != YAML_LIST) {
		if (yaml_get_word(r, n, what, sets, ARRAY_SIZE(sets), &i))
			b->commands = i ? JOB_COMMANDS_MEDIA : JOB_COMMANDS_RAMDISK;
		return;
	}
	b->commands = JOB_COMMANDS_LIST;
	for (i = 0; i < n->n; i++) {
		const char *s;

		if (!yaml_get_str(r, n->vals[i], "a boot command", &s))
			continue;
		check_placeholders(r, n->vals[i], s);
		if (strpbrk(s, "\r\n"))
			spec_complain(
				r, n->vals[i]->mark,
				"a boot command holds a line break; expected one command for each item");
		else
			strvec_add(&b->command_list, s);
	}
}

/* Before 2019 LAVA had the type here; it is the kernel's now, and U-Boot's pxe command
 * finds it out. */
static void load_type(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *base)
{
	static const char *const types[] = { "bootm", "booti", "bootz" };
	size_t i;

	(void)yaml_get_word(r, n, what, types, ARRAY_SIZE(types), &i);
}

static void load_connection(struct spec_report *r, const struct yaml_node *n,
			    const char *what, void *base)
{
	static const char *const words[] = { "serial" };
	size_t i;

	(void)yaml_get_word(r, n, what, words, ARRAY_SIZE(words), &i);
}

#define BOOT_FIELDS                                                                      \
	YAML_ANY("method"), /* read first */                                             \
		YAML_FN_REQUIRED("prompts", spec_load_patterns, struct job_action,       \
				 boot.prompts),                                          \
		YAML_FN("auto_login", spec_load_auto_login, struct job_action,           \
			boot.auto_login),                                                \
		YAML_FN("parameters", load_parameters, struct job_action, boot),         \
		YAML_FN("soft_reboot", load_soft_reboot, struct job_action,              \
			boot.soft_reboot_mark),                                          \
		YAML_FN_BASE("connection", load_connection), JOB_ACTION_FIELDS,          \
		YAML_REFUSED(                                                            \
			"transfer_overlay",                                              \
			"bootrig types test steps on the console and needs no overlay")

static const struct yaml_field uboot_fields[] = {
	BOOT_FIELDS,
	YAML_FN_REQUIRED("commands", load_commands, struct job_action, boot),
	YAML_FN_BASE("type", load_type),
	YAML_FN_BASE("use_bootscript", spec_load_only_false),
};

static const struct yaml_field minimal_fields[] = {
	BOOT_FIELDS,
	YAML_FN_BASE("reset", spec_load_only_true),
	YAML_FN_BASE("pre_power_command", spec_load_only_false),
	YAML_FN_BASE("pre_os_command", spec_load_only_false),
};

/* LAVA's other methods. */
static const char *const other_methods[] = {
	"avh",
	"barebox",
	"bootloader",
	"cmsis-dap",
	"depthcharge",
	"dfu",
	"docker",
	"fastboot",
	"fvp",
	"gdb",
	"grub",
	"grub-efi",
	"ipxe",
	"jlink",
	"kexec",
	"lxc",
	"monitor",
	"musca",
	"new_connection",
	"nodebooter",
	"openocd",
	"pyocd",
	"qdl",
	"qemu",
	"qemu-iso",
	"qemu-nfs",
	"recovery",
	"schroot",
	"secondary_media",
	"ser-ctl",
	"ssh",
	"uefi",
	"uefi-menu",
	"uuu",
};

static bool read_method(struct spec_report *r, const struct yaml_node *n,
			enum job_boot_method *out)
{
	const struct yaml_node *method = yaml_find(n, "method");
	const char *s;

	if (!method) {
		spec_complain(r, n->mark,
			      "boot has no \"method\"; expected u-boot or minimal");
		return false;
	}
	if (!yaml_get_str(r, method, "boot.method", &s))
		return false;
	*out = strcmp(s, "minimal") == 0 ? JOB_BOOT_MINIMAL : JOB_BOOT_UBOOT;
	if (*out == JOB_BOOT_MINIMAL || strcmp(s, "u-boot") == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(other_methods); i++)
		if (strcmp(s, other_methods[i]) == 0) {
			spec_complain(
				r, method->mark,
				"boot method: %s is not supported; bootrig boots by method: u-boot or minimal",
				s);
			return false;
		}
	spec_complain(r, method->mark,
		      "boot method: \"%.60s\" is unknown%s; expected u-boot or minimal",
		      s,
		      strcasecmp(s, "uboot") == 0 || strcasecmp(s, "u_boot") == 0
			      ? ", did you mean \"u-boot\"?"
			      : "");
	return false;
}

void job_load_boot(struct spec_report *r, const struct yaml_node *n, struct job_action *a)
{
	if (!yaml_want_map(r, n, "boot") || !read_method(r, n, &a->boot.method))
		return;
	if (a->boot.method == JOB_BOOT_UBOOT)
		yaml_load_map(r, n, "boot", uboot_fields, ARRAY_SIZE(uboot_fields), a);
	else
		yaml_load_map(r, n, "boot", minimal_fields, ARRAY_SIZE(minimal_fields),
			      a);
}
