// SPDX-License-Identifier: GPL-2.0-or-later
/* Which program is talking: DDR training, SPL, TF-A, OP-TEE, U-Boot, the transfer, the
 * kernel, userspace. Pure: lines in, events out. Banners are matched without an
 * anchor at column 0, because the first bytes after power-on are often garbage
 * (docs/architecture.md names the sources of each text). */
#pragma once

#include "parse/line.h"

#define STAGES(X)                                                                        \
	X(OFF, "off")                                                                    \
	X(DDR, "ddr")                                                                    \
	X(SPL, "spl")                                                                    \
	X(BL2, "bl2")                                                                    \
	X(BL31, "bl31")                                                                  \
	X(OPTEE, "op-tee")                                                               \
	X(UBOOT, "u-boot")                                                               \
	X(TFTP, "tftp")                                                                  \
	X(STARTING, "starting-kernel")                                                   \
	X(KERNEL, "kernel")                                                              \
	X(USERSPACE, "userspace")

enum stage {
#define X(name, str) STAGE_##name,
	STAGES(X)
#undef X
		STAGE_N
};

const char *stage_to_str(enum stage s);

struct stage_event {
	enum stage stage, from;
	bool is_boot; /* a new boot begins with this banner (firmware, or U-Boot's or the
			 kernel's without it) */
	bool is_unexpected; /* ... while a kernel was running: a reset, unless it was
			       commanded */
	uint32_t boot;      /* number of the boot, from 1 */
	uint64_t offset;
	int64_t t_ns;
};

typedef void (*stage_fn)(void *arg, const struct stage_event *e);

struct stage_tracker {
	enum stage stage;
	uint32_t boot;
	bool kernel_seen; /* a kernel line or "Starting kernel" in this boot */
	bool commanded;   /* the next banner is our doing */
	bool is_off;      /* by command: what still speaks begins no boot */
	uint64_t last_transfer_bytes; /* U-Boot's "Bytes transferred = N" */
	uint32_t n_transfers;         /* such lines so far */
	/* Of that transfer, as U-Boot's "Filename 'F'." had it; "" = it named none. */
	char transfer_file[256];
	/* U-Boot's "N:\tNAME", which it prints before it tries a label; the last one. */
	char label[65];
	uint32_t n_labels; /* such lines so far */
	uint8_t rank;      /* how far the banners of this boot got; private */
	bool has_loader; /* firmware or a boot loader speaks on this console, so a kernel
			    banner without it is a dmesg, no boot; private */
};

void stage_init(struct stage_tracker *t);
void stage_feed(struct stage_tracker *t, const struct line *l, stage_fn fn, void *arg);
/* The same for text that is cleaned already and has lost its prefix; has_stamp: it stood
 * after a printk stamp. */
void stage_feed_text(struct stage_tracker *t, const char *text, size_t len,
		     bool has_stamp, uint64_t offset, int64_t t_ns, stage_fn fn,
		     void *arg);
/* We cut or applied power or pulled reset: the next banner is no surprise. Power off
 * gives STAGE_OFF. */
void stage_commanded(struct stage_tracker *t, bool is_off, int64_t t_ns);
/* The first login or shell prompt (the console's patterns know it): userspace. */
void stage_reached_userspace(struct stage_tracker *t, uint64_t offset, int64_t t_ns,
			     stage_fn fn, void *arg);
