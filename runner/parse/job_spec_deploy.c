// SPDX-License-Identifier: GPL-2.0-or-later
/* `deploy:` and `command:` of a job. LAVA's other deployment methods are known by name
 * only, to refuse them with a reason. */
#include "parse/spec_load.h"

#include "util/mem.h"

static const struct yaml_field deploy_fields[] = {
	YAML_ANY("to"), /* read first, by load_to() */
	YAML_FN("kernel", job_load_file_kernel, struct job_action, deploy.kernel),
	YAML_FN("dtb", job_load_file_plain, struct job_action, deploy.dtb),
	YAML_FN("ramdisk", job_load_file_ramdisk, struct job_action, deploy.ramdisk),
	YAML_FN("modules", job_load_file_plain, struct job_action, deploy.modules),
	YAML_ANY("os"),
	JOB_ACTION_FIELDS,
	YAML_REFUSED("nfsrootfs", "bootrig serves no NFS root; give a ramdisk"),
	YAML_REFUSED("persistent_nfs", "bootrig serves no NFS root; give a ramdisk"),
	YAML_REFUSED("preseed", "bootrig boots kernels and runs no installer"),
	YAML_REFUSED("tee", "bootrig leaves the firmware alone"),
	YAML_REFUSED("authorize", "bootrig types on the serial console, not over ssh"),
};

/* LAVA's other values of `to`. */
static const char *const other_deployments[] = {
	"avh",        "docker",        "download",
	"downloads",  "fastboot",      "flasher",
	"fvp",        "iso-installer", "lxc",
	"mps",        "musca",         "nbd",
	"nfs",        "overlay",       "qdl",
	"recovery",   "sata",          "sd",
	"ssh",        "ssd",           "tmpfs",
	"u-boot-ums", "usb",           "usbg-ms",
	"uuu",        "vemsd",         "vexpress-tools",
	"image",
};

static bool is_tftp(struct spec_report *r, const struct yaml_node *n)
{
	const struct yaml_node *to = yaml_find(n, "to");
	const char *s;

	if (!to) {
		spec_complain(r, n->mark, "deploy has no \"to\"; expected to: tftp");
		return false;
	}
	if (!yaml_get_str(r, to, "deploy.to", &s))
		return false;
	if (strcmp(s, "tftp") == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(other_deployments); i++)
		if (strcmp(s, other_deployments[i]) == 0) {
			spec_complain(
				r, to->mark,
				"deploy to: %s is not supported; bootrig deploys to: tftp",
				s);
			return false;
		}
	spec_complain(r, to->mark,
		      "deploy to: \"%.60s\" is unknown; bootrig deploys to: tftp", s);
	return false;
}

void job_load_deploy(struct spec_report *r, const struct yaml_node *n,
		     struct job_action *a)
{
	if (!yaml_want_map(r, n, "deploy") || !is_tftp(r, n))
		return;
	a->deploy.is_tftp = true;
	yaml_load_map(r, n, "deploy", deploy_fields, ARRAY_SIZE(deploy_fields), a);
}

static const struct yaml_field command_fields[] = {
	YAML_LINE_REQUIRED("name", struct job_action, command.name),
	JOB_ACTION_FIELDS,
};

void job_load_command(struct spec_report *r, const struct yaml_node *n,
		      struct job_action *a)
{
	yaml_load_map(r, n, "command", command_fields, ARRAY_SIZE(command_fields), a);
}
