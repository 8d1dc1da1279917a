// SPDX-License-Identifier: GPL-2.0-or-later
/* Device files: who may use them, which rules gave them away, and whether a tty took the
 * rate that it was told. */
#include <asm/termbits.h> /* struct termios2; excludes <termios.h> */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "hw/stream.h"
#include "session/doctor_int.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"

enum { OPEN_MS = 5000, RATE_PERCENT = 3, STATUS_MAX = 1 << 16 };

#define RULES "60-bootrig.rules"

static char *user_name(void)
{
	const struct passwd *pw = getpwuid(geteuid());

	return pw ? xstrdup(pw->pw_name) : xasprintf("%u", (unsigned)geteuid());
}

static char *group_of(const char *path)
{
	struct stat st;
	const struct group *gr = NULL;

	if (stat(path, &st) == 0)
		gr = getgrgid(st.st_gid);
	return xstrdup(gr ? gr->gr_name : "?");
}

/* All that match must be open to us; by_rules is the group that our udev rules give them
 * to. A host without any has nothing to say about. */
static void may_use(struct doctor *d, const char *name, const char *const patterns[],
		    const char *by_rules, bool is_needed, const char *none)
{
	_cleanup_free_ char *user = user_name();
	struct strbuf good = STRBUF_INIT, bad = STRBUF_INIT, fix = STRBUF_INIT;
	glob_t g = { .gl_pathc = 0 };

	for (size_t i = 0; patterns[i]; i++)
		(void)!glob(patterns[i], i ? GLOB_APPEND : 0, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		const char *path = g.gl_pathv[i];
		bool ok = faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0;
		_cleanup_free_ char *group = group_of(path);

		strbuf_addf(ok ? &good : &bad, " %s", path);
		if (!ok && !fix.len)
			strbuf_addf(&fix,
				    "install packaging/udev/" RULES
				    ", then usermod -aG %s %s and log in again",
				    strcmp(group, "root") == 0 ? by_rules : group, user);
	}
	if (bad.len && is_needed)
		doctor_fail(d, name, strbuf_str(&fix), "%s may not use%s", user,
			    strbuf_str(&bad));
	else if (bad.len)
		doctor_warn(d, name, strbuf_str(&fix), "%s may not use%s", user,
			    strbuf_str(&bad));
	else if (good.len)
		doctor_pass(d, name, "%s may use%s", user, strbuf_str(&good));
	else
		doctor_skip(d, name, "%s", none);
	globfree(&g);
	strbuf_release(&good);
	strbuf_release(&bad);
	strbuf_release(&fix);
}

static void udev_rules(struct doctor *d)
{
	static const char *const where[] = { "/etc/udev/rules.d", "/run/udev/rules.d",
					     "/usr/local/lib/udev/rules.d",
					     "/usr/lib/udev/rules.d",
					     "/lib/udev/rules.d" };

	for (size_t i = 0; i < ARRAY_SIZE(where); i++) {
		_cleanup_free_ char *path = xasprintf("%s/" RULES, where[i]);

		if (access(path, F_OK) == 0) {
			doctor_pass(d, "udev rules", "%s", path);
			return;
		}
	}
	if (access("/run/udev", F_OK))
		doctor_skip(d, "udev rules", "no udev runs here (a container?)");
	else
		doctor_warn(
			d, "udev rules",
			"cp packaging/udev/" RULES
			" /etc/udev/rules.d/ && udevadm control --reload && udevadm trigger",
			RULES " is not installed: relays, UARTs and maskrom need root");
}

static void add_groups(struct strbuf *out)
{
	int n = getgroups(0, NULL);
	_cleanup_free_ gid_t *groups =
		xcalloc((size_t)(n > 0 ? n : 0) + 1, sizeof(*groups));

	n = getgroups(n, groups);

	for (int i = 0; i < n; i++) {
		const struct group *gr = getgrgid(groups[i]);

		if (gr)
			strbuf_addf(out, " %s", gr->gr_name);
	}
}

