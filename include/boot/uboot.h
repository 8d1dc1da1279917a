// SPDX-License-Identifier: GPL-2.0-or-later
/* The dialogue with U-Boot: stop its autoboot, type commands one for each prompt with
 * their echo checked, and start the kernel. Reads top to bottom; every wait serves the
 * console. */
#pragma once

#include "console/console.h"
#include "parse/board_spec.h"
#include "parse/loader_fault.h"
#include "util/strbuf.h"

struct uboot {
	struct console *console;        /* borrowed */
	const struct board_spec *board; /* borrowed */
	/* What was done, for the journal: "type" with the text, "reached" with "autoboot"
	 * or "loader-prompt", "echo-wrong" with what came back instead of what was typed.
	 */
	void (*did)(void *arg, const char *what, const char *text);
	/* Asked at each complaint: will nothing good come of it, whatever U-Boot does
	 * next? Then the wait ends. NULL = never. */
	bool (*is_lost)(void *arg);
	void *arg;
	/* A command waits for its prompt: what a gap of the console swallowed since
	 * n_gaps is typed again. */
	bool minds_gaps;
	uint32_t n_gaps;
	const struct loader_fault *fault; /* what U-Boot said of the last failure; NULL =
					     nothing known */
};

/* All return 0, a code of console.h, or an error with err set. What U-Boot says of a
 * failed command becomes -EREMOTEIO with its own words in err->msg and what they mean
 * (ERR_LAB: the board did not do what it should). */

/* From power-on to the first prompt. -ETIMEDOUT when neither autoboot nor a prompt
 * showed. Firmware that starts again by itself is waited for; one that crashes and then
 * is silent is -EREMOTEIO at once. */
MUST_CHECK int uboot_stop_autoboot(struct uboot *u, struct deadline d, struct err *err);
/* One command that comes back to the prompt. ERR_JOB (-E2BIG), before a byte is typed,
 * when it is longer than U-Boot takes. */
MUST_CHECK int uboot_command(struct uboot *u, const char *command, struct deadline d,
			     struct err *err);
/* The last command: the kernel starts (start_message, a pattern; NULL = "Starting
 * kernel") or the prompt comes back (-EREMOTEIO: nothing booted). */
MUST_CHECK int uboot_boot(struct uboot *u, const char *command, const char *start_message,
			  struct deadline d, struct err *err);
/* A fresh prompt after bytes that may wait in the UART since before a reset. */
MUST_CHECK int uboot_fresh_prompt(struct uboot *u, struct deadline d, struct err *err);
enum { UBOOT_CRC_SIZE = 9 };
/* `crc32 ADDRESS SIZE`: eight hex digits into crc, and a fresh prompt. size_bytes bounds
 * the time. -EOPNOTSUPP (ERR_LAB): this U-Boot gives none. */
MUST_CHECK int uboot_crc32(struct uboot *u, const char *command, uint64_t size_bytes,
			   struct deadline d, char crc[UBOOT_CRC_SIZE], struct err *err);
/* Of a directory with device trees (FDTDIR), the name that U-Boot will ask for; "" when
 * it does not say. Then a fresh prompt. */
#define UBOOT_FDTFILE_COMMAND "echo bootrig-dtb ${fdtfile}:${soc}:${board}:"
enum { UBOOT_FDTFILE_SIZE = 330 };
MUST_CHECK int uboot_fdtfile(struct uboot *u, struct deadline d,
			     char name[UBOOT_FDTFILE_SIZE], struct err *err);
/* The name out of what that command prints: "bootrig-dtb FDTFILE:SOC:BOARD:". Pure. */
void uboot_fdtfile_name(const char *answer, char name[UBOOT_FDTFILE_SIZE]);
/* What a wait heard meanwhile. */
struct uboot_ear {
	const struct loader_fault *fault; /* the one that still counts; NULL = none */
	char text[256];                   /* its own words */
	bool is_final;                    /* no success takes it back */
	uint32_t n_timeouts;              /* of the network, one after the other */
	/* It crashed or gave up: until then it may still say why, or start again. */
	bool is_over;
	struct deadline over;
};

/* A loader that nobody talks to: until start_message, or its prompt (-EREMOTEIO: nothing
 * booted). *ear keeps what was heard from one call to the next. */
MUST_CHECK int uboot_watch(struct uboot *u, const char *start_message,
			   struct uboot_ear *ear, struct deadline d, struct err *err);
/* -EREMOTEIO with "<intro>: <its words> (<who>: <what they mean>)". */
PRINTF(4, 5)
int uboot_failed(struct uboot *u, const struct uboot_ear *ear, struct err *err,
		 const char *fmt, ...);
