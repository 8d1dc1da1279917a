// SPDX-License-Identifier: GPL-2.0-or-later
/* What U-Boot, and the firmware before it, says when something fails, who has to act
 * then, and what it means in plain words. Data; pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum loader_blame {
	LOADER_NETWORK, /* cable, switch, DHCP, ARP */
	LOADER_SERVER,  /* the TFTP server answers wrong, or not at all */
	LOADER_FILE,    /* a file that the job gave */
	LOADER_BOARD,   /* the board, its media, its U-Boot or its board file */
};

/* What comes after a fault. */
enum loader_then {
	LOADER_MAY_PASS, /* U-Boot tries again or asks for another name: a success after
			    it takes it back */
	LOADER_STAYS,    /* nothing takes it back */
	LOADER_CRASHES,  /* a dump, then a reset or nothing */
	LOADER_HANGS,    /* nothing; why was said before */
};

struct loader_fault {
	const char *text; /* part of a line */
	enum loader_blame blame;
	enum loader_then then;
	const char *means;
	const char *source; /* file in U-Boot */
};

/* A dump of registers, or the reset that follows it, takes no longer. */
enum { LOADER_LAST_WORDS_MS = 3000 };

/* Nothing but those comes after it in this boot. */
static inline bool loader_fault_is_end(const struct loader_fault *fault)
{
	return fault->then == LOADER_CRASHES || fault->then == LOADER_HANGS;
}

/* Newer ones say this, and start the kernel all the same. */
#define LOADER_FDTDIR_SKIPPED "Skipping fdtdir "

/* The first of the table that stands in the text; NULL = no complaint known here. */
const struct loader_fault *loader_fault_find(const char *text, size_t len);
/* All of them, for tests and patterns. */
extern const struct loader_fault loader_faults[];
extern const size_t n_loader_faults;

const char *loader_blame_to_str(enum loader_blame b); /* "network" "server" "file" "board"
						       */
/* "the lab's network", "the lab's TFTP server", "the job's file", "the board" */
const char *loader_blame_in_words(enum loader_blame b);
