// SPDX-License-Identifier: GPL-2.0-or-later
/* `recovery:` and `repair:` of a board file: the ladder that brings it back. What a rung
 * of each kind needs is checked here, before any relay moves. */
#include "parse/spec_load.h"
#include "parse/spec_load_board.h"
#include "util/mem.h"

static const char *const rung_names[] = {
#define X(name, str) [RUNG_##name] = str,
	BOARD_RUNGS(X)
#undef X
};

const char *board_rung_kind_to_str(enum board_rung_kind k)
{
	return rung_names[k];
}

static void load_rung_kind(struct spec_report *r, const struct yaml_node *n,
			   const char *what, void *kind)
{
	size_t i;

	if (yaml_get_word(r, n, what, rung_names, ARRAY_SIZE(rung_names), &i))
		*(enum board_rung_kind *)kind = (enum board_rung_kind)i;
}

/* ---- label: ---- */

static const struct yaml_field label_fields[] = {
	YAML_FN_REQUIRED("kernel", spec_load_url, struct board_label, kernel.url),
	YAML_FN("ramdisk", spec_load_url, struct board_label, ramdisk.url),
	YAML_FN("dtb", spec_load_url, struct board_label, dtb.url),
	YAML_LINE("kernel_args", struct board_label, kernel_args),
};

static void load_label(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *label)
{
	struct board_label *l = xcalloc(1, sizeof(*l));

	l->kernel.mark = n->mark;
	yaml_load_map(r, n, what, label_fields, ARRAY_SIZE(label_fields), l);
	*(struct board_label **)label = l;
}

/* ---- maskrom: ---- */

/* "1-2.3": bus 1, its port 2, port 3 of the hub there. */
static void load_usb_port(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *str)
{
	const char *s;
	size_t bus, rest;

	if (!yaml_get_str(r, n, what, &s))
		return;
	bus = strspn(s, "0123456789");
	rest = s[bus] == '-' ? strspn(s + bus + 1, "0123456789.") : 0;
	if (!bus || !rest || s[bus + 1 + rest] || strlen(s) > 30 || s[bus + 1] == '.') {
		spec_complain(
			r, n->mark,
			"%s is \"%.40s\"; expected a port such as 1-2.3 (a name below /sys/bus/usb/devices)",
			what, s);
		return;
	}
	spec_store_str(str, xstrdup(s));
}

static void load_storage(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *str)
{
	static const char *const words[] = { "emmc", "sd", "spinor" };

	spec_load_word(r, n, what, words, ARRAY_SIZE(words), str);
}

static void load_sha256(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *str)
{
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	if (strspn(s, "0123456789abcdef") != 64 || s[64]) {
		spec_complain(
			r, n->mark,
			"%s is \"%.70s\"; expected 64 hex digits in lower case, as sha256sum prints them",
			what, s);
		return;
	}
	*(char **)str = xstrdup(s);
}

static const struct yaml_field write_fields[] = {
	YAML_FN_REQUIRED("storage", load_storage, struct board_flash_write, storage),
	YAML_U32("sector", struct board_flash_write, sector, 0, UINT32_MAX),
	YAML_FN_REQUIRED("file", spec_load_path, struct board_flash_write, file),
	YAML_FN_REQUIRED("sha256", load_sha256, struct board_flash_write, sha256),
};

static void load_writes(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *maskrom)
{
	struct board_maskrom *m = maskrom;

	if (!yaml_want_list(r, n, what))
		return;
	m->writes = xcalloc(n->n ? n->n : 1, sizeof(*m->writes));
	m->n_writes = n->n;
	for (size_t i = 0; i < n->n; i++) {
		m->writes[i].mark = n->vals[i]->mark;
		yaml_load_map(r, n->vals[i], what, write_fields, ARRAY_SIZE(write_fields),
			      &m->writes[i]);
	}
}

static const struct yaml_field maskrom_fields[] = {
	YAML_FN_REQUIRED("loader", spec_load_path, struct board_maskrom, loader),
	YAML_FN_REQUIRED("usb", load_usb_port, struct board_maskrom, usb),
	YAML_LINE("tool", struct board_maskrom, tool),
	YAML_BOOL("flash", struct board_maskrom, flash),
	YAML_FN_BASE("writes", load_writes),
};

static void load_maskrom(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *maskrom)
{
	struct board_maskrom *m = xcalloc(1, sizeof(*m));

	m->tool = xstrdup("rkdeveloptool");
	yaml_load_map(r, n, what, maskrom_fields, ARRAY_SIZE(maskrom_fields), m);
	if (m->n_writes && !m->flash)
		spec_complain(
			r, yaml_find_key(n, "writes")->mark,
			"%s.writes would write to the board's flash, which is not allowed; expected flash: true beside it",
			what);
	*(struct board_maskrom **)maskrom = m;
}

