// SPDX-License-Identifier: GPL-2.0-or-later
/* A board file as a checked struct: how to reach, power, boot and recover one board.
 * Loading touches no hardware. Strings are owned by the board. docs/board-file.md is the
 * user's side of this. */
#pragma once

#include <stdbool.h>

#include "parse/board_power.h"
#include "parse/board_recovery.h"
#include "parse/job_spec.h"
#include "parse/stage.h"
#include "util/err.h"
#include "util/strvec.h"

enum board_transport {
	BOARD_CONSOLE_SERIAL,  /* device: path of a UART of this host, or a link to it */
	BOARD_CONSOLE_PTY,     /* device: path of a pty slave or any other terminal */
	BOARD_CONSOLE_UNIX,    /* device: path of a unix stream socket */
	BOARD_CONSOLE_TCP,     /* device: HOST:PORT, raw */
	BOARD_CONSOLE_TELNET,  /* device: HOST:PORT */
	BOARD_CONSOLE_RFC2217, /* device: HOST:PORT; we set the port's rate */
	BOARD_CONSOLE_QEMU, /* the serial port of the machine that power.backend qemu runs
			     */
};
const char *board_transport_to_str(enum board_transport t);

struct board_console {
	enum board_transport transport;
	char *device;
	uint32_t baud; /* of a tty; 0 = as it is; serial and rfc2217 always have one.
			  Other sockets have their speed from their server */
	uint32_t type_delay_us; /* between typed bytes; 0 = none */
	bool echo_check;     /* typed lines must come back; U-Boot only. Default true */
	char *break_command; /* shell line that sends a BREAK where the stream cannot;
				NULL = none */
	bool hold_tx_low;    /* BREAK while the board is off. Default true with serial */
};

enum board_boot_method {
	BOARD_BOOT_PXE,      /* pxe get, pxe boot: pxelinux.cfg/01-mac */
	BOARD_BOOT_SYSBOOT,  /* an extlinux file on the board's own media; nothing is
				staged */
	BOARD_BOOT_BOOTFLOW, /* U-Boot's standard boot */
	BOARD_BOOT_SCRIPT,   /* a boot script (mkimage's format) in the TFTP root */
};

struct board_boot {
	enum board_boot_method method;
	char *loader_prompt;         /* plain text, "=> " */
	char *loader_prompt_pattern; /* PCRE2, instead of it; NULL = none */
	char *interrupt_prompt;      /* "Hit any key to stop autoboot" */
	char *interrupt_char; /* what is typed then, without a line end: " ", "\3", or a
				 whole stop string */
	int64_t interrupt_delay_ms; /* between the prompt of the countdown and the keys */
	bool interrupt_early; /* no countdown: type the keys from the first byte on */
	uint32_t line_max;    /* bytes of a line that U-Boot takes (CONFIG_SYS_CBSIZE less
				 2): 510; 0 = not checked */
	int64_t line_delay_ms; /* between a prompt and the next line */
	char *script; /* method script: path below root and subdir: "boot.scr.uimg" */
	bool has_media;
	struct strvec media_commands;     /* method sysboot: pci enum, nvme scan … */
	char *media_device, *media_path;  /* "nvme 0:1", "/extlinux/extlinux.conf" */
	struct strvec provenance_modules; /* whose build ids are read after the login */
	char *mac; /* "52:54:00:12:34:56", lower case; names pxelinux.cfg/01-… */
	struct strvec
		setup; /* U-Boot commands before the network: setenv autoload no … */
	struct strvec network; /* default: dhcp; a fixed address is made of setenv */
	bool network_is_fixed, network_has_server;
	struct spec_mark network_mark;
	struct strvec boot_commands; /* default: setenv pxe_label_override {label}, pxe
					get, pxe boot; {label} is replaced */
	char *kernel_args;           /* console=… root=…: start of every APPEND */
	char *tftp_root;   /* directory that the board's TFTP server serves; resolved */
	char *tftp_subdir; /* below the root, relative to it, "" = the root itself */
	char *tftp_url; /* how this host fetches from that server ("tftp://192.168.5.1/",
			   ends with a slash); NULL with … */
	bool tftp_verify_local; /* … verify: local = a loopback atftpd on the same root */
	char *server_ip;        /* for {SERVER_IP}; NULL = none */
	char *kernel_addr, *ramdisk_addr,
		*dtb_addr; /* for {KERNEL_ADDR} … in literal commands; NULL */
	struct strvec kernel_defaults; /* first words of every APPEND; a later word of the
					  same name takes its place (boot/append.h) */
	bool verify_ram;               /* U-Boot sums what it loaded before it boots */
	bool never_stop; /* U-Boot cannot be stopped: power on and let it boot
			    pxelinux.cfg/01-mac */
};

struct board_limits {
	int64_t console_gap_ms;            /* 3000 */
	int64_t silence_ms;                /* default for jobs: 60000 */
	int64_t silence_stage_ms[STAGE_N]; /* of one stage; 0 = silence_ms, or the
					      job's; before a kernel firmware_ms */
	int64_t firmware_ms;      /* power on to the boot loader prompt or its first word:
				     30000 */
	uint64_t console_bytes;   /* stop the job beyond this much console.raw: 1 GiB */
	int64_t power_command_ms; /* one power command: 30000 */
	int64_t recovery_ms;      /* whole ladder: 600000 */
};

struct board_user_command {      /* LAVA user_commands, for the job action `command:` */
	char *name, *run, *undo; /* shell lines; undo NULL = none */
};

struct board_spec {
	char *path;
	char *board; /* name */
	char *device_type;
	struct board_console console;
	struct board_power power;
	struct board_boot boot;
	bool has_boot; /* boot: was given; without it only `method: minimal` works */
	struct board_rung *recovery;
	size_t n_recovery;
	struct strvec repair; /* commands typed in the known-good system */
	struct board_upload upload;
	struct board_capture capture;
	struct board_limits limits;
	struct board_user_command *user_commands;
	size_t n_user_commands;
	struct strvec tags;
	char *text;
	size_t text_len;
	struct spec_mark power_mark, console_mark, boot_mark;
};

#define _cleanup_board_spec_ _cleanup_(cleanup_board_spec)
static inline void cleanup_board_spec(struct board_spec **b);

/* Relative paths in the file are resolved against its directory. Errors as job_spec_load.
 */
MUST_CHECK int board_spec_load(const char *path, struct board_spec **out,
			       struct spec_messages *msgs, struct err *err);
MUST_CHECK int board_spec_parse(const char *path, const char *text, size_t len,
				struct board_spec **out, struct spec_messages *msgs,
				struct err *err);
void board_spec_free(struct board_spec *board);

/* Can this board do what that job asks (device_type, boot methods, TFTP, user commands)?
 * -EINVAL with messages at the job's lines. */
MUST_CHECK int board_spec_fits(const struct board_spec *board, const struct job_spec *job,
			       struct spec_messages *msgs, struct err *err);

static inline void cleanup_board_spec(struct board_spec **b)
{
	board_spec_free(*b);
}
