// SPDX-License-Identifier: GPL-2.0-or-later
/* This host: libraries, programs, clock, disk. */
#include <archive.h>
#include <capstone/capstone.h>
#include <curl/curl.h>
#include <elfutils/version.h>
#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <libserialport.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "hw/gpio_lib.h"
#include "session/doctor_int.h"
#include "util/io.h"
#include "util/mem.h"

enum { MIN_FREE_MIB = 512 };

/* What runs, not what the headers said. */
static void libraries(struct doctor *d)
{
	char pcre[64] = "";
	int major, minor;

	pcre2_config(PCRE2_CONFIG_VERSION, pcre);
	pcre[strcspn(pcre, " ")] = '\0';
	cs_version(&major, &minor);
	doctor_pass(
		d, "libraries",
		"libgpiod %s, libserialport %s, libcurl %s, jansson %s, %s, libfyaml %s, PCRE2 %s, %s, capstone %d.%d, "
		"elfutils %d",
		gpio_lib_version(), sp_get_package_version_string(),
		curl_version_info(CURLVERSION_NOW)->version, jansson_version_str(),
		archive_version_string(), fy_library_version(), pcre,
		OpenSSL_version(OPENSSL_VERSION), major, minor, _ELFUTILS_VERSION);
}

char *doctor_find_program(const char *name)
{
	const char *env = getenv("PATH");
	_cleanup_free_ char *path =
		xasprintf("%s:/usr/local/sbin:/usr/sbin:/sbin", env ? env : "/usr/bin");

	if (strchr(name, '/'))
		return access(name, X_OK) ? NULL : xstrdup(name);
	for (char *dir = path, *next; dir; dir = next) {
		next = strchr(dir, ':');
		if (next)
			*next++ = '\0';
		char *full = xasprintf("%s/%s", dir[0] ? dir : ".", name);
		if (access(full, X_OK) == 0)
			return full;
		free(full);
	}
	return NULL;
}

/* Does this board need it? Without a board nothing is needed yet. */
static bool is_needed(const struct board_spec *b, const char *program)
{
	if (!b)
		return false;
	if (strcmp(program, "atftpd") == 0)
		return b->has_boot && b->boot.tftp_verify_local;
	if (strcmp(program, "rkdeveloptool") == 0)
		return doctor_maskrom_of(b) != NULL;
	return b->power.backend == BOARD_POWER_QEMU &&
	       strcmp(program, b->power.qemu_binary) == 0;
}

static void programs(struct doctor *d)
{
	static const struct {
		const char *name, *package, *what_for;
	} wanted[] = {
		{ "dnsmasq", "dnsmasq-base", "DHCP and TFTP for boards" },
		{ "atftpd", "atftpd", "tftp.verify: local" },
		{ "git", "git", "tests from git" },
		{ "qemu-system-aarch64", "qemu-system-arm", "virtual boards" },
		{ "rkdeveloptool", "rkdeveloptool", "recovery of RK3588 from maskrom" },
	};
	struct strbuf there = STRBUF_INIT, missing = STRBUF_INIT, fix = STRBUF_INIT;
	bool needed = false;

	strbuf_addstr(&fix, "apt-get install");
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		_cleanup_free_ char *path = doctor_find_program(wanted[i].name);

		if (path) {
			strbuf_addf(&there, "%s%s", there.len ? ", " : "",
				    wanted[i].name);
			continue;
		}
		needed |= is_needed(d->o->board, wanted[i].name);
		strbuf_addf(&missing, "%s%s (%s)", missing.len ? ", " : "",
			    wanted[i].name, wanted[i].what_for);
		strbuf_addf(&fix, " %s", wanted[i].package);
	}
	if (!missing.len)
		doctor_pass(d, "programs", "%s", strbuf_str(&there));
	else if (needed)
		doctor_fail(d, "programs", strbuf_str(&fix), "missing: %s",
			    strbuf_str(&missing));
	else
		doctor_warn(d, "programs", strbuf_str(&fix), "missing, for some uses: %s",
			    strbuf_str(&missing));
	strbuf_release(&there);
	strbuf_release(&missing);
	strbuf_release(&fix);
}

/* Results carry the wall clock, and kernels are told apart by it. */
static void clock_is_right(struct doctor *d)
{
	static const char fix[] = "timedatectl set-ntp true, or install chrony";
	struct timex t = { .modes = 0 };
	struct wall_time now = clock_wall();
	struct stat self;
	int state = adjtimex(&t);

	if (stat("/proc/self/exe", &self) == 0 &&
	    clock_wall_ms() / 1000 < (int64_t)self.st_mtime)
		doctor_fail(d, "clock", fix,
			    "it is %s, which is before this program was built", now.str);
	else if (state < 0)
		doctor_skip(d, "clock", "%s; adjtimex: %s", now.str, strerror(errno));
	else if (state == TIME_ERROR || t.status & STA_UNSYNC)
		doctor_warn(d, "clock", fix,
			    "%s, and nobody keeps it right (not synchronized)", now.str);
	else
		doctor_pass(d, "clock", "%s, synchronized to %.0f ms", now.str,
			    (double)t.esterror / 1e3);
}

/* The nearest directory above a path that is there already. */
static char *existing_parent(const char *path)
{
	char *p = path[0] == '/' ? xstrdup(path) : xasprintf("./%s", path);

	while (access(p, F_OK)) {
		char *slash = strrchr(p, '/');

		if (!slash || !slash[1])
			break;
		slash[slash == p] = '\0'; /* the root stays */
	}
	return p;
}

static void disk(struct doctor *d, const char *name, const char *path, uint64_t want_mib)
{
	_cleanup_free_ char *dir = existing_parent(path);
	struct statvfs v;
	struct stat st;

	if (stat(dir, &st) == 0 && !S_ISDIR(st.st_mode)) {
		doctor_fail(d, name, "name another directory", "%s is not a directory",
			    dir);
		return;
	}
	if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS)) {
		doctor_fail(d, name, "chown or chmod it, or name another directory",
			    "%s cannot be written: %s", dir, strerror(errno));
		return;
	}
	if (statvfs(dir, &v)) {
		doctor_fail(d, name, NULL, "%s: %s", dir, strerror(errno));
		return;
	}
	uint64_t mib = (uint64_t)v.f_bavail * v.f_frsize >> 20;
	if (mib < MIN_FREE_MIB)
		doctor_fail(d, name, "make room", "%s has %llu MiB left", dir,
			    (unsigned long long)mib);
	else if (mib < want_mib)
		doctor_warn(d, name, "make room, or lower limits.console_bytes",
			    "%s has %llu MiB left, one run may write %llu MiB", dir,
			    (unsigned long long)mib, (unsigned long long)want_mib);
	else
		doctor_pass(d, name, "%s can be written and has %llu MiB left", dir,
			    (unsigned long long)mib);
}

void doctor_host(struct doctor *d)
{
	const struct board_spec *b = d->o->board;

	libraries(d);
	programs(d);
	clock_is_right(d);
	disk(d, "runs directory", d->o->runs_dir,
	     b ? b->limits.console_bytes >> 20 : MIN_FREE_MIB);
	if (b && b->has_boot && b->boot.tftp_root)
		disk(d, "TFTP root", b->boot.tftp_root, MIN_FREE_MIB);
}
