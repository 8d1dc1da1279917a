// SPDX-License-Identifier: GPL-2.0-or-later
/* The whole of `bootrig oops` on any bytes: it reads them through a descriptor, and what
 * it prints is text without control characters, or JSON that a parser takes. */
#include <sys/mman.h>

#include "cmd/oops_command.h"
#include "util/jsonx.h"
#include "util/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int memory_file(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("log", MFD_CLOEXEC);
	if (fd < 0)
		BUG("no memfd");
	return fd;
}

static void fill(int fd, const uint8_t *data, size_t size)
{
	if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		BUG("cannot write %zu bytes", size);
}

static char *run(int fd, bool as_json, size_t *len)
{
	const struct oops_command_opts opts = { .as_json = as_json };
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out || lseek(fd, 0, SEEK_SET) != 0)
		BUG("no stream");
	if (oops_command(fd, out, &opts) < 0)
		BUG("cannot read");
	if (fclose(out) != 0)
		BUG("cannot write");
	return text;
}

static void check_json(const char *text, size_t len)
{
	json_error_t e;
	_cleanup_json_ json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	size_t i;
	json_t *incident;

	if (!o)
		BUG("line %d: %s in %.*s", e.line, e.text, (int)len, text);
	json_array_foreach(
		json_object_get(o, "incidents"), i,
		incident) if (!json_is_string(json_object_get(incident, "kind")) ||
			      !json_is_string(json_object_get(incident, "title")))
		BUG("incident %zu has no kind or title", i);
}

static void check_page(const char *text, size_t len)
{
	if (len == 0 || text[len - 1] != '\n')
		BUG("the page has no end");
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)text[i] < 0x20 && text[i] != '\n') || text[i] == 0x7f)
			BUG("byte 0x%02x in the page", text[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memory_file();
	size_t len;
	char *text;

	fill(fd, data, size);
	text = run(fd, true, &len);
	check_json(text, len);
	free(text);
	text = run(fd, false, &len);
	check_page(text, len);
	free(text);
	return 0;
}
