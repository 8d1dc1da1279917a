// SPDX-License-Identifier: GPL-2.0-or-later
/* TFTP and DHCP from both ends: a random file is staged as a kernel would be, fetched
 * back here, then by U-Boot, whose CRC of it must be ours. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "boot/tftp.h"
#include "session/doctor_int.h"
#include "util/crc32.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/random.h"

enum { FILE_BYTES = 8 << 20, HOST_MS = 60000, BOARD_MS = 120000, NETWORK_MS = 60000 };
#define FILE_NAME "random.bin"

static const char no_nic[] =
	"U-Boot does not drive this board's network chip. ROCK 5B and Orange Pi 5 Plus have "
	"theirs on PCIe: `pci enum` in boot.setup, and a U-Boot with CONFIG_PCIE_DW_ROCKCHIP "
	"and CONFIG_RTL8169";
static const char no_dhcp[] =
	"is the board's cable plugged in, does a DHCP server serve that wire? `bootrig doctor "
	"--write-dnsmasq IFACE` writes a configuration for one";
static const char bad_tftp[] =
	"does the TFTP server serve boot.tftp.root, can its user read it, does a firewall drop "
	"UDP? `bootrig doctor --write-dnsmasq IFACE` writes a configuration for dnsmasq";

static uint32_t wanted_crc(const struct doctor *d)
{
	struct strbuf sb = STRBUF_INIT;
	uint32_t crc = 0;

	if (!io_read_file_at(d->s->staged.dir.fd, FILE_NAME, FILE_BYTES, &sb))
		crc = crc32_of(sb.buf, sb.len);
	strbuf_release(&sb);
	return crc;
}

static int write_file(struct staged *st, struct err *err)
{
	_cleanup_free_ unsigned char *data = xmalloc(FILE_BYTES);
	int r;

	random_bytes(data, FILE_BYTES);
	st->kernel = (struct staged_file){
		.name = xstrdup(FILE_NAME),
		.boot_path = xasprintf("%s/%s", st->dir.name, FILE_NAME),
		.tftp_path = xasprintf("%s%s%s/%s", st->subdir, st->subdir[0] ? "/" : "",
				       st->dir.name, FILE_NAME),
		.size = FILE_BYTES,
		.sha256 = sha256_of(data, FILE_BYTES),
	};
	r = io_atomic_write_at(st->dir.fd, FILE_NAME, data, FILE_BYTES);
	if (!r && fchmodat(st->dir.fd, FILE_NAME, 0644, 0))
		r = -errno;
	return r ? err_set(err, ERR_LAB, r, "%s/%s: %s", st->root, FILE_NAME,
			   strerror(-r))
		 : 0;
}

static int stage(struct session *s, struct err *err)
{
	const struct board_boot *b = &s->board->boot;
	struct staged *st = &s->staged;
	int r;

	st->root = xstrdup(b->tftp_root);
	st->subdir = xstrdup(b->tftp_subdir ? b->tftp_subdir : "");
	r = stage_dir_create(st->root, st->subdir, s->dir->id, &st->dir, &st->n_swept,
			     err);
	if (!r)
		r = write_file(st, err);
	return r ? r : stage_dir_complete(&st->dir, err);
}

int doctor_tftp_host(struct doctor *d, struct err *err)
{
	static const char name[] = "TFTP from here";
	struct session *s = d->s;
	struct tftp_report got = { .n_checks = 0 };
	struct task t = TASK_INIT;
	int r;

	if (!s->board->has_boot || !s->board->boot.tftp_root) {
		doctor_skip(d, name, "the board file has no `boot.tftp`");
		return 0;
	}
	doctor_progress(d, "%s: %d MiB", name, FILE_BYTES >> 20);
	t.deadline = deadline_in_ms(HOST_MS);
	t.cancel_fd = s->opts->cancel_fd;
	r = stage(s, err);
	s->is_staged = true; /* what there is of it is taken away at the end */
	if (!r)
		r = tftp_verify(&s->board->boot, &s->staged, &t, &got, err);
	if (r) {
		tftp_report_release(&got);
		return doctor_failed(d, name, bad_tftp, r, err);
	}
	d->is_served = true;
	doctor_pass(
		d, name,
		"%d MiB came back from %s with their checksum, %.1f MiB/s; a miss is told in %.1f ms",
		FILE_BYTES >> 20, got.server,
		(double)got.bytes / 1048576 * 1e9 / (double)(got.ns ? got.ns : 1),
		(double)got.miss_ns / 1e6);
	tftp_report_release(&got);
	return 0;
}

