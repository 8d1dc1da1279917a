// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as an archive with a kernel in it, and as a ramdisk. */
#include <sys/mman.h>

#include "kernel/overlay.h"
#include "kernel/unpack.h"
#include "util/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct unpacked *un, int fd, uint64_t max_bytes)
{
	struct sha256_hex sha;
	uint64_t n = 0;

	if (un->size > max_bytes || lseek(fd, 0, SEEK_SET) != 0 ||
	    sha256_of_fd(fd, &sha, &n) || n != un->size ||
	    strcmp(sha.str, un->sha256.str) != 0)
		abort();
	if (un->member[0] == '/' || strncmp(un->member, "../", 3) == 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct task task = TASK_INIT;
	struct ramdisk_info info;
	struct err err = ERR_INIT;
	struct unpacked un;

	int in = memfd_create("in", MFD_CLOEXEC), out = memfd_create("out", MFD_CLOEXEC);
	if (in < 0 || out < 0 || io_write_all(in, data, size))
		abort();
	struct unpack u = { .fd = in,
			    .want = size % 2 ? UNPACK_KERNEL : UNPACK_ONLY,
			    .name = "fuzz",
			    .max_bytes = 1 << 20 };
	task.deadline = deadline_in_ms(3000);
	if (unpack_file(&u, out, &task, &un, &err) == 0)
		check(&un, out, u.max_bytes);
	else if (!err.msg[0] || err.class == ERR_BUG)
		abort();
	if (ramdisk_probe(in, "fuzz", NULL, &info, &err) == 0 &&
	    info.header_bytes + info.payload_bytes > size)
		abort();
	close(in);
	close(out);
	return 0;
}
