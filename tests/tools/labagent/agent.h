// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of labagent: what udev would do, the gpio lines, the UART's cable. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "util/strbuf.h"

enum {
	AGENT_MAX_LINES = 32,
	AGENT_CABLE_BYTES = 65536,
};

/* ---- cable.c: bytes between the harness and the device side of the USB adapter ---- */

struct cable {
	int wire_fd;           /* to the harness; -1: the guest has another UART */
	int tty_fd;            /* /dev/ttyGS0 while the adapter is plugged in, else -1 */
	bool has_reader;       /* somebody has the host side's node open */
	struct strbuf to_tty;  /* what the board said */
	struct strbuf to_wire; /* what was typed */
	uint64_t n_taken;      /* bytes from the wire */
	uint64_t n_lost;       /* bytes that the board said to an adapter nobody reads */
};

/* Open a terminal raw and non-blocking; -errno. */
int open_raw(const char *path);
/* The adapter was plugged in: nobody reads it yet. */
void cable_plug(struct cable *c);
/* What to poll for; cable_run() moves what can be moved, at any revents. */
short cable_wire_events(const struct cable *c);
short cable_tty_events(const struct cable *c);
void cable_run(struct cable *c);

/* ---- lines.c: levels of gpio-sim's lines ---- */

struct line {
	char name[64];
	int value_fd, pull_fd;
	char level; /* '0', '1', 0 before the first look */
};

struct lines {
	struct line all[AGENT_MAX_LINES];
	int n;
};

/* Each line of the file is `NAME DIRECTORY`; 0 or -errno. */
int lines_open(struct lines *l, const char *path);
/* Look at every level and tell(name, level) of each that changed. */
void lines_look(struct lines *l, void (*tell)(void *arg, const char *name, char level),
		void *arg);
/* Drive an input from outside; -ENOENT. */
int lines_pull(struct lines *l, const char *name, bool up);

/* ---- udev.c: groups of nodes and names by id, as udev's rules would make them ---- */

struct udev {
	int netlink_fd, inotify_fd;
	gid_t tty_gid, gpio_gid;
	int watch; /* on the adapter's node */
	bool has_reader;
	char adapter[32]; /* its name in /dev */
	bool is_new;      /* it came since the last look */
};

int udev_open(struct udev *u, gid_t tty_gid, gid_t gpio_gid); /* -errno */
/* Read what the kernel tells; sets is_new and has_reader. */
void udev_run(struct udev *u);
