// SPDX-License-Identifier: GPL-2.0-or-later
/* What U-Boot shows and does at its prompt, as far as a lab host can see it: echo,
 * setenv, dhcp, tftp, pxe with the real pxelinux file of the TFTP root, and its habit of
 * booting the next label when one fails. The texts are those of U-Boot 2023.01
 * (cmd/pxe.c, boot/pxe_utils.c, net/tftp.c). */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <sys/stat.h>

#include "fakeboard/board.h"
#include "util/io.h"
#include "util/mem.h"

enum { STARTED = 1 }; /* beside GO_ON and GONE: a kernel runs now */

struct label {
	char *name, *kernel, *append, *initrd, *fdt;
};

struct menu {
	struct label *labels;
	size_t n;
	char *dflt;
};

static void menu_release(struct menu *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->labels[i].name);
		free(m->labels[i].kernel);
		free(m->labels[i].append);
		free(m->labels[i].initrd);
		free(m->labels[i].fdt);
	}
	free(m->labels);
	free(m->dflt);
	*m = (struct menu){ 0 };
}

static void replace(char **where, const char *value)
{
	free(*where);
	*where = xstrdup(value);
}

static void menu_line(struct menu *m, const char *key, const char *value)
{
	if (!strcasecmp(key, "default"))
		replace(&m->dflt, value);
	if (!strcasecmp(key, "label")) {
		m->labels = xreallocarray(m->labels, m->n + 1, sizeof(*m->labels));
		m->labels[m->n++] = (struct label){ .name = xstrdup(value) };
	}
	if (m->n == 0)
		return;
	struct label *l = &m->labels[m->n - 1];
	if (!strcasecmp(key, "kernel") || !strcasecmp(key, "linux"))
		replace(&l->kernel, value);
	else if (!strcasecmp(key, "append"))
		replace(&l->append, value);
	else if (!strcasecmp(key, "initrd"))
		replace(&l->initrd, value);
	else if (!strcasecmp(key, "fdt") || !strcasecmp(key, "devicetree"))
		replace(&l->fdt, value);
}

static void menu_parse(struct menu *m, char *text)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\r\n", &rest); line;
	     line = strtok_r(NULL, "\r\n", &rest)) {
		line += strspn(line, " \t");
		size_t n = strcspn(line, " \t");
		char *value = line + n;

		if (*line == '#' || !*value)
			continue;
		*value++ = '\0';
		menu_line(m, line, value + strspn(value, " \t"));
	}
}

/* Prints the transfer; 0 and the size, STARTED's place is taken by 1 = not there. */
static int transfer(struct board *b, const char *name, int64_t *size)
{
	_cleanup_free_ char *path =
		xasprintf("%s/%s", b->tftp_root ? b->tftp_root : "/nonexistent", name);
	struct stat st;

	if (board_say(b,
		      "Using virtio-net#32 device\n"
		      "TFTP from server 10.0.2.2; our IP address is 10.0.2.15\n"
		      "Filename '%s'.\nLoad address: 0x40400000\n",
		      name))
		return GONE;
	if (stat(path, &st) || !S_ISREG(st.st_mode)) {
		*size = -1;
		return board_say(b, "Loading: *\b\nTFTP error: 'File not found' (1)\n"
				    "Not retrying...\n");
	}
	*size = st.st_size + atoi(board_get(b, "tftp_extra"));
	return board_say(
		b,
		"Loading: *\b####\n\t 9.1 MiB/s\ndone\nBytes transferred = %lld (%llx hex)\n",
		(long long)*size, (unsigned long long)*size);
}

static int load_menu(struct board *b, struct menu *m, bool aloud)
{
	const char *mac = board_get(b, "mac");
	_cleanup_free_ char *own = xasprintf("pxelinux.cfg/01-%s", mac);
	const char *names[] = { own, "pxelinux.cfg/default" };

	for (char *p = own; *p; p++)
		if (*p == ':')
			*p = '-';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", b->tftp_root, names[i]);
		_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
		int64_t size;

		if (aloud && (board_say(b, "Retrieving file: %s\n", names[i]) ||
			      transfer(b, names[i], &size)))
			return GONE;
		if (io_read_file_at(AT_FDCWD, path, 1 << 20, &text))
			continue;
		strbuf_addch(&text, '\n');
		menu_parse(m, text.buf);
		return aloud ? board_say(b, "Config file found\n") : GO_ON;
	}
	return aloud ? board_say(b, "Config file not found\n") : GO_ON;
}

