// SPDX-License-Identifier: GPL-2.0-or-later
/* Kbuild's short log (scripts/Kbuild.include: cmd, `quiet_cmd_*`), the messages of gcc,
 * clang, as, ld, modpost and dtc, and what scripts/basic/fixdep.c writes. */
#include "parse/make_output.h"

#include "util/compiler.h"

enum { PATH_BYTES = 4096 };

static bool has(const char *line, size_t len, const char *word)
{
	return memmem(line, len, word, strlen(word)) != NULL;
}

static bool starts(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && memcmp(line, word, n) == 0;
}

static bool has_any(const char *line, size_t len, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (has(line, len, words[i]))
			return true;
	return false;
}

static bool ends(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && memcmp(line + len - n, word, n) == 0;
}

/* At the end, where strerror(3) stands: gcc shows lines of the source, too, and these
 * have such words in their messages. The OOM killer is told by gcc, dash and bash. */
static bool is_lab(const char *line, size_t len)
{
	static const char *const reasons[] = {
		": No space left on device", ": Disk quota exceeded",
		": Read-only file system",   ": Input/output error",
		": Cannot allocate memory",  ": memory exhausted",
	};
	static const char *const killed[] = { "fatal error: Killed signal terminated",
					      "cc1: out of memory allocating",
					      " Killed          " };

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (ends(line, len, reasons[i]))
			return true;
	return has_any(line, len, killed, ARRAY_SIZE(killed)) ||
	       (len == 6 && ends(line, len, "Killed"));
}

static bool is_error(const char *line, size_t len)
{
	static const char *const words[] = {
		": error:",
		": fatal error:",
		": Error: ",
		"undefined reference",
		": error, ",
		"multiple definition of",
		"No rule to make target",
		"internal compiler error",
		"relocation truncated",
		"cannot find ",
		"*** Compiler lacks",
		": syntax error",
		": not found",
		"Segmentation fault",
	};

	if (starts(line, len, "ERROR: ") || starts(line, len, "Error: ") ||
	    starts(line, len, "FATAL ERROR"))
		return true;
	return has_any(line, len, words, ARRAY_SIZE(words));
}

/* "  CC [M]  drivers/x.o": the words in front of the path are capitals. */
static bool is_object(const char *line, size_t len, struct make_said *out)
{
	static const char *const does[] = { "  CC ", "  AS ", "  RUSTC " };
	size_t n = 0;

	while (n < ARRAY_SIZE(does) && !starts(line, len, does[n]))
		n++;
	if (n == ARRAY_SIZE(does) || len < 4 || memcmp(line + len - 2, ".o", 2) != 0)
		return false;
	const char *blank = memrchr(line, ' ', len);
	out->text = blank + 1;
	out->len = (size_t)(line + len - out->text);
	/* The symbol table, put together anew each time. */
	return !starts(out->text, out->len, ".tmp_vmlinux");
}

struct make_said make_output_line(const char *line, size_t len)
{
	struct make_said out = { .kind = MAKE_LINE_OTHER, .text = line, .len = len };

	if (is_object(line, len, &out))
		out.kind = MAKE_LINE_OBJECT;
	else if (is_lab(line, len))
		out.kind = MAKE_LINE_LAB;
	else if (starts(line, len, "make") && has(line, len, ": *** ") &&
		 !has(line, len, "No rule to make target"))
		out.kind = MAKE_LINE_FAILED;
	else if (is_error(line, len))
		out.kind = MAKE_LINE_ERROR;
	return out;
}

/* One word of a list that ends at a line feed or ")". */
static bool give(const char *from, size_t n, bool (*fn)(void *arg, const char *path),
		 void *arg)
{
	static const char wildcard[] = "$(wildcard";
	char path[PATH_BYTES];

	if (!n || n >= sizeof(path) || starts(from, n, wildcard) || memchr(from, '\0', n))
		return true;
	memcpy(path, from, n);
	path[n] = '\0';
	return fn(arg, path);
}

/* fixdep writes "source_x.o := x.c", then "deps_x.o := \", then "  path \" and
 * "  $(wildcard include/config/X) \" and an empty line. */
void make_dependencies(const char *text, size_t len,
		       bool (*fn)(void *arg, const char *path), void *arg)
{
	const char *end = text + len;
	const char *at = memmem(text, len, "\nsource_", 8);
	const char *is = at ? memmem(at, (size_t)(end - at), " := ", 4) : NULL;
	const char *nl = is ? memchr(is, '\n', (size_t)(end - is)) : NULL;

	if (nl && !give(is + 4, (size_t)(nl - is) - 4, fn, arg))
		return;
	at = memmem(text, len, "\ndeps_", 6);
	at = at ? memchr(at + 1, '\n', (size_t)(end - at - 1)) : NULL;
	at = at ? at + 1 : NULL;
	for (; at && at < end; at = nl ? nl + 1 : end) {
		nl = memchr(at, '\n', (size_t)(end - at));
		const char *line_end = nl ? nl : end;

		while (at < line_end && *at == ' ')
			at++;
		if (at == line_end)
			return;
		size_t n = 0;
		while (at + n < line_end && at[n] != ' ')
			n++;
		if (!give(at, n, fn, arg))
			return;
	}
}
