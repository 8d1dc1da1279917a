// SPDX-License-Identifier: GPL-2.0-or-later
/* `power:` of a board file: what switches it, and the sequences that the lab has. Relay
 * lines and their steps are in board_spec_{lines,steps}.c. */
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

static const char *const backends[] = {
	[BOARD_POWER_NONE] = "none",
	[BOARD_POWER_COMMAND] = "command",
	[BOARD_POWER_QEMU] = "qemu",
	[BOARD_POWER_GPIO] = "gpio",
};

const char *board_power_backend_to_str(enum board_power_backend b)
{
	return backends[b];
}

static void load_backend(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *backend)
{
	size_t i;

	if (yaml_get_word(r, n, what, backends, ARRAY_SIZE(backends), &i))
		*(enum board_power_backend *)backend = (enum board_power_backend)i;
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

/* on, off, reset and maskrom are read after the lines, which their steps name. */
static const struct yaml_field power_fields[] = {
	YAML_FN_REQUIRED("backend", load_backend, struct board_power, backend),
	YAML_ANY("on"),
	YAML_ANY("off"),
	YAML_ANY("reset"),
	YAML_ANY("maskrom"),
	YAML_FN("on_settle", spec_load_duration, struct board_power, on_settle_ms),
	YAML_FN("off_settle", spec_load_duration, struct board_power, off_settle_ms),
	YAML_FN_BASE("qemu", load_qemu),
	YAML_FN("on_worker_death", load_on_worker_death, struct board_power,
		keep_on_worker_death),
	YAML_FN_BASE("lines", board_load_lines),
	YAML_FN_BASE("sense", board_load_sense),
};

static bool is_sequence_key(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(power_fields); i++)
		if (strcmp(power_fields[i].key, key) == 0)
			return power_fields[i].type == YAML_F_ANY;
	return true;
}

static const char *near_key(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(power_fields); i++)
		if (yaml_is_near(power_fields[i].key, key))
			return power_fields[i].key;
	return NULL;
}

static bool is_good_name(struct spec_report *r, const struct yaml_node *key)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	const char *near = near_key(key->text);
	size_t len = strlen(key->text);

	if (near) {
		spec_complain(
			r, key->mark,
			"unknown key \"%.60s\" in power, did you mean \"%s\"?; expected a name for a sequence that is not so near to it",
			key->text, near);
		return false;
	}
	if (len && len <= 32 && strspn(key->text, set) == len)
		return true;
	spec_complain(
		r, key->mark,
		"\"%.60s\" is no name for a sequence of power; expected up to 32 letters, digits, \"-\" and \"_\"",
		key->text);
	return false;
}

static void load_sequence(struct spec_report *r, const struct yaml_node *key,
			  const struct yaml_node *val, struct board_power *p)
{
	_cleanup_free_ char *what = xasprintf("power.%.60s", key->text);
	struct board_sequence *s;

	if (!is_good_name(r, key))
		return;
	if (p->n_sequences == BOARD_MAX_SEQUENCES) {
		spec_complain(r, key->mark,
			      "power has too many sequences; expected at most %d",
			      BOARD_MAX_SEQUENCES);
		return;
	}
	s = &p->sequences[p->n_sequences++];
	s->name = xstrdup(key->text);
	s->mark = key->mark;
	if (p->backend == BOARD_POWER_COMMAND)
		board_load_shell(r, val, what, &s->shell);
	else
		board_load_steps(r, val, what, p, s);
}

static void load_sequences(struct spec_report *r, const struct yaml_node *n,
			   struct board_power *p)
{
	p->sequences = xcalloc(BOARD_MAX_SEQUENCES, sizeof(*p->sequences));
	for (size_t i = 0; i < n->n && p->n_sequences <= BOARD_MAX_SEQUENCES; i++)
		if (is_sequence_key(n->keys[i]->text))
			load_sequence(r, n->keys[i], n->vals[i], p);
}

/* What stands in the file and means nothing with this back end. */
static void check_keys(struct spec_report *r, const struct yaml_node *n,
		       const struct board_power *p)
{
	static const struct {
		const char *key, *with;
		unsigned backends;
	} keys[] = {
		{ "on", "command or gpio",
		  1 << BOARD_POWER_COMMAND | 1 << BOARD_POWER_GPIO },
		{ "off", "command or gpio",
		  1 << BOARD_POWER_COMMAND | 1 << BOARD_POWER_GPIO },
		{ "reset", "command or gpio",
		  1 << BOARD_POWER_COMMAND | 1 << BOARD_POWER_GPIO },
		{ "maskrom", "command or gpio",
		  1 << BOARD_POWER_COMMAND | 1 << BOARD_POWER_GPIO },
		{ "lines", "gpio only", 1 << BOARD_POWER_GPIO },
		{ "sense", "gpio only", 1 << BOARD_POWER_GPIO },
		{ "qemu", "qemu only", 1 << BOARD_POWER_QEMU },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct yaml_node *key = yaml_find_key(n, keys[i].key);

		if (key && !(keys[i].backends & 1U << p->backend))
			spec_complain(
				r, key->mark,
				"power.%s has no meaning here; expected it with backend: %s",
				keys[i].key, keys[i].with);
	}
}