static int boot_label(struct board *b, const struct label *l)
{
	const char *files[] = { l->initrd, l->kernel, l->fdt };
	int64_t size;

	if (!l->kernel)
		return board_say(b,
				 "No kernel given, skipping %s\nSkipping %s for failure "
				 "retrieving kernel\n",
				 l->name, l->name);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (!files[i])
			continue;
		if (board_say(b, "Retrieving file: %s\n", files[i]) ||
		    transfer(b, files[i], &size))
			return GONE;
		if (size < 0)
			return board_say(b, "Skipping %s for failure retrieving %s\n",
					 l->name,
					 files[i] == l->kernel ? "kernel" : "initrd");
	}
	_cleanup_free_ char *append = board_expand(b, l->append ? l->append : "");
	if (board_say(b, "append: %s\n", append))
		return GONE;
	board_set(b, "cmdline", append);
	board_set(b, "label", l->name);
	board_set(b, "kernel_file", l->kernel);
	if (board_say(b, "## Flattened Device Tree blob at 40000000\n"
			 "   Booting using the fdt blob at 0x40000000\n\n"
			 "Starting kernel ...\n\n"))
		return GONE;
	return STARTED;
}

static int pxe_boot(struct board *b)
{
	_cleanup_(menu_release) struct menu m = { 0 };
	const char *want = board_get(b, "pxe_label_override");
	size_t first = 0;
	int r = load_menu(b, &m, false);

	if (!*want)
		want = m.dflt ? m.dflt : "";
	for (size_t i = 0; i < m.n; i++)
		if (!strcmp(m.labels[i].name, want))
			first = i;
	/* The one asked for first, then the others in their order. */
	for (size_t i = 0; r == GO_ON && i <= m.n && m.n; i++) {
		size_t at = i == 0 ? first : i - 1;

		if (i == 0 || at != first)
			r = board_say(b, "%zu:\t%s\n", at + 1, m.labels[at].name);
		if (r == GO_ON && (i == 0 || at != first))
			r = boot_label(b, &m.labels[at]);
	}
	return r;
}

static int cmd_pxe(struct board *b, const char *args)
{
	_cleanup_(menu_release) struct menu m = { 0 };

	if (!strncmp(args, "get", 3))
		return load_menu(b, &m, true);
	if (!strncmp(args, "boot", 4))
		return pxe_boot(b);
	return board_say(b, "pxe - commands to get and boot from pxe files\n");
}

static int cmd_setenv(struct board *b, const char *args)
{
	size_t n = strcspn(args, " ");
	_cleanup_free_ char *name = xstrndup(args, n);
	const char *value = args + n + strspn(args + n, " ");
	size_t len = strlen(value);
	bool is_quoted = len >= 2 && strchr("'\"", *value) && value[len - 1] == *value;
	_cleanup_free_ char *plain =
		is_quoted ? xstrndup(value + 1, len - 2) : xstrdup(value);

	board_set(b, name, plain);
	return GO_ON;
}

static int cmd_tftp(struct board *b, const char *args)
{
	const char *name = strchr(args, ' ');
	int64_t size;

	name = name ? name + strspn(name, " ") : args;
	return transfer(b, name, &size);
}

static int cmd_boot(struct board *b, const char *args)
{
	board_set(b, "cmdline", board_get(b, "bootargs"));
	if (board_say(b, "\nStarting kernel ...\n\n"))
		return GONE;
	return STARTED;
}

static int cmd_dhcp(struct board *b, const char *args)
{
	return board_say(b,
			 "BOOTP broadcast 1\nDHCP client bound to address 10.0.2.15 (3 "
			 "ms)\n");
}

static int cmd_echo(struct board *b, const char *args)
{
	_cleanup_free_ char *text = board_expand(b, args);

	return board_say(b, "%s\n", text);
}

