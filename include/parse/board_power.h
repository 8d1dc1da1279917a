// SPDX-License-Identifier: GPL-2.0-or-later
/* What a board file says about power: the back end, relay lines with their rules, and
 * named sequences (on, off, reset, maskrom, and whatever else the lab needs). Part of
 * parse/board_spec.h. */
#pragma once

#include <stdbool.h>

#include "parse/yaml.h"
#include "util/strvec.h"

enum board_power_backend {
	BOARD_POWER_NONE,
	BOARD_POWER_COMMAND,
	BOARD_POWER_QEMU,
	BOARD_POWER_GPIO
};
const char *board_power_backend_to_str(enum board_power_backend b);

enum {
	BOARD_MAX_LINES = 16,
	BOARD_MAX_SEQUENCES = 32,
	BOARD_MAX_STEPS = 64,
	BOARD_MAX_STEP_MS = 600000, /* of one wait, expect or press */
};

enum board_line_type {
	BOARD_LINE_LEVEL,     /* stays as it was set */
	BOARD_LINE_MOMENTARY, /* pressed; opens by itself after max_press_ms */
	BOARD_LINE_INPUT,     /* read only */
};
const char *board_line_type_to_str(enum board_line_type t);

/* Found by its own name, on one chip or on any; or by chip and number. */
struct board_line {
	char *name;      /* what this file calls it */
	char *chip;      /* label of the chip; NULL = any, or path says */
	char *path;      /* /dev/gpiochip0; NULL = by label, or any */
	char *line;      /* the line's name in the kernel; NULL = by offset */
	uint32_t offset; /* where line is NULL */
	enum board_line_type type;
	bool active_low;
	int64_t max_press_ms;    /* momentary; default 2000 */
	struct strvec only_with; /* closes only in a sequence that drives one of these */
	struct spec_mark mark;
};

enum board_step_kind {
	BOARD_STEP_SET,
	BOARD_STEP_CLEAR,
	BOARD_STEP_PRESS,
	BOARD_STEP_WAIT,
	BOARD_STEP_EXPECT,       /* a pattern on the console */
	BOARD_STEP_EXPECT_POWER, /* what the sense line says */
};

enum board_unless { BOARD_ALWAYS, BOARD_UNLESS_OFF, BOARD_UNLESS_ON };

struct board_step {
	enum board_step_kind kind;
	size_t line;   /* set, clear, press: index into lines */
	int64_t ms;    /* press, wait: how long; expect, expect_power: at most */
	char *pattern; /* expect */
	bool want_on;  /* expect_power */
	enum board_unless unless; /* set, clear, press: left out when sense says so */
};

struct board_sequence {
	char *name;
	char *shell; /* backend command: run by /bin/sh -c; else NULL */
	struct board_step *steps;
	size_t n_steps;
	struct spec_mark mark;
};

struct board_power {
	enum board_power_backend backend;
	struct board_sequence *sequences; /* command, gpio */
	size_t n_sequences;
	bool keep_on_worker_death;           /* on_worker_death: keep; default off */
	int64_t on_settle_ms, off_settle_ms; /* wait after switching; discharge time.
						Defaults 0 and 0 */
	/* gpio */
	struct board_line *lines;
	size_t n_lines;
	bool has_sense;
	size_t sense_line;  /* index into lines */
	bool sense_powered; /* what it reads while the board has power */
	/* qemu */
	char *qemu_binary;       /* qemu-system-aarch64 */
	struct strvec qemu_args; /* literal argv; the loader replaced {board_dir}, the
				    backend replaces {tftp_root} and {run_dir} */
};

/* NULL when the file has no such sequence. */
const struct board_sequence *board_power_sequence(const struct board_power *p,
						  const char *name);
/* Can the backend do that at all: on, off and reset of any that switches, else a sequence
 * of that name. */
bool board_power_has(const struct board_power *p, const char *name);
/* lines[] index, or -1. */
int board_power_line(const struct board_power *p, const char *name);
/* Does the sequence set, clear or press that line? */
bool board_sequence_drives(const struct board_sequence *s, size_t line);
