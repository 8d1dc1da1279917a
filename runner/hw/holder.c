// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/locks and /proc/PID/fd, read as far as we may. */
#include "hw/holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "util/io.h"
#include "util/num.h"

static void name_process(uint64_t pid, char *name, size_t size)
{
	_cleanup_strbuf_ struct strbuf comm = STRBUF_INIT;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%llu/comm", (unsigned long long)pid);
	if (io_read_file_at(AT_FDCWD, path, 256, &comm) || !comm.len)
		strbuf_addf(&comm, "a process");
	snprintf(name, size, "%.*s (pid %llu)", (int)strcspn(strbuf_str(&comm), "\n"),
		 strbuf_str(&comm), (unsigned long long)pid);
}

/* "1: FLOCK  ADVISORY  WRITE 1234 00:05:67 0 EOF": the device of the file system in hex,
 * the inode in decimal. */
static bool is_lock_of(const char *line, const struct stat *st, uint64_t *pid)
{
	unsigned int major_hex, minor_hex;
	unsigned long long inode;
	long long owner;

	if (sscanf(line, "%*[^:]: FLOCK %*s %*s %lld %x:%x:%llu", &owner, &major_hex,
		   &minor_hex, &inode) != 4)
		return false;
	*pid = (uint64_t)owner;
	return owner > 0 && inode == st->st_ino && major_hex == major(st->st_dev) &&
	       minor_hex == minor(st->st_dev);
}

bool holder_of_lock(int fd, char *name, size_t size)
{
	FILE *f = fopen("/proc/locks", "re");
	char line[256];
	struct stat st;
	uint64_t pid;
	bool found = false;

	if (!f)
		return false;
	while (!found && fstat(fd, &st) == 0 && fgets(line, sizeof(line), f))
		found = is_lock_of(line, &st, &pid);
	fclose(f);
	if (found)
		name_process(pid, name, size);
	return found;
}

static bool has_open(const char *pid, const char *path)
{
	char link[300], target[512];
	struct dirent *e;
	bool found = false;

	snprintf(link, sizeof(link), "/proc/%s/fd", pid);
	DIR *d = opendir(link);
	if (!d)
		return false;
	while (!found && (e = readdir(d))) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof(target));

		found = n > 0 && (size_t)n == strlen(path) &&
			memcmp(target, path, (size_t)n) == 0;
	}
	closedir(d);
	return found;
}

bool holder_of_file(const char *path, char *name, size_t size)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	bool found = false;
	uint64_t pid;

	while (d && !found && (e = readdir(d)))
		if (!parse_u64n(e->d_name, strlen(e->d_name), 10, INT32_MAX, &pid) &&
		    pid != (uint64_t)getpid() && has_open(e->d_name, path)) {
			name_process(pid, name, size);
			found = true;
		}
	if (d)
		closedir(d);
	return found;
}