static int cmd_printenv(struct board *b, const char *args)
{
	return board_say(b, "%s=%s\n", args, board_get(b, args));
}

static int cmd_version(struct board *b, const char *args)
{
	return board_say(b, "U-Boot 2023.01+dfsg-2 (Jan 12 2023 - 01:38:39 +0000)\n");
}

static int cmd_reset(struct board *b, const char *args)
{
	if (board_say(b, "resetting ...\n"))
		return GONE;
	b->is_gone = true;
	wire_log(&b->wire, "reboot", "u-boot reset");
	return GONE;
}

static int cmd_nothing(struct board *b, const char *args)
{
	return GO_ON;
}

static const struct {
	const char *name;
	int (*run)(struct board *b, const char *args);
} commands[] = {
	{ "setenv", cmd_setenv },     { "env", cmd_nothing },     { "dhcp", cmd_dhcp },
	{ "pxe", cmd_pxe },           { "sysboot", cmd_boot },    { "tftp", cmd_tftp },
	{ "tftpboot", cmd_tftp },     { "booti", cmd_boot },      { "bootm", cmd_boot },
	{ "bootz", cmd_boot },        { "boot", cmd_boot },       { "echo", cmd_echo },
	{ "printenv", cmd_printenv }, { "version", cmd_version }, { "reset", cmd_reset },
	{ "pci", cmd_nothing },       { "nvme", cmd_nothing },    { "usb", cmd_nothing },
	{ "true", cmd_nothing },
};

static bool matches(const char *regex, const char *text)
{
	regex_t re;
	bool hit;

	if (regcomp(&re, regex, REG_EXTENDED | REG_NOSUB))
		BUG("bad regex %s", regex);
	hit = !regexec(&re, text, 0, NULL, 0);
	regfree(&re);
	return hit;
}

static int run_command(struct board *b, const char *line)
{
	const struct stmt *top = &b->script.top;
	size_t n = strcspn(line, " ");

	for (size_t i = 0; i < top->n_body; i++)
		if (!strcmp(top->body[i].verb, "answer") &&
		    matches(top->body[i].args.v[0], line))
			return board_run_block(b, &top->body[i]);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strlen(commands[i].name) == n && !strncmp(commands[i].name, line, n))
			return commands[i].run(b, line + n + strspn(line + n, " "));
	return board_say(b, "Unknown command '%.*s' - try 'help'\n", (int)n, line);
}

/* `set stop_string TEXT`: CONFIG_AUTOBOOT_KEYED, which takes nothing else. */
static int countdown(struct board *b, int64_t ms, bool *stopped)
{
	const char *keyed = board_get(b, "stop_string");
	struct deadline d = deadline_in_ms(ms);

	*stopped = false;
	if (*keyed ? board_say(b, "Autoboot in 2 seconds\n")
		   : board_say(b, "Hit any key to stop autoboot:  2 "))
		return GONE;
	while (!*stopped && !deadline_passed(d)) {
		if (board_wait(b, d))
			return GONE;
		*stopped = *keyed ? strstr(strbuf_str(&b->typed), keyed) != NULL
				  : b->typed.len > 0;
	}
	strbuf_reset(&b->typed);
	return board_say(b, "\b\b\b 0 \n");
}

int uboot_run(struct board *b, const char *prompt, int64_t autoboot_ms)
{
	bool stopped;
	int r = countdown(b, autoboot_ms, &stopped);

	if (r == GO_ON && !stopped) {
		r = run_command(b, "pxe get");
		if (r == GO_ON)
			r = run_command(b, "pxe boot");
	}
	b->echo = true;
	while (r == GO_ON) {
		_cleanup_strbuf_ struct strbuf line = STRBUF_INIT;

		r = board_put(b, prompt, strlen(prompt));
		if (r == GO_ON)
			r = board_read_line(b, &line);
		const char *text = strbuf_str(&line) + strspn(strbuf_str(&line), " ");
		if (r == GO_ON && strchr(text, '\3'))
			r = board_say(b, "<INTERRUPT>\n");
		else if (r == GO_ON && *text)
			r = run_command(b, text);
	}
	b->echo = false;
	strbuf_reset(&b->typed);
	return r == STARTED ? GO_ON : r;
}
