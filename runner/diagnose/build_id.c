// SPDX-License-Identifier: GPL-2.0-or-later
/* The build id of an ELF file, by reading rather than by mapping: the file may change
 * under us. */
#include "diagnose/build_id.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <sys/stat.h>

#include "util/strbuf.h"

enum { MAX_ID = 64 };

char *build_id_of_fd(int fd)
{
	struct strbuf hex = STRBUF_INIT;
	const void *bytes;
	Elf *elf;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return NULL;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	ssize_t n = elf ? dwelf_elf_gnu_build_id(elf, &bytes) : 0;

	for (ssize_t i = 0; i < n && n <= MAX_ID; i++)
		strbuf_addf(&hex, "%02x", ((const unsigned char *)bytes)[i]);
	elf_end(elf);
	return hex.len ? strbuf_take(&hex) : NULL;
}

char *build_id_of_file(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return NULL;
	return build_id_of_fd(fd);
}
