// SPDX-License-Identifier: GPL-2.0-or-later
/* What a board file says about a board that failed: what to ask a wedged kernel, and the
 * ladder that brings the board back. Part of parse/board_spec.h. */
#pragma once

#include <stdbool.h>

#include "parse/job_spec.h"
#include "util/strvec.h"

/* In the order in which they make sense: the gentlest first. */
#define BOARD_RUNGS(X)                                                                   \
	X(SOFT_REBOOT, "soft-reboot") /* `reboot` typed at a living shell */             \
	X(SYSRQ_B, "sysrq-b")         /* the kernel restarts at once */                  \
	X(WARM_RESET, "warm-reset")   /* reset line: RAM keeps its content */            \
	X(POWER_CYCLE, "power-cycle") /* off, discharge, on */                           \
	X(LABEL, "label")             /* power cycle into a known-good set over TFTP */  \
	X(MEDIA, "media")             /* power cycle into USB, SD or NVMe */             \
	X(MASKROM, "maskrom")         /* loader by USB into the boot ROM */

enum board_rung_kind {
#define X(name, str) RUNG_##name,
	BOARD_RUNGS(X)
#undef X
};
const char *board_rung_kind_to_str(enum board_rung_kind k);
/* RAM, and ramoops in it, lives through such a start. */
static inline bool board_rung_is_warm(enum board_rung_kind k)
{
	return k <= RUNG_WARM_RESET;
}

/* Known-good files, staged for the rung and served by the board's TFTP server. */
struct board_label {
	struct job_file kernel, ramdisk, dtb; /* url NULL = none */
	char *kernel_args; /* the whole command line; NULL = boot.kernel_args */
};

struct board_flash_write {
	char *storage;   /* emmc, sd, spinor, spinand; what `rkdeveloptool cs` selects */
	uint32_t sector; /* where, in 512-byte sectors */
	char *file;      /* absolute */
	char *sha256;    /* hex; the file must be this one */
	struct spec_mark mark;
};

struct board_maskrom {
	char *tool;   /* rkdeveloptool; found in PATH */
	char *loader; /* absolute; given to `db`: it runs from RAM */
	char *usb;    /* the port's name below /sys/bus/usb/devices, "1-2.3" */
	bool flash;   /* writes are allowed */
	struct board_flash_write *writes;
	size_t n_writes;
};

struct board_rung {
	enum board_rung_kind kind;
	char *name;
	struct strvec commands; /* U-Boot commands that boot the known-good system; empty
				   = let it boot */
	struct board_label *label; /* boot this instead; NULL = none */
	char *mux; /* media: sequence of power: run while the board is off; NULL */
	struct board_maskrom *maskrom;
	struct strvec prompts; /* proof: one of these patterns; at least one */
	struct job_auto_login auto_login;
	struct strvec harvest; /* commands; output of each to artifacts/ */
	struct strvec files;   /* shell patterns of files to bring, with their checksum */
	int64_t off_ms;        /* power stays off at least this long; 0 = off_settle */
	int64_t timeout_ms;    /* 120 s */
	struct spec_mark mark;
};

/* How files get from the known-good system to this host, where it has a network. */
struct board_upload {
	char *host;    /* of this host, as the board sees it; NULL = by the console */
	uint32_t port; /* 0 = any */
	struct strvec network; /* commands that bring the board's network up */
	char *command;         /* {file} and {url} are replaced */
};

enum { BOARD_CAPTURE_KEYS = 8 };

/* SysRq by BREAK before a wedged board is touched. */
struct board_capture {
	char keys[BOARD_CAPTURE_KEYS + 1]; /* "wldmt"; "" = nothing is asked */
	bool given;
	int64_t timeout_ms; /* one answer: 10000 */
	int64_t quiet_ms;   /* … is over after this much silence: 3000 */
	uint32_t bytes;     /* one answer at most: 256 KiB, t 1 MiB */
};