/* ---- rungs ---- */

static const struct yaml_field rung_fields[] = {
	YAML_FN_REQUIRED("rung", load_rung_kind, struct board_rung, kind),
	YAML_FN("name", spec_load_name, struct board_rung, name),
	YAML_LINES("commands", struct board_rung, commands),
	YAML_FN("label", load_label, struct board_rung, label),
	YAML_LINE("mux", struct board_rung, mux),
	YAML_FN("maskrom", load_maskrom, struct board_rung, maskrom),
	YAML_FN_REQUIRED("prompts", spec_load_patterns, struct board_rung, prompts),
	YAML_FN("auto_login", spec_load_auto_login, struct board_rung, auto_login),
	YAML_LINES("harvest", struct board_rung, harvest),
	YAML_LINES("files", struct board_rung, files),
	YAML_FN("off_time", spec_load_duration, struct board_rung, off_ms),
	YAML_FN("timeout", spec_load_duration, struct board_rung, timeout_ms),
};

void board_load_recovery(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *board)
{
	struct board_spec *b = board;

	if (!yaml_want_list(r, n, what))
		return;
	b->recovery = xcalloc(n->n ? n->n : 1, sizeof(*b->recovery));
	b->n_recovery = n->n;
	for (size_t i = 0; i < n->n; i++) {
		struct board_rung *rung = &b->recovery[i];

		rung->kind = RUNG_POWER_CYCLE;
		rung->timeout_ms = 120000;
		rung->mark = n->vals[i]->mark;
		yaml_load_map(r, n->vals[i], what, rung_fields, ARRAY_SIZE(rung_fields),
			      rung);
		if (!rung->name)
			rung->name = xstrdup(board_rung_kind_to_str(rung->kind));
	}
}

/* A tree that btrfs check --repair touched may be beyond help; its own manual says so. */
void board_load_repair(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *strvec)
{
	struct strvec *v = strvec;

	if (!yaml_get_strs(r, n, what, v))
		return;
	for (size_t i = 0; i < v->n; i++) {
		const char *btrfs = strstr(v->v[i], "btrfs");

		if (strpbrk(v->v[i], "\r\n"))
			spec_complain(r, n->mark, "%s has a line break; expected a line",
				      what);
		if ((btrfs && strstr(btrfs, "check") && strstr(btrfs, "--repair")) ||
		    strstr(v->v[i], "btrfsck --repair"))
			spec_complain(
				r, n->kind == YAML_LIST ? n->vals[i]->mark : n->mark,
				"%s runs btrfs check --repair, which can destroy the file system; expected it to be typed by a person",
				what);
	}
}

/* ---- upload ---- */

static void load_upload_command(struct spec_report *r, const struct yaml_node *n,
				const char *what, void *str)
{
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	if (!strstr(s, "{file}") || !strstr(s, "{url}") || strpbrk(s, "\r\n")) {
		spec_complain(
			r, n->mark,
			"%s is \"%.60s\"; expected a line with {file} and {url}, such as curl -fsS -T {file} {url}",
			what, s);
		return;
	}
	*(char **)str = xstrdup(s);
}

static const struct yaml_field upload_fields[] = {
	YAML_LINE_REQUIRED("host", struct board_upload, host),
	YAML_U32("port", struct board_upload, port, 0, 65535),
	YAML_LINES("network", struct board_upload, network),
	YAML_FN("command", load_upload_command, struct board_upload, command),
};

void board_load_upload(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *upload)
{
	struct board_upload *u = upload;

	yaml_load_map(r, n, what, upload_fields, ARRAY_SIZE(upload_fields), u);
	if (!u->command)
		u->command = xstrdup("curl -fsS -T {file} {url}");
}

/* ---- what fits together ---- */

static void check_power(struct spec_report *r, const struct board_spec *b,
			const struct board_rung *rung)
{
	const struct board_power *p = &b->power;
	bool is_typed = rung->kind == RUNG_SOFT_REBOOT || rung->kind == RUNG_SYSRQ_B;

	if (p->backend == BOARD_POWER_NONE && !is_typed)
		spec_complain(
			r, rung->mark,
			"recovery cannot switch this board; expected a power.backend other than none");
	else if (rung->kind == RUNG_WARM_RESET && !board_power_has(p, "reset"))
		spec_complain(r, rung->mark,
			      "rung: warm-reset has no reset line; expected power.reset");
	else if (rung->kind == RUNG_MASKROM && !board_power_has(p, "maskrom"))
		spec_complain(
			r, rung->mark,
			"rung: maskrom has nothing that closes the contact; expected power.maskrom");
	if (rung->mux && !board_power_has(p, rung->mux))
		spec_complain(r, rung->mark,
			      "mux: %.40s is no sequence of power:; expected it there",
			      rung->mux);
	if (rung->off_ms && board_rung_is_warm(rung->kind))
		spec_complain(
			r, rung->mark,
			"off_time has no meaning for rung: %s, which keeps the power on; expected it elsewhere",
			board_rung_kind_to_str(rung->kind));
}