/* The word that U-Boot printed behind `before`, cut at `end`; "" = it did not. */
static void word_after(const struct strbuf *tap, const char *before, const char *ends,
		       char *out, size_t cap)
{
	const char *at =
		tap->len ? memmem(tap->buf, tap->len, before, strlen(before)) : NULL;
	size_t n = 0;

	if (at)
		for (at += strlen(before); n + 1 < cap && *at && !strchr(ends, *at); at++)
			out[n++] = *at;
	out[n] = '\0';
}

static int run_list(struct doctor *d, const struct strvec *cmds, struct deadline end,
		    struct err *err)
{
	struct uboot u = session_uboot(d->s);
	int r = 0;

	for (size_t i = 0; i < cmds->n && !r; i++)
		r = uboot_command(&u, cmds->v[i], end, err);
	if (r == -ETIMEDOUT && !err->msg[0])
		err_set(err, ERR_LAB, r, "U-Boot's prompt did not come back");
	return r;
}

int doctor_network(struct doctor *d, struct err *err)
{
	static const char name[] = "board's network";
	const struct board_boot *b = &d->s->board->boot;
	struct deadline end = deadline_in_ms(NETWORK_MS);
	int64_t begin = clock_now_ns();
	char ip[64];
	int r;

	doctor_progress(d, "%s", name);
	doctor_tap_reset(d);
	r = run_list(d, &b->setup, end, err);
	if (!r)
		r = run_list(d, &b->network, end, err);
	if (r) {
		d->at_prompt = r == -EREMOTEIO;
		return doctor_failed(
			d, name, strstr(err->msg, "No ethernet found") ? no_nic : no_dhcp,
			r, err);
	}
	d->has_network = true;
	word_after(&d->tap, "DHCP client bound to address ", " \r\n", ip, sizeof(ip));
	doctor_pass(d, name, "%s%s after %lld ms", ip[0] ? "DHCP gave " : "set up", ip,
		    (long long)((clock_now_ns() - begin) / 1000000));
	return 0;
}

/* Both are U-Boot's words (net/tftp.c, net/net.c, cmd/mem.c). */
int doctor_tftp_board(struct doctor *d, struct err *err)
{
	static const char name[] = "TFTP by the board";
	const struct board_boot *b = &d->s->board->boot;
	const char *addr = b->kernel_addr ? b->kernel_addr : "${kernel_addr_r}";
	_cleanup_free_ char *get =
		xasprintf("tftpboot %s %s", addr, d->s->staged.kernel.tftp_path);
	_cleanup_free_ char *sum = xasprintf("crc32 %s %x", addr, FILE_BYTES);
	struct deadline end = deadline_in_ms(BOARD_MS);
	struct uboot u = session_uboot(d->s);
	int64_t ns = clock_now_ns();
	char crc[UBOOT_CRC_SIZE] = "", want[UBOOT_CRC_SIZE];
	int r;

	doctor_progress(d, "%s: %d MiB", name, FILE_BYTES >> 20);
	doctor_tap_reset(d);
	r = uboot_command(&u, get, end, err);
	ns = clock_now_ns() - ns;
	if (!r)
		r = uboot_crc32(&u, sum, FILE_BYTES, end, crc, err);
	if (r == -ETIMEDOUT && !err->msg[0])
		err_set(err, ERR_LAB, r, "U-Boot did not end `%s` within %d s", get,
			BOARD_MS / 1000);
	if (r)
		return doctor_failed(d, name, bad_tftp, r, err);
	snprintf(want, sizeof(want), "%08x", wanted_crc(d));
	if (strcmp(crc, want) != 0) {
		doctor_fail(
			d, name, bad_tftp,
			"U-Boot's CRC of the file is %s, ours is %s: its server serves other bytes",
			crc, want);
		return 0;
	}
	doctor_pass(d, name, "%d MiB with the right CRC, %.1f MiB/s", FILE_BYTES >> 20,
		    (double)FILE_BYTES / 1048576 * 1e9 / (double)ns);
	return 0;
}
