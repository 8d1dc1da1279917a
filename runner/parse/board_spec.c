// SPDX-License-Identifier: GPL-2.0-or-later
/* A board file: its own keys, limits, user commands; loading and freeing. Console, power,
 * boot and recovery have files of their own. */
#include "parse/board_spec.h"

#include <errno.h>

#include "parse/spec_load.h"
#include "parse/spec_load_board.h"
#include "util/mem.h"
#include "util/strbuf.h"

char *board_expand_dir(const char *s, const char *dir)
{
	static const char word[] = "{board_dir}";
	struct strbuf sb = STRBUF_INIT;
	const char *p;

	while ((p = strstr(s, word))) {
		strbuf_add(&sb, s, (size_t)(p - s));
		strbuf_addstr(&sb, dir);
		s = p + sizeof(word) - 1;
	}
	strbuf_addstr(&sb, s);
	return strbuf_take(&sb);
}

void board_load_shell(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *str)
{
	_cleanup_strvec_ struct strvec lines = STRVEC_INIT;
	struct strbuf sb = STRBUF_INIT;

	if (!yaml_get_strs(r, n, what, &lines))
		return;
	for (size_t i = 0; i < lines.n; i++)
		strbuf_addf(&sb, "%s%s", i ? " && " : "", lines.v[i]);
	if (!sb.len)
		spec_complain(r, n->mark, "%s is empty; expected a shell command", what);
	spec_store_str(str, sb.len ? board_expand_dir(sb.buf, r->dir) : NULL);
	strbuf_release(&sb);
}

static void load_console_bytes(struct spec_report *r, const struct yaml_node *n,
			       const char *what, void *bytes)
{
	(void)yaml_get_u64(r, n, what, 1 << 16, 1ULL << 40, bytes);
}

static const struct yaml_field limits_fields[] = {
	YAML_FN("console_gap", spec_load_duration, struct board_limits, console_gap_ms),
	YAML_FN_BASE("silence", board_load_silence),
	YAML_FN("firmware", spec_load_duration, struct board_limits, firmware_ms),
	YAML_FN("console_bytes", load_console_bytes, struct board_limits, console_bytes),
	YAML_FN("power_command", spec_load_duration, struct board_limits,
		power_command_ms),
	YAML_FN("recovery", spec_load_duration, struct board_limits, recovery_ms),
};

static void load_limits(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *limits)
{
	yaml_load_map(r, n, what, limits_fields, ARRAY_SIZE(limits_fields), limits);
}

static const struct yaml_field user_command_fields[] = {
	YAML_FN_REQUIRED("do", board_load_shell, struct board_user_command, run),
	YAML_FN("undo", board_load_shell, struct board_user_command, undo),
};

static void load_user_commands(struct spec_report *r, const struct yaml_node *n,
			       const char *what, void *base)
{
	struct board_spec *b = base;

	if (!yaml_want_map(r, n, what))
		return;
	b->user_commands = xcalloc(n->n ? n->n : 1, sizeof(*b->user_commands));
	b->n_user_commands = n->n;
	for (size_t i = 0; i < n->n; i++) {
		_cleanup_free_ char *name = xasprintf("%s.%.60s", what, n->keys[i]->text);

		b->user_commands[i].name = xstrdup(n->keys[i]->text);
		yaml_load_map(r, n->vals[i], name, user_command_fields,
			      ARRAY_SIZE(user_command_fields), &b->user_commands[i]);
	}
}

static const struct yaml_field board_fields[] = {
	YAML_FN_REQUIRED("board", spec_load_name, struct board_spec, board),
	YAML_LINE("device_type", struct board_spec, device_type),
	YAML_FN_BASE_REQUIRED("console", board_load_console),
	YAML_FN_BASE_REQUIRED("power", board_load_power),
	YAML_FN_BASE("boot", board_load_boot),
	YAML_FN_BASE("recovery", board_load_recovery),
	YAML_FN("repair", board_load_repair, struct board_spec, repair),
	YAML_FN("upload", board_load_upload, struct board_spec, upload),
	YAML_FN("capture", board_load_capture, struct board_spec, capture),
	YAML_FN("limits", load_limits, struct board_spec, limits),
	YAML_FN_BASE("user_commands", load_user_commands),
	YAML_LINES("tags", struct board_spec, tags),
};

static void set_defaults(struct board_spec *b)
{
	b->console.echo_check = true;
	b->power.qemu_binary = xstrdup("qemu-system-aarch64");
	b->limits = (struct board_limits){ .console_gap_ms = 3000,
					   .silence_ms = 60000,
					   .firmware_ms = 30000,
					   .console_bytes = 1ULL << 30,
					   .power_command_ms = 30000,
					   .recovery_ms = 600000 };
	b->capture = (struct board_capture){
		.keys = "wldmt", .timeout_ms = 10000, .quiet_ms = 3000, .bytes = 256 << 10
	};
}

/* What console and power must agree on. */
static void check_parts(struct spec_report *r, const struct board_spec *b)
{
	bool is_qemu = b->power.backend == BOARD_POWER_QEMU;

	if (b->console.transport == BOARD_CONSOLE_QEMU && !is_qemu &&
	    b->power_mark.line && b->console_mark.line)
		spec_complain(
			r, b->console_mark,
			"console.transport: qemu needs the machine of power.backend: qemu; expected both or neither");
}

int board_spec_parse(const char *path, const char *text, size_t len,
		     struct board_spec **out, struct spec_messages *msgs, struct err *err)
{
	_cleanup_free_ char *dir = spec_dir_of(path);
	_cleanup_spec_report_ struct spec_report r = { .path = path, .dir = dir };
	_cleanup_yaml_doc_ struct yaml_doc *doc = NULL;
	_cleanup_board_spec_ struct board_spec *b = xcalloc(1, sizeof(*b));

	*out = NULL;
	b->path = xstrdup(path);
	b->text = xstrndup(text, len);
	b->text_len = len;
	set_defaults(b);
	if (yaml_parse(text, len, &doc, &r) == 0 &&
	    yaml_load_map(&r, yaml_root(doc), "", board_fields, ARRAY_SIZE(board_fields),
			  b)) {
		check_parts(&r, b);
		board_settle_recovery(&r, b);
		board_settle_boot(&r, b);
		board_settle_kernel_defaults(b);
	}
	int ret = spec_report_finish(&r, msgs, err);

	if (ret)
		return ret;
	*out = TAKE_PTR(b);
	return 0;
}

int board_spec_load(const char *path, struct board_spec **out, struct spec_messages *msgs,
		    struct err *err)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	int r = spec_read_file(path, &sb, msgs, err);

	*out = NULL;
	if (r)
		return r;
	return board_spec_parse(path, strbuf_str(&sb), sb.len, out, msgs, err);
}

void board_spec_free(struct board_spec *b)
{
	if (!b)
		return;
	free(b->path);
	free(b->board);
	free(b->device_type);
	board_release_console(b);
	board_release_power(b);
	board_release_boot(b);
	board_release_recovery(b);
	for (size_t i = 0; i < b->n_user_commands; i++) {
		free(b->user_commands[i].name);
		free(b->user_commands[i].run);
		free(b->user_commands[i].undo);
	}
	free(b->user_commands);
	strvec_release(&b->tags);
	free(b->text);
	free(b);
}
