// SPDX-License-Identifier: GPL-2.0-or-later
/* Does a job fit a board? Both are loaded and sound by themselves. */
#include "parse/board_spec.h"

#include "parse/spec_load.h"
#include "util/mem.h"
#include "util/strbuf.h"

static const struct spec_mark top = { 1, 1 };

static void check_command(struct spec_report *r, const struct board_spec *b,
			  const struct job_action *a)
{
	_cleanup_strbuf_ struct strbuf list = STRBUF_INIT;

	for (size_t i = 0; i < b->n_user_commands; i++) {
		if (strcmp(b->user_commands[i].name, a->command.name) == 0)
			return;
		strbuf_addf(&list, "%s%s", i ? ", " : "", b->user_commands[i].name);
	}
	spec_complain(r, a->mark,
		      "command: board %s has no user command \"%.60s\"; expected %s%s",
		      b->board, a->command.name,
		      list.len ? "one of: " : "user_commands in ",
		      list.len ? strbuf_str(&list) : b->path);
}

/* {KERNEL_ADDR} and its like in typed U-Boot commands need a value from the board. */
static void check_placeholders(struct spec_report *r, const struct board_spec *b,
			       const struct job_action *a)
{
	const struct {
		const char *word, *value, *key;
	} places[] = {
		{ "{KERNEL_ADDR}", b->boot.kernel_addr, "boot.addresses.kernel" },
		{ "{RAMDISK_ADDR}", b->boot.ramdisk_addr, "boot.addresses.ramdisk" },
		{ "{DTB_ADDR}", b->boot.dtb_addr, "boot.addresses.dtb" },
		{ "{SERVER_IP}", b->boot.server_ip, "boot.server_ip" },
	};

	for (size_t k = 0; k < ARRAY_SIZE(places); k++)
		for (size_t i = 0; i < a->boot.command_list.n && !places[k].value; i++)
			if (strstr(a->boot.command_list.v[i], places[k].word)) {
				spec_complain(
					r, a->mark,
					"boot uses %s, which board %s does not tell; expected %s in %s",
					places[k].word, b->board, places[k].key, b->path);
				break;
			}
}

/* What was deployed, or what the board's media hold. */
static void check_way(struct spec_report *r, const struct board_spec *b,
		      const struct job_action *a)
{
	bool can_media = b->boot.method == BOARD_BOOT_SYSBOOT ||
			 b->boot.method == BOARD_BOOT_BOOTFLOW;

	if (a->boot.commands == JOB_COMMANDS_MEDIA && !can_media)
		spec_complain(
			r, a->mark,
			"boot commands: media do not fit board %s, which boots from the network; expected boot.method: sysboot or bootflow in %s",
			b->board, b->path);
	if (a->boot.commands == JOB_COMMANDS_RAMDISK &&
	    b->boot.method == BOARD_BOOT_SYSBOOT)
		spec_complain(
			r, a->mark,
			"boot commands: ramdisk do not fit board %s, which boots from its media (boot.method: sysboot); expected commands: media",
			b->board);
}

/* U-Boot cuts what is longer, without a word. */
static void check_lengths(struct spec_report *r, const struct board_spec *b,
			  const struct job_action *a)
{
	for (size_t i = 0; i < a->boot.command_list.n; i++) {
		size_t len = strlen(a->boot.command_list.v[i]);

		if (b->boot.line_max && len > b->boot.line_max)
			spec_complain(
				r, a->mark,
				"boot commands have a line of %zu bytes, which U-Boot would cut; expected at most %u (boot.line_max of board %s)",
				len, b->boot.line_max, b->board);
	}
}

static void check_boot(struct spec_report *r, const struct board_spec *b,
		       const struct job_action *a)
{
	/* As in LAVA: where power can be switched, nobody reboots softly. */
	if (b->power.backend == BOARD_POWER_NONE && a->boot.soft_reboot_mark.line)
		spec_complain(
			r, a->boot.soft_reboot_mark,
			"boot.soft_reboot is not supported, and board %s has power.backend: none; expected power control",
			b->board);
	if (b->power.backend == BOARD_POWER_NONE && a->boot.method == JOB_BOOT_UBOOT)
		spec_complain(
			r, a->mark,
			"boot needs power control, and board %s has power.backend: none; expected another board",
			b->board);
	if (a->boot.method == JOB_BOOT_MINIMAL)
		return;
	if (!b->has_boot) {
		spec_complain(
			r, a->mark,
			"boot method: u-boot does not fit board %s, which has no boot:; expected method: minimal",
			b->board);
		return;
	}
	if (a->boot.commands == JOB_COMMANDS_LIST && b->boot.never_stop)
		spec_complain(
			r, a->mark,
			"boot commands cannot be typed on board %s (never_stop); expected commands: ramdisk",
			b->board);
	check_way(r, b, a);
	check_lengths(r, b, a);
	check_placeholders(r, b, a);
}

static void check_action(struct spec_report *r, const struct board_spec *b,
			 const struct job_action *a)
{
	switch (a->kind) {
	case JOB_DEPLOY:
		if (!b->has_boot)
			spec_complain(
				r, a->mark,
				"deploy to: tftp does not fit board %s, which has no boot:; expected boot.tftp in %s",
				b->board, b->path);
		return;
	case JOB_BOOT:
		check_boot(r, b, a);
		return;
	case JOB_COMMAND:
		check_command(r, b, a);
		return;
	case JOB_TEST:
		return;
	}
}

int board_spec_fits(const struct board_spec *board, const struct job_spec *job,
		    struct spec_messages *msgs, struct err *err)
{
	_cleanup_spec_report_ struct spec_report r = { .path = job->path };

	if (job->device_type && board->device_type &&
	    strcmp(job->device_type, board->device_type) != 0)
		spec_complain(
			&r, job->device_type_mark.line ? job->device_type_mark : top,
			"the job is for device_type %.60s; expected %s, as board %s is",
			job->device_type, board->device_type, board->board);
	for (size_t i = 0; i < job->tags.n; i++)
		if (!strvec_has(&board->tags, job->tags.v[i]))
			spec_complain(
				&r, job->tags_mark.line ? job->tags_mark : top,
				"the job asks for the tag %.60s, which board %s does not have; expected it under tags in %s",
				job->tags.v[i], board->board, board->path);
	for (size_t i = 0; i < job->n_actions; i++)
		check_action(&r, board, &job->actions[i]);
	return spec_report_finish(&r, msgs, err);
}
