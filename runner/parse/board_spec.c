// SPDX-License-Identifier: GPL-2.0-or-later
/* A board file: its own keys, console, power, limits, user commands; loading and freeing.
 * How it boots and recovers is board_spec_boot.c. */
#include "parse/board_spec.h"

#include <errno.h>

#include "parse/spec_load.h"
#include "parse/spec_load_board.h"
#include "util/mem.h"
#include "util/strbuf.h"

/* {board_dir} stands for the directory of the board file, so that command lines can name
 * files beside it. */
static char *with_board_dir(const char *s, const char *dir)
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
	free(*(char **)str);
	*(char **)str = NULL;
	if (sb.len)
		*(char **)str = with_board_dir(sb.buf, r->dir);
	strbuf_release(&sb);
}

static void load_args(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *strvec)
{
	_cleanup_strvec_ struct strvec args = STRVEC_INIT;

	if (!yaml_want_list(r, n, what) || !yaml_get_strs(r, n, what, &args))
		return;
	for (size_t i = 0; i < args.n; i++)
		strvec_add_take(strvec, with_board_dir(args.v[i], r->dir));
}

static void load_transport(struct spec_report *r, const struct yaml_node *n,
			   const char *what, void *transport)
{
	static const char *const words[] = { "serial", "pty", "unix", "tcp", "qemu" };
	size_t i;

	if (!yaml_get_word(r, n, what, words, ARRAY_SIZE(words), &i))
		return;
	*(enum board_transport *)transport = (enum board_transport)i;
	if (i == BOARD_CONSOLE_SERIAL)
		spec_complain(
			r, n->mark,
			"console.transport: serial is not supported by this version; expected pty for a tty whose speed is set already, or tcp for a ser2net port");
}

static void load_type_delay(struct spec_report *r, const struct yaml_node *n,
			    const char *what, void *type_delay_us)
{
	int64_t ms = -1;

	spec_load_duration(r, n, what, &ms);
	if (ms > 1000)
		spec_complain(r, n->mark,
			      "%s is %lld ms; expected at most a second between bytes",
			      what, (long long)ms);
	else if (ms >= 0)
		*(uint32_t *)type_delay_us = (uint32_t)ms * 1000;
}

static const struct yaml_field console_fields[] = {
	YAML_FN_REQUIRED("transport", load_transport, struct board_console, transport),
	YAML_LINE("device", struct board_console, device),
	YAML_U32("baud", struct board_console, baud, 50, 20000000),
	YAML_FN("type_delay", load_type_delay, struct board_console, type_delay_us),
	YAML_BOOL("echo_check", struct board_console, echo_check),
};

static bool is_host_port(const char *s)
{
	const char *colon = strrchr(s, ':');
	size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;

	return colon && colon != s && digits && digits <= 5 && !colon[1 + digits];
}

static void load_console(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *base)
{
	struct board_spec *b = base;
	struct board_console *c = &b->console;

	b->console_mark = n->mark;
	if (!yaml_load_map(r, n, what, console_fields, ARRAY_SIZE(console_fields), c) ||
	    !yaml_find(n, "transport"))
		return;
	const struct yaml_node *device = yaml_find(n, "device");

	if (c->transport == BOARD_CONSOLE_QEMU) {
		if (device)
			spec_complain(
				r, device->mark,
				"console.device has no meaning with transport: qemu; expected none");
		return;
	}
	if (!device) {
		spec_complain(r, n->mark, "console has no \"device\"; expected %s",
			      c->transport == BOARD_CONSOLE_TCP ? "HOST:PORT" : "a path");
		return;
	}
	if (!c->device)
		return;
	if (c->transport == BOARD_CONSOLE_TCP) {
		if (!is_host_port(c->device))
			spec_complain(r, device->mark,
				      "console.device is \"%.60s\"; expected HOST:PORT",
				      c->device);
		return;
	}
	char *path = spec_resolve(r->dir, c->device);

	free(c->device);
	c->device = path;
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

static void load_power(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *base)
{
	struct board_spec *b = base;

	b->power_mark = n->mark;
	if (yaml_load_map(r, n, what, power_fields, ARRAY_SIZE(power_fields),
			  &b->power) &&
	    yaml_find(n, "backend"))
		check_power(r, n, &b->power);
}

static void load_console_bytes(struct spec_report *r, const struct yaml_node *n,
			       const char *what, void *bytes)
{
	(void)yaml_get_u64(r, n, what, 1 << 16, 1ULL << 40, bytes);
}

static const struct yaml_field limits_fields[] = {
	YAML_FN("console_gap", spec_load_duration, struct board_limits, console_gap_ms),
	YAML_FN("silence", spec_load_duration, struct board_limits, silence_ms),
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
	YAML_FN_BASE_REQUIRED("console", load_console),
	YAML_FN_BASE_REQUIRED("power", load_power),
	YAML_FN_BASE("boot", board_load_boot),
	YAML_FN_BASE("recovery", board_load_recovery),
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
		board_settle_boot(&r, b);
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
	free(b->console.device);
	free(b->power.on);
	free(b->power.off);
	free(b->power.reset);
	free(b->power.qemu_binary);
	strvec_release(&b->power.qemu_args);
	board_release_boot(b);
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
