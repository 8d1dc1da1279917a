// SPDX-License-Identifier: GPL-2.0-or-later
/* `power:` of a board file: what switches it. */
#include "parse/spec_load.h"
#include "parse/spec_load_board.h"
#include "util/mem.h"

static void load_args(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *strvec)
{
	_cleanup_strvec_ struct strvec args = STRVEC_INIT;

	if (!yaml_want_list(r, n, what) || !yaml_get_strs(r, n, what, &args))
		return;
	for (size_t i = 0; i < args.n; i++)
		strvec_add_take(strvec, board_expand_dir(args.v[i], r->dir));
}

static void load_backend(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *backend)
{
	static const char *const words[] = { "none", "command", "qemu", "gpio" };
	size_t i;

	if (!yaml_get_word(r, n, what, words, ARRAY_SIZE(words), &i))
		return;
	*(enum board_power_backend *)backend = (enum board_power_backend)i;
	if (i == BOARD_POWER_GPIO)
		spec_complain(
			r, n->mark,
			"power.backend: gpio is not supported by this version; expected backend: command with the relays switched by on, off and reset");
}

static const struct yaml_field qemu_fields[] = {
	YAML_LINE("binary", struct board_power, qemu_binary),
	YAML_FN_REQUIRED("args", load_args, struct board_power, qemu_args),
};

static void load_qemu(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *power)
{
	yaml_load_map(r, n, what, qemu_fields, ARRAY_SIZE(qemu_fields), power);
}

static void load_on_worker_death(struct spec_report *r, const struct yaml_node *n,
				 const char *what, void *keep)
{
	static const char *const words[] = { "off", "keep" };
	size_t i;

	if (yaml_get_word(r, n, what, words, ARRAY_SIZE(words), &i))
		*(bool *)keep = i == 1;
}

static const struct yaml_field power_fields[] = {
	YAML_FN_REQUIRED("backend", load_backend, struct board_power, backend),
	YAML_FN("on", board_load_shell, struct board_power, on),
	YAML_FN("off", board_load_shell, struct board_power, off),
	YAML_FN("reset", board_load_shell, struct board_power, reset),
	YAML_FN("on_settle", spec_load_duration, struct board_power, on_settle_ms),
	YAML_FN("off_settle", spec_load_duration, struct board_power, off_settle_ms),
	YAML_FN_BASE("qemu", load_qemu),
	YAML_FN("on_worker_death", load_on_worker_death, struct board_power,
		keep_on_worker_death),
};

static void check_power(struct spec_report *r, const struct yaml_node *n,
			const struct board_power *p)
{
	static const char *const lines[] = { "on", "off", "reset" };
	bool is_command = p->backend == BOARD_POWER_COMMAND;
	const struct yaml_node *death = yaml_find(n, "on_worker_death");

	if (death && p->keep_on_worker_death && p->backend == BOARD_POWER_QEMU)
		spec_complain(
			r, death->mark,
			"power.on_worker_death: keep is not supported with backend qemu: the machine ends with bootrig; expected off");

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const struct yaml_node *key = yaml_find_key(n, lines[i]);

		if (is_command && !key && i < 2)
			spec_complain(r, n->mark,
				      "power has no \"%s\"; expected a shell command",
				      lines[i]);
		if (!is_command && key && p->backend != BOARD_POWER_GPIO)
			spec_complain(
				r, key->mark,
				"power.%s has no meaning here; expected it with backend: command only",
				lines[i]);
	}
	if (p->backend == BOARD_POWER_QEMU && !yaml_find(n, "qemu"))
		spec_complain(r, n->mark,
			      "power has no \"qemu\"; expected qemu: {args: [...]}");
	if (p->backend != BOARD_POWER_QEMU && yaml_find(n, "qemu"))
		spec_complain(
			r, yaml_find_key(n, "qemu")->mark,
			"power.qemu has no meaning here; expected it with backend: qemu only");
}

void board_load_power(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *base)
{
	struct board_spec *b = base;

	b->power_mark = n->mark;
	if (yaml_load_map(r, n, what, power_fields, ARRAY_SIZE(power_fields),
			  &b->power) &&
	    yaml_find(n, "backend"))
		check_power(r, n, &b->power);
}

void board_release_power(struct board_spec *b)
{
	free(b->power.on);
	free(b->power.off);
	free(b->power.reset);
	free(b->power.qemu_binary);
	strvec_release(&b->power.qemu_args);
}
