// SPDX-License-Identifier: GPL-2.0-or-later
/* The scripted board: what its parts (script interpreter, U-Boot, shell) share. Every
 * function that waits returns GONE when power or reset ended this boot meanwhile. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "fakeboard/script.h"
#include "fakeboard/wire.h"
#include "util/clock.h"
#include "util/strbuf.h"

enum { GO_ON = 0, GONE = -1 };

struct board {
	struct wire wire;
	struct script script;
	const char *dir, *self, *tftp_root; /* borrowed; tftp_root may be NULL */
	int ctl_fd;
	bool is_on, is_gone, is_deaf, echo;
	int64_t byte_us;
	uint64_t lose_every, n_input; /* typed bytes; 0 = none is lost */
	uint32_t n_on, n_off, n_reset, n_boots;
	struct strbuf typed; /* not yet taken by expect, key, uboot */
	json_t *vars;        /* name: text, for ${name} */
	json_t *boot_vars;   /* the same, set by the script or by setenv in this boot */
	int shell_fd;        /* inner pty master; -1 = no shell */
	int hook_fd;         /* client that waits for its hook to end; -1 = none */
	const struct stmt *hook; /* borrowed from the script */
};

/* Text with ${name} replaced; the caller owns it. */
char *board_expand(const struct board *b, const char *text);
const char *board_get(const struct board *b, const char *name);
void board_set(struct board *b, const char *name, const char *value);

/* One client of the control socket: power, reset, a question. */
void board_serve_client(struct board *b);
/* Power or reset ended this boot: what waits learns it. */
void board_end_boot(struct board *b);
static inline int board_check_gone(const struct board *b)
{
	return b->is_gone ? GONE : GO_ON;
}

MUST_CHECK int board_put(struct board *b, const void *data, size_t len);
MUST_CHECK PRINTF(2, 3) int board_say(struct board *b, const char *fmt, ...);
MUST_CHECK int board_put_crlf(struct board *b, const char *text, size_t len);
/* Let the world happen until the deadline or until something was typed. */
MUST_CHECK int board_pump(struct board *b, struct deadline d);
MUST_CHECK int board_wait(struct board *b, struct deadline d);
/* The next typed line without its end; a Ctrl-C (\3) ends it too and stays in it. */
MUST_CHECK int board_read_line(struct board *b, struct strbuf *line);
MUST_CHECK int board_run_block(struct board *b, const struct stmt *block);

/* Countdown, prompt, commands, until one of them starts a kernel: ${cmdline}, ${label},
 * ${kernel_file} tell which. */
MUST_CHECK int uboot_run(struct board *b, const char *prompt, int64_t autoboot_ms);
/* n bytes of a kernel's log at rate bytes a second, as a USB adapter hands them on; what
 * became of it stands in log.jsonl. */
MUST_CHECK int uart_run(struct board *b, uint64_t rate, uint64_t n);
/* Before the first shell: the file that it reads, in the board's directory. */
MUST_CHECK int shell_prepare(int dirfd);
/* Until it ends. noise, where not NULL, is printed right behind the first prompt. */
MUST_CHECK int shell_run(struct board *b, const char *ps1, const char *noise);
