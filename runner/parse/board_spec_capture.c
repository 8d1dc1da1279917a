// SPDX-License-Identifier: GPL-2.0-or-later
/* What a board file says about silence and wedges: `limits.silence`, `capture:`, and
 * `boot.kernel_defaults`, which make a kernel say more before it is silent. */
#include <errno.h>

#include "parse/spec_load.h"
#include "parse/spec_load_board.h"
#include "util/mem.h"

/* ---- limits.silence ---- */

static const struct yaml_field stage_fields[] = {
#define X(name, str)                                                                     \
	YAML_FN(str, spec_load_duration, struct board_limits,                            \
		silence_stage_ms[STAGE_##name]),
	STAGES(X)
#undef X
};

static bool names_a_stage(const struct yaml_node *n)
{
	for (size_t i = 0; n->kind == YAML_MAP && i < n->n; i++)
		for (int st = STAGE_OFF + 1; st < STAGE_N; st++)
			if (strcmp(n->keys[i]->text, stage_to_str((enum stage)st)) == 0)
				return true;
	return false;
}

void board_load_silence(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *limits)
{
	struct board_limits *l = limits;

	if (names_a_stage(n)) /* without "off": it is silent by nature */
		yaml_load_map(r, n, what, stage_fields + 1, STAGE_N - 1, l);
	else
		spec_load_duration(r, n, what, &l->silence_ms);
}

/* ---- capture ---- */

/* Only what shows: e, i, o, c and their like change what they were to show. */
static void load_keys(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *keys)
{
	static const char shows[] = "wldmtpqz";
	_cleanup_strvec_ struct strvec v = STRVEC_INIT;
	char *out = keys;
	size_t len = 0;

	if (!yaml_want_list(r, n, what) || !yaml_get_strs(r, n, what, &v))
		return;
	for (size_t i = 0; i < v.n; i++) {
		const char *k = v.v[i];

		if (strlen(k) != 1 || !strchr(shows, *k) || memchr(out, *k, len) ||
		    len == BOARD_CAPTURE_KEYS) {
			spec_complain(
				r, n->vals[i]->mark,
				"%s has \"%.20s\"; expected each of w, l, d, m, t, p, q, z at most once",
				what, k);
			return;
		}
		out[len++] = *k;
	}
	out[len] = '\0';
}

static void load_positive(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *ms)
{
	int64_t v = 1;

	spec_load_duration(r, n, what, &v);
	if (v < 1 || v > 600000)
		spec_complain(r, n->mark, "%s is %lld ms; expected 1 ms to 10 minutes",
			      what, (long long)v);
	else
		*(int64_t *)ms = v;
}

static const struct yaml_field capture_fields[] = {
	YAML_FN("sysrq", load_keys, struct board_capture, keys),
	YAML_FN("timeout", load_positive, struct board_capture, timeout_ms),
	YAML_FN("quiet", load_positive, struct board_capture, quiet_ms),
	YAML_U32("bytes", struct board_capture, bytes, 1024, 64 << 20),
};

void board_load_capture(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *capture)
{
	struct board_capture *c = capture;

	c->given =
		yaml_load_map(r, n, what, capture_fields, ARRAY_SIZE(capture_fields), c);
}

/* ---- boot.kernel_defaults ---- */

/* Reports early and complete, on the console and in ramoops, and a restart that keeps
 * them. The detectors report and do not panic: a machine that lives can still be asked
 * (capture:). Names: Documentation/admin-guide/kernel-parameters.txt, sysctl/kernel.rst.
 */
static const char *const rk3588_defaults[] = {
	"sysrq_always_enabled",
	"oops=panic",
	"panic=10",
	"ignore_loglevel",
	"sysctl.kernel.hung_task_timeout_secs=30",
	"sysctl.kernel.watchdog_thresh=10",
	"rcupdate.rcu_cpu_stall_timeout=21",
};

static void add_rk3588(struct strvec *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(rk3588_defaults); i++)
		strvec_add(v, rk3588_defaults[i]);
}

void board_load_kernel_defaults(struct spec_report *r, const struct yaml_node *n,
				const char *what, void *strvec)
{
	struct strvec *v = strvec;

	if (n->kind == YAML_SCALAR && strcmp(n->text, "rk3588") == 0) {
		add_rk3588(v);
	} else if (n->kind == YAML_SCALAR && strcmp(n->text, "none") == 0) {
		strvec_add(v, ""); /* given, and no word */
	} else if (n->kind == YAML_LIST) {
		if (yaml_get_strs(r, n, what, v) && !v->n)
			strvec_add(v, "");
	} else {
		spec_complain(r, n->mark,
			      "%s is \"%.40s\"; expected rk3588, none or a list of words",
			      what, n->kind == YAML_SCALAR ? n->text : "a mapping");
		return;
	}
	for (size_t i = 0; i < v->n; i++)
		if (strpbrk(v->v[i], " \t\r\n"))
			spec_complain(r, n->mark,
				      "%s has \"%.60s\"; expected one word for each item",
				      what, v->v[i]);
}

void board_settle_kernel_defaults(struct board_spec *b)
{
	static const char soc[] = "rk3588";

	if (b->boot.kernel_defaults.n || !b->has_boot)
		return;
	if (b->device_type && strncmp(b->device_type, soc, sizeof(soc) - 1) == 0)
		add_rk3588(&b->boot.kernel_defaults);
	else
		strvec_add(&b->boot.kernel_defaults, "sysrq_always_enabled");
}
