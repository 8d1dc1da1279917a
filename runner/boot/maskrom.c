// SPDX-License-Identifier: GPL-2.0-or-later
/* Rockchip's boot ROM by USB. Facts: rkdeveloptool main.cpp, 99-rk-rockusb.rules;
 * `rd 3` does not lead an RK3588 here, only its MASKROM contact at reset does. */
#include "boot/maskrom.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "util/hash.h"
#include "util/io.h"
#include "util/mem.h"

#define ROCKCHIP_VENDOR "2207"
#define RK3588_PRODUCT "350b"

enum { POLL_MS = 100, LIST_MS = 10000 };

/* For tests only: another tree, another lock. */
static const char *from_env(const char *name, const char *dflt)
{
	const char *v = getenv(name);

	return v && *v == '/' ? v : dflt;
}

static const char *devices_dir(void)
{
	return from_env("BOOTRIG_USB_DEVICES", "/sys/bus/usb/devices");
}

static void read_attribute(const char *port, const char *name, char *out, size_t cap)
{
	_cleanup_free_ char *path = xasprintf("%s/%s/%s", devices_dir(), port, name);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, cap - 1);

	out[n < 0 ? 0 : n] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

/* Rockusb: maskrom or loader mode; their gadgets in a running system have others. */
static bool is_rockusb(const char *port)
{
	char vendor[16], product[16];

	read_attribute(port, "idVendor", vendor, sizeof(vendor));
	read_attribute(port, "idProduct", product, sizeof(product));
	return strcmp(vendor, ROCKCHIP_VENDOR) == 0 && strlen(product) == 4 &&
	       strchr("123", product[0]);
}

/* Another one in that state: the tool could not tell them apart. */
static int check_alone(const struct maskrom *m, struct err *err)
{
	_cleanup_strvec_ struct strvec ports = STRVEC_INIT;
	int r = io_list_at(AT_FDCWD, devices_dir(), &ports);

	if (r)
		return err_set(err, ERR_LAB, r, "%s: %s", devices_dir(), strerror(-r));
	for (size_t i = 0; i < ports.n; i++)
		if (ports.v[i][0] != '.' && !strchr(ports.v[i], ':') &&
		    strcmp(ports.v[i], m->spec->usb) != 0 && is_rockusb(ports.v[i]))
			return err_set(
				err, ERR_LAB, -EBUSY,
				"another Rockchip board is in maskrom or loader mode on USB port %.60s, and %s cannot tell them apart",
				ports.v[i], m->spec->tool);
	return 0;
}

static int lock(struct maskrom *m, struct deadline d, struct err *err)
{
	const char *path =
		from_env("BOOTRIG_MASKROM_LOCK", "/run/lock/bootrig-maskrom.lock");
	int r;

	m->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (m->lock_fd < 0 && errno == EACCES) /* another user's: reading will do */
		m->lock_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (m->lock_fd < 0)
		return err_set(err, ERR_LAB, -errno, "%s: %s", path, strerror(errno));
	while (flock(m->lock_fd, LOCK_EX | LOCK_NB)) {
		if (deadline_passed(d))
			return err_set(err, ERR_LAB, -ETIMEDOUT,
				       "another board of this host is in maskrom");
		r = m->env.wait(m->env.arg, -1, deadline_min(d, deadline_in_ms(POLL_MS)),
				err);
		if (r)
			return r;
	}
	return 0;
}

int maskrom_claim(struct maskrom *m, struct deadline d, struct err *err)
{
	int r = access(m->spec->loader, R_OK) ? err_set(err, ERR_LAB, -errno, "%s: %s",
							m->spec->loader, strerror(errno))
					      : lock(m, d, err);

	return r ? r : check_alone(m, err);
}

static int run_tool(struct maskrom *m, const char *const args[], struct deadline d,
		    struct strbuf *out, struct err *err)
{
	_cleanup_strvec_ struct strvec argv = STRVEC_INIT;
	struct strbuf command = STRBUF_INIT;
	int status = 0, r;

	strvec_add(&argv, m->spec->tool);
	for (size_t i = 0; args[i]; i++) {
		strvec_add(&argv, args[i]);
		strbuf_addf(&command, "%s%s", i ? " " : "", args[i]);
	}
	m->did(m->arg, command.buf, NULL);
	r = host_tool_run((const char *const *)argv.v, &m->env, d, out, &status, err);
	if (r == -ETIMEDOUT)
		r = err_set(err, ERR_LAB, r, "%s %s did not end in time", m->spec->tool,
			    command.buf);
	if (!r && status)
		r = err_set(err, ERR_LAB, -EIO, "%s %s failed: %.200s", m->spec->tool,
			    command.buf, strbuf_str(out));
	m->did(m->arg, command.buf, strbuf_str(out));
	strbuf_release(&command);
	return r;
}

