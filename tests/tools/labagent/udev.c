// SPDX-License-Identifier: GPL-2.0-or-later
/* What udev does on a lab host, for the few nodes of this one: groups, modes, and a name
 * by id for the serial adapter. Also knows
 * whether somebody has the adapter open. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labagent/agent.h"
#include "util/io.h"
#include "util/mem.h"

#define BY_ID "/dev/serial/by-id"

static bool starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool is_adapter(const char *name)
{
	return starts(name, "ttyACM") || starts(name, "ttyUSB");
}

/* One word of sysfs, with udev's underscores for blanks; "" when it is not there. */
static char *attribute(const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	struct strbuf text = STRBUF_INIT;

	if (io_read_file_at(AT_FDCWD, path, 256, &text) < 0)
		strbuf_reset(&text);
	strbuf_addstr(&text, "");
	char *s = xstrdup(strbuf_str(&text));
	strbuf_release(&text);
	s[strcspn(s, "\n")] = '\0';
	for (char *p = s; *p; p++) {
		if (*p == ' ')
			*p = '_';
	}
	return s;
}

/* The USB device above a tty is the first directory upwards with a serial number. */
static char *by_id_path(const char *tty)
{
	char real[4096];
	_cleanup_free_ char *link = xasprintf("/sys/class/tty/%s/device", tty);

	if (!realpath(link, real))
		return NULL;
	for (char *slash; (slash = strrchr(real, '/')) && slash != real; *slash = '\0') {
		_cleanup_free_ char *serial = attribute(real, "serial");

		if (!*serial)
			continue;
		_cleanup_free_ char *maker = attribute(real, "manufacturer");
		_cleanup_free_ char *product = attribute(real, "product");

		return xasprintf(BY_ID "/usb-%s_%s_%s-if00", maker, product, serial);
	}
	return NULL;
}

static void link_by_id(const char *tty)
{
	_cleanup_free_ char *path = by_id_path(tty), *target = xasprintf("../../%s", tty);

	if (!path || io_mkdir_p(BY_ID) < 0)
		return;
	unlink(path);
	if (symlink(target, path) < 0)
		perror(path);
}

/* The device is gone from sysfs: the link is known by what it points to. */
static void unlink_by_id(const char *tty)
{
	_cleanup_free_ char *target = xasprintf("../../%s", tty);
	DIR *dir = opendir(BY_ID);

	for (struct dirent *e; dir && (e = readdir(dir));) {
		char text[64] = "";

		if (readlinkat(dirfd(dir), e->d_name, text, sizeof(text) - 1) > 0 &&
		    !strcmp(text, target))
			unlinkat(dirfd(dir), e->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

static void give(const char *path, gid_t gid)
{
	if (chown(path, 0, gid) < 0 || chmod(path, 0660) < 0)
		perror(path);
}

static void added(struct udev *u, const char *name)
{
	_cleanup_free_ char *path = xasprintf("/dev/%s", name);

	if (starts(name, "gpiochip"))
		give(path, u->gpio_gid);
	if (!is_adapter(name))
		return;
	u->has_reader = false;
	if (u->watch >= 0)
		inotify_rm_watch(u->inotify_fd, u->watch);
	u->watch = inotify_add_watch(u->inotify_fd, path, IN_OPEN | IN_CLOSE);
	give(path, u->tty_gid);
	link_by_id(name);
	snprintf(u->adapter, sizeof(u->adapter), "%s", name);
	u->is_new = true;
}

/* "add@/devices/…" and then NAME=value strings, each with its end. */
static void uevent(struct udev *u, const char *text, size_t len)
{
	const char *action = "", *name = "";

	for (const char *p = text; p < text + len; p += strlen(p) + 1) {
		if (starts(p, "ACTION="))
			action = p + strlen("ACTION=");
		if (starts(p, "DEVNAME="))
			name = p + strlen("DEVNAME=");
	}
	if (!strcmp(action, "add") && *name)
		added(u, name);
	if (!strcmp(action, "remove") && is_adapter(name))
		unlink_by_id(name);
}

static bool has_open(const char *pid, const char *node)
{
	_cleanup_free_ char *path = xasprintf("/proc/%s/fd", pid);
	DIR *dir = opendir(path);
	bool found = false;

	for (struct dirent *e; dir && !found && (e = readdir(dir));) {
		char target[64] = "";

		found = readlinkat(dirfd(dir), e->d_name, target, sizeof(target) - 1) >
				0 &&
			!strcmp(target, node);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* inotify only says when to look: it makes one event of two equal ones. */
static void look_for_readers(struct udev *u)
{
	_cleanup_free_ char *node = xasprintf("/dev/%s", u->adapter);
	char events[4096];
	DIR *dir = opendir("/proc");

	while (read(u->inotify_fd, events, sizeof(events)) > 0)
		;
	u->has_reader = false;
	for (struct dirent *e; dir && !u->has_reader && (e = readdir(dir));)
		u->has_reader = e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
				has_open(e->d_name, node);
	if (dir)
		closedir(dir);
}

void udev_run(struct udev *u)
{
	char buf[8192];
	ssize_t n;

	while ((n = recv(u->netlink_fd, buf, sizeof(buf) - 1, MSG_DONTWAIT)) > 0) {
		buf[n] = '\0';
		uevent(u, buf, (size_t)n);
	}
	look_for_readers(u);
}

/* What was there before we listened. */
static void coldplug(struct udev *u)
{
	DIR *dir = opendir("/dev");

	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (is_adapter(e->d_name) || starts(e->d_name, "gpiochip"))
			added(u, e->d_name);
	}
	if (dir)
		closedir(dir);
}

int udev_open(struct udev *u, gid_t tty_gid, gid_t gpio_gid)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK, .nl_groups = 1 };

	u->tty_gid = tty_gid;
	u->gpio_gid = gpio_gid;
	u->watch = -1;
	u->netlink_fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	u->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (u->netlink_fd < 0 || u->inotify_fd < 0 ||
	    bind(u->netlink_fd, (void *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	coldplug(u);
	return 0;
}
