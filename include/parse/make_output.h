// SPDX-License-Identifier: GPL-2.0-or-later
/* What make says while it builds a kernel: objects that are being made, and the line that
 * says why it failed. And the dependencies that Kbuild keeps of an object. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum make_line {
	MAKE_LINE_OTHER,
	MAKE_LINE_OBJECT, /* "  CC      init/main.o": compiled now */
	MAKE_LINE_ERROR,  /* of a compiler, assembler, linker, modpost, dtc or make */
	MAKE_LINE_LAB,    /* of any of them, and it is the machine's: disk, memory */
	MAKE_LINE_FAILED, /* "make[2]: *** [x] Error 1": something did */
};

struct make_said {
	enum make_line kind;
	const char *text; /* OBJECT: its path; else the line; borrowed */
	size_t len;
};

/* One line, without its line feed. */
struct make_said make_output_line(const char *line, size_t len);

/* Calls fn for each file that the text of a `.x.o.cmd` names as a prerequisite, until it
 * returns false. The name is borrowed for the call and ends with NUL. */
void make_dependencies(const char *text, size_t len,
		       bool (*fn)(void *arg, const char *path), void *arg);