/* It is known to end with status 0 after a failure: its words decide as well. */
static int tool(struct maskrom *m, const char *const args[], const char *success,
		struct deadline d, struct err *err)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	int r = run_tool(m, args, d, &out, err);

	if (!r && !strstr(strbuf_str(&out), success))
		r = err_set(err, ERR_LAB, -EIO, "%s %s: %.200s", m->spec->tool, args[0],
			    out.len ? out.buf : "not a word");
	return r;
}

/* One device, and it is in maskrom: loader mode would take no `db`. */
static int check_list(struct maskrom *m, struct deadline d, struct err *err)
{
	static const char *const args[] = { "ld", NULL };
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	int r = run_tool(m, args, deadline_min(d, deadline_in_ms(LIST_MS)), &out, err);
	const char *first = strstr(strbuf_str(&out), "DevNo=");

	if (r)
		return r;
	if (first && strstr(first + 1, "DevNo="))
		return err_set(err, ERR_LAB, -EBUSY,
			       "%s ld finds more than one device: %.200s", m->spec->tool,
			       out.buf);
	if (!first || !strstr(first, "Maskrom"))
		return err_set(
			err, ERR_LAB, -ENODEV, "%s ld finds no maskrom: %.200s",
			m->spec->tool,
			out.len ? out.buf
				: "not a word (permissions? a udev rule for 2207:350b?)");
	return 0;
}

int maskrom_wait(struct maskrom *m, struct deadline d, struct err *err)
{
	char vendor[16], product[16];
	int r;

	for (;;) {
		read_attribute(m->spec->usb, "idVendor", vendor, sizeof(vendor));
		read_attribute(m->spec->usb, "idProduct", product, sizeof(product));
		if (strcmp(vendor, ROCKCHIP_VENDOR) == 0 &&
		    strcmp(product, RK3588_PRODUCT) == 0)
			break;
		if (deadline_passed(d))
			return err_set(
				err, ERR_LAB, -ENODEV,
				"USB port %s has %s%s%s, no " ROCKCHIP_VENDOR
				":" RK3588_PRODUCT
				": is the contact closed at reset, and the cable in that port?",
				m->spec->usb, vendor[0] ? vendor : "nothing",
				vendor[0] ? ":" : "", product);
		r = m->env.wait(m->env.arg, -1, deadline_min(d, deadline_in_ms(POLL_MS)),
				err);
		if (r)
			return r;
	}
	r = check_alone(m, err);
	return r ? r : check_list(m, d, err);
}

int maskrom_load(struct maskrom *m, struct deadline d, struct err *err)
{
	const char *const args[] = { "db", m->spec->loader, NULL };

	return tool(m, args, "Downloading bootloader succeeded", d, err);
}

static int check_file(const struct board_flash_write *w, struct err *err)
{
	_cleanup_close_ int fd = open(w->file, O_RDONLY | O_CLOEXEC);
	struct sha256_hex sha;
	int r = fd < 0 ? -errno : sha256_of_fd(fd, &sha, NULL);

	if (r)
		return err_set(err, ERR_LAB, r, "%s: %s", w->file, strerror(-r));
	if (strcmp(sha.str, w->sha256) != 0)
		return err_set(
			err, ERR_LAB, -EBADMSG,
			"%s has sha256 %s, the board file wants %s: nothing was written",
			w->file, sha.str, w->sha256);
	return 0;
}

static int write_one(struct maskrom *m, const struct board_flash_write *w,
		     struct deadline d, struct err *err)
{
	static const struct {
		const char *name, *number;
	} storages[] = { { "emmc", "1" }, { "sd", "2" }, { "spinor", "9" } };
	_cleanup_free_ char *sector = xasprintf("%u", w->sector);
	const char *select[] = { "cs", NULL, NULL };
	const char *const write[] = { "wl", sector, w->file, NULL };

	for (size_t i = 0; i < ARRAY_SIZE(storages); i++)
		if (strcmp(storages[i].name, w->storage) == 0)
			select[1] = storages[i].number;
	int r = tool(m, select, "Change Storage OK", d, err);
	return r ? r : tool(m, write, "Write LBA from file (100%)", d, err);
}

int maskrom_flash(struct maskrom *m, struct deadline d, struct err *err)
{
	static const char *const reset[] = { "rd", NULL };
	const struct board_maskrom *s = m->spec;
	int r = 0;

	if (!s->flash || !s->n_writes)
		return 0;
	/* All of them first: half a set is worse than none. */
	for (size_t i = 0; i < s->n_writes && !r; i++)
		r = check_file(&s->writes[i], err);
	for (size_t i = 0; i < s->n_writes && !r; i++)
		r = write_one(m, &s->writes[i], d, err);
	return r ? r : tool(m, reset, "Reset Device OK", d, err);
}

void maskrom_release(struct maskrom *m)
{
	if (m->lock_fd >= 0)
		close(m->lock_fd);
	m->lock_fd = -1;
}