static uint64_t capabilities(void)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	const char *at;
	uint64_t caps = 0;

	if (io_read_file_at(AT_FDCWD, "/proc/self/status", STATUS_MAX, &sb))
		return 0;
	at = strstr(strbuf_str(&sb), "CapEff:\t");
	if (!at || parse_u64n(at + 8, 16, 16, UINT64_MAX, &caps))
		return 0;
	return caps;
}

/* Who we are decides what the devices below say. */
static void user(struct doctor *d)
{
	_cleanup_free_ char *name = user_name();
	_cleanup_strbuf_ struct strbuf groups = STRBUF_INIT;
	bool may_ask = capabilities() >> CAP_NET_BIND_SERVICE & 1;

	add_groups(&groups);
	doctor_pass(d, "user", "%s; groups:%s%s%s", name,
		    groups.len ? strbuf_str(&groups) : " none",
		    may_ask ? "" : "; may not ask a wire for its DHCP server",
		    geteuid() ? "" : "; nothing here needs root");
}

void doctor_devices(struct doctor *d)
{
	static const char *const chips[] = { "/dev/gpiochip*", NULL };
	static const char *const ttys[] = { "/dev/ttyUSB*", "/dev/ttyACM*", NULL };
	const struct board_spec *b = d->o->board;

	user(d);
	may_use(d, "GPIO chips", chips, "gpio", b && b->power.backend == BOARD_POWER_GPIO,
		"this host has none");
	may_use(d, "serial ports", ttys, "dialout", false,
		"no USB adapter is plugged in");
	udev_rules(d);
}

static bool is_tty_device(const struct board_console *c)
{
	struct stat st;

	if (c->transport == BOARD_CONSOLE_SERIAL)
		return true;
	return c->transport == BOARD_CONSOLE_PTY && stat(c->device, &st) == 0 &&
	       S_ISCHR(st.st_mode);
}

/* A driver that cannot do a rate takes the nearest, or 9600, without a word. */
static void compare_rate(struct doctor *d, int fd)
{
	static const char fix[] =
		"another adapter: FTDI and CP2102N can do 1500000, CH340 and an 8250 cannot";
	uint32_t want = d->o->board->console.baud;
	struct termios2 t;

	if (ioctl(fd, TCGETS2, &t)) {
		doctor_fail(d, "UART rate", fix, "%s: %s", d->o->board->console.device,
			    strerror(errno));
		return;
	}
	int64_t off = (int64_t)t.c_ospeed - want;
	if (want && (off < 0 ? -off : off) * 100 > (int64_t)want * RATE_PERCENT)
		doctor_fail(d, "UART rate", fix, "%u baud were asked for, %u are set",
			    want, t.c_ospeed);
	else if (!want)
		doctor_warn(d, "UART rate", "console.baud: 1500000 (RK3588)",
			    "%u baud, as somebody left it: the board file sets none",
			    t.c_ospeed);
	else
		doctor_pass(d, "UART rate", "%u baud, read back", t.c_ospeed);
}

void doctor_tty(struct doctor *d)
{
	const struct board_console *c = &d->o->board->console;
	struct err err = ERR_INIT;
	struct stream *stream;

	if (!is_tty_device(c)) {
		doctor_skip(d, "UART rate", "the console is no tty of this host");
		return;
	}
	if (access(c->device, F_OK)) {
		doctor_fail(
			d, "UART rate",
			"is the adapter plugged in? `ls /dev/serial/by-id` has its name",
			"%s: %s", c->device, strerror(errno));
		return;
	}
	if (faccessat(AT_FDCWD, c->device, R_OK | W_OK, AT_EACCESS)) {
		_cleanup_free_ char *group = group_of(c->device), *user = user_name();
		_cleanup_free_ char *fix = xasprintf(
			"usermod -aG %s %s and log in again; packaging/udev/" RULES
			" gives ttys to dialout",
			group, user);

		doctor_fail(d, "UART rate", fix, "%s: %s", c->device, strerror(errno));
		return;
	}
	if (stream_open(c, deadline_in_ms(OPEN_MS), &stream, &err)) {
		doctor_fail(d, "UART rate",
			    "is the cable plugged in, does another program hold it?",
			    "%s", err.msg);
		return;
	}
	compare_rate(d, stream_fd(stream));
	stream_close(stream);
}