static void check_required(struct spec_report *r, const struct yaml_node *n,
			   const struct board_power *p)
{
	static const struct {
		enum board_power_backend backend;
		const char *key, *want;
	} needs[] = {
		{ BOARD_POWER_COMMAND, "on", "a shell command" },
		{ BOARD_POWER_COMMAND, "off", "a shell command" },
		{ BOARD_POWER_GPIO, "lines", "lines: {power: {line: NAME}}" },
		{ BOARD_POWER_GPIO, "on", "a list of steps such as [{set: power}]" },
		{ BOARD_POWER_GPIO, "off", "a list of steps such as [{clear: power}]" },
		{ BOARD_POWER_QEMU, "qemu", "qemu: {args: [...]}" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (needs[i].backend == p->backend && !yaml_find(n, needs[i].key))
			spec_complain(r, n->mark, "power has no \"%s\"; expected %s",
				      needs[i].key, needs[i].want);
}

static void check_power(struct spec_report *r, const struct yaml_node *n,
			const struct board_power *p)
{
	const struct yaml_node *death = yaml_find(n, "on_worker_death");

	if (death && p->keep_on_worker_death && p->backend == BOARD_POWER_QEMU)
		spec_complain(
			r, death->mark,
			"power.on_worker_death: keep is not supported with backend qemu: the machine ends with bootrig; expected off");
	check_keys(r, n, p);
	check_required(r, n, p);
}

/* With command and gpio every other key is a sequence: the table sees the rest. */
static bool load_known_keys(struct spec_report *r, const struct yaml_node *n,
			    const char *what, struct board_power *p)
{
	const struct yaml_node *backend = yaml_find(n, "backend");
	bool has_sequences = backend && backend->kind == YAML_SCALAR &&
			     (strcmp(backend->text, "command") == 0 ||
			      strcmp(backend->text, "gpio") == 0);
	struct yaml_node known = *n;
	bool ok;

	if (!has_sequences || n->kind != YAML_MAP)
		return yaml_load_map(r, n, what, power_fields, ARRAY_SIZE(power_fields),
				     p);
	known.keys = xcalloc(n->n, sizeof(*known.keys));
	known.vals = xcalloc(n->n, sizeof(*known.vals));
	known.n = 0;
	for (size_t i = 0; i < n->n; i++) {
		if (is_sequence_key(n->keys[i]->text))
			continue;
		known.keys[known.n] = n->keys[i];
		known.vals[known.n++] = n->vals[i];
	}
	ok = yaml_load_map(r, &known, what, power_fields, ARRAY_SIZE(power_fields), p);
	free(known.keys);
	free(known.vals);
	if (ok)
		load_sequences(r, n, p);
	return ok;
}

void board_load_power(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *base)
{
	struct board_spec *b = base;

	b->power_mark = n->mark;
	if (!load_known_keys(r, n, what, &b->power) || !yaml_find(n, "backend"))
		return;
	check_power(r, n, &b->power);
	if (b->power.backend == BOARD_POWER_GPIO) {
		board_check_sense(r, n, &b->power);
		board_check_lines(r, &b->power);
	}
}

const struct board_sequence *board_power_sequence(const struct board_power *p,
						  const char *name)
{
	for (size_t i = 0; i < p->n_sequences; i++)
		if (strcmp(p->sequences[i].name, name) == 0)
			return &p->sequences[i];
	return NULL;
}

bool board_power_has(const struct board_power *p, const char *name)
{
	switch (p->backend) {
	case BOARD_POWER_NONE:
		return false;
	case BOARD_POWER_QEMU:
		return strcmp(name, "on") == 0 || strcmp(name, "off") == 0 ||
		       strcmp(name, "reset") == 0;
	case BOARD_POWER_COMMAND:
	case BOARD_POWER_GPIO:
		break;
	}
	return board_power_sequence(p, name) != NULL;
}

void board_release_power(struct board_spec *b)
{
	struct board_power *p = &b->power;

	for (size_t i = 0; i < p->n_sequences; i++) {
		for (size_t k = 0; k < p->sequences[i].n_steps; k++)
			free(p->sequences[i].steps[k].pattern);
		free(p->sequences[i].steps);
		free(p->sequences[i].shell);
		free(p->sequences[i].name);
	}
	free(p->sequences);
	board_release_lines(p);
	free(p->qemu_binary);
	strvec_release(&p->qemu_args);
}
