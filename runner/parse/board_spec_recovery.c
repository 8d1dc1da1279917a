// SPDX-License-Identifier: GPL-2.0-or-later
/* `recovery:` of a board file: the ladder that brings it back. */
#include "parse/spec_load.h"
#include "parse/spec_load_board.h"
#include "util/mem.h"

static void load_rung_kind(struct spec_report *r, const struct yaml_node *n,
			   const char *what, void *kind)
{
	static const char *const words[] = { "warm-reset", "power-cycle" };
	static const char *const later[] = { "maskrom", "label", "flash" };
	size_t i;

	for (i = 0; n->kind == YAML_SCALAR && i < ARRAY_SIZE(later); i++)
		if (strcmp(n->text, later[i]) == 0) {
			spec_complain(
				r, n->mark,
				"%s: %s is not supported by this version; expected warm-reset or power-cycle",
				what, n->text);
			return;
		}
	if (yaml_get_word(r, n, what, words, ARRAY_SIZE(words), &i))
		*(enum board_rung_kind *)kind = (enum board_rung_kind)i;
}

static const struct yaml_field rung_fields[] = {
	YAML_FN_REQUIRED("rung", load_rung_kind, struct board_rung, kind),
	YAML_FN("name", spec_load_name, struct board_rung, name),
	YAML_LINES("commands", struct board_rung, commands),
	YAML_FN_REQUIRED("prompts", spec_load_patterns, struct board_rung, prompts),
	YAML_FN("auto_login", spec_load_auto_login, struct board_rung, auto_login),
	YAML_LINES("harvest", struct board_rung, harvest),
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

		rung->timeout_ms = 120000;
		rung->mark = n->vals[i]->mark;
		yaml_load_map(r, n->vals[i], what, rung_fields, ARRAY_SIZE(rung_fields),
			      rung);
		if (!rung->name)
			rung->name =
				xstrdup(rung->kind == RUNG_WARM_RESET ? "warm-reset"
								      : "power-cycle");
	}
}

static void check_rung(struct spec_report *r, const struct board_spec *b,
		       const struct board_rung *rung)
{
	const struct board_power *p = &b->power;

	if (p->backend == BOARD_POWER_NONE)
		spec_complain(
			r, rung->mark,
			"recovery cannot switch this board; expected a power.backend other than none");
	else if (rung->kind == RUNG_WARM_RESET && !board_power_has(p, "reset"))
		spec_complain(r, rung->mark,
			      "rung: warm-reset has no reset line; expected power.reset");
	if (rung->commands.n && !b->has_boot)
		spec_complain(
			r, rung->mark,
			"commands need a boot loader dialogue; expected boot: in the board file");
	if (rung->commands.n && b->boot.never_stop)
		spec_complain(
			r, rung->mark,
			"recovery.commands cannot be typed with never_stop: true; expected one of them");
}

void board_settle_recovery(struct spec_report *r, const struct board_spec *b)
{
	if (b->power_mark.line)
		for (size_t i = 0; i < b->n_recovery; i++)
			check_rung(r, b, &b->recovery[i]);
}

void board_release_recovery(struct board_spec *b)
{
	for (size_t i = 0; i < b->n_recovery; i++) {
		free(b->recovery[i].name);
		strvec_release(&b->recovery[i].commands);
		strvec_release(&b->recovery[i].prompts);
		strvec_release(&b->recovery[i].harvest);
		spec_release_auto_login(&b->recovery[i].auto_login);
	}
	free(b->recovery);
}