static void check_kind(struct spec_report *r, const struct board_rung *rung)
{
	if (rung->kind == RUNG_LABEL && !rung->label)
		spec_complain(
			r, rung->mark,
			"rung: label has no files; expected label: {kernel: FILE, ...}");
	if (rung->kind == RUNG_MEDIA && !rung->mux && !rung->commands.n)
		spec_complain(
			r, rung->mark,
			"rung: media says neither commands nor mux; expected how it is booted");
	if (rung->mux && rung->kind != RUNG_MEDIA)
		spec_complain(r, rung->mark,
			      "mux has no meaning for rung: %s; expected it with media",
			      board_rung_kind_to_str(rung->kind));
	if ((rung->kind == RUNG_MASKROM) != (rung->maskrom != NULL))
		spec_complain(
			r, rung->mark,
			"maskrom: {loader, usb} and rung: maskrom belong together; expected both or neither");
	if (rung->label && rung->commands.n)
		spec_complain(
			r, rung->mark,
			"label and commands are two ways to boot; expected one of them");
}

static void check_loader(struct spec_report *r, const struct board_spec *b,
			 const struct board_rung *rung)
{
	if (rung->commands.n && !b->has_boot)
		spec_complain(
			r, rung->mark,
			"commands need a boot loader dialogue; expected boot: in the board file");
	if (rung->commands.n && b->boot.never_stop)
		spec_complain(
			r, rung->mark,
			"recovery.commands cannot be typed with never_stop: true; expected one of them");
	if (rung->label && b->boot.method == BOARD_BOOT_SYSBOOT)
		spec_complain(
			r, rung->mark,
			"label is served over TFTP, and this board boots from its media; expected another boot.method than sysboot");
	if (rung->label && !b->boot.tftp_root)
		spec_complain(
			r, rung->mark,
			"label is served over TFTP; expected boot.tftp in the board file");
}

/* RAM is lost with the first cut: what keeps it comes first. */
static void check_order(struct spec_report *r, const struct board_spec *b)
{
	bool was_cold = false;

	for (size_t i = 0; i < b->n_recovery; i++) {
		const struct board_rung *rung = &b->recovery[i];

		if (board_rung_is_warm(rung->kind) && was_cold)
			spec_complain(
				r, rung->mark,
				"rung: %s after the power was cut finds nothing in RAM any more; expected it before the others",
				board_rung_kind_to_str(rung->kind));
		was_cold |= !board_rung_is_warm(rung->kind);
	}
}

void board_settle_recovery(struct spec_report *r, struct board_spec *b)
{
	if (!b->power_mark.line)
		return;
	for (size_t i = 0; i < b->n_recovery; i++) {
		check_power(r, b, &b->recovery[i]);
		check_kind(r, &b->recovery[i]);
		check_loader(r, b, &b->recovery[i]);
	}
	check_order(r, b);
	if (b->repair.n && !b->n_recovery)
		spec_complain(
			r, b->power_mark,
			"repair: is typed in the system that recovery: boots; expected recovery: beside it");
}

static void free_label(struct board_label *l)
{
	if (!l)
		return;
	free(l->kernel.url);
	free(l->ramdisk.url);
	free(l->dtb.url);
	free(l->kernel_args);
	free(l);
}

static void free_maskrom(struct board_maskrom *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_writes; i++) {
		free(m->writes[i].storage);
		free(m->writes[i].file);
		free(m->writes[i].sha256);
	}
	free(m->writes);
	free(m->tool);
	free(m->loader);
	free(m->usb);
	free(m);
}

void board_release_recovery(struct board_spec *b)
{
	for (size_t i = 0; i < b->n_recovery; i++) {
		struct board_rung *rung = &b->recovery[i];

		free(rung->name);
		free(rung->mux);
		free_label(rung->label);
		free_maskrom(rung->maskrom);
		strvec_release(&rung->commands);
		strvec_release(&rung->prompts);
		strvec_release(&rung->harvest);
		strvec_release(&rung->files);
		spec_release_auto_login(&rung->auto_login);
	}
	free(b->recovery);
	free(b->upload.host);
	free(b->upload.command);
	strvec_release(&b->upload.network);
	strvec_release(&b->repair);
}
