// SPDX-License-Identifier: GPL-2.0-or-later
/* A UART of this host: libserialport sets it up and reads back what the driver made of
 * it; then it is a descriptor like any other. Reading through the library would not do:
 * it takes an unplugged adapter for a time-out. */
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "hw/holder.h"
#include "hw/stream_int.h"
#include "util/io.h"
#include "util/mem.h"

struct port {
	const char *device; /* as the board file has it */
	uint32_t baud;
	struct sp_port *sp; /* NULL = not open */
};

static int sp_err(const struct port *p, enum sp_return r, const char *what,
		  struct err *err)
{
	int code = r == SP_ERR_FAIL ? errno : 0;

	if (code)
		return err_set(err, ERR_LAB, -code, "console %s: %s: %s", p->device, what,
			       strerror(code));
	return err_set(err, ERR_LAB, r == SP_ERR_SUPP ? -EOPNOTSUPP : -EINVAL,
		       "console %s: %s: libserialport does not take it", p->device, what);
}

/* What most newcomers meet first. */
static int cannot_open(const char *device, int code, struct err *err)
{
	const char *hint = "";

	if (code == ENOENT)
		hint = ": is the adapter plugged in? `ls /dev/serial/by-id` has its name";
	else if (code == EACCES)
		hint = ": this user is not in its group (`ls -l`; mostly dialout)";
	return err_set(err, ERR_LAB, -code, "console %s: %s%s", device, strerror(code),
		       hint);
}

static int busy(const char *device, const char *real_path, int fd, struct err *err)
{
	char who[80];

	if ((fd >= 0 && holder_of_lock(fd, who, sizeof(who))) ||
	    holder_of_file(real_path, who, sizeof(who)))
		return err_set(err, ERR_LAB, -EBUSY, "console %s: %s holds it", device,
			       who);
	return err_set(err, ERR_LAB, -EBUSY, "console %s: another program holds it",
		       device);
}

/* Ours alone, before anything of it is changed. TIOCEXCL does not stop root, and a lock
 * does not stop who does not ask for it. */
static int claim_tty(const char *device, const char *real_path, int *out, struct err *err)
{
	char who[80];
	_cleanup_close_ int fd =
		open(real_path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == EBUSY)
		return busy(device, real_path, -1, err);
	if (fd < 0)
		return cannot_open(device, errno, err);
	if (flock(fd, LOCK_EX | LOCK_NB))
		return busy(device, real_path, fd, err);
	if (holder_of_file(real_path, who, sizeof(who)))
		return err_set(
			err, ERR_LAB, -EBUSY,
			"console %s: %s has it open too, and would take some of the bytes",
			device, who);
	*out = TAKE_FD(fd);
	return 0;
}

static int set_line(const struct port *p, struct err *err)
{
	enum sp_return r = sp_set_baudrate(p->sp, (int)p->baud);

	if (r != SP_OK)
		return sp_err(p, r, "setting its rate", err);
	r = sp_set_bits(p->sp, 8);

	if (r == SP_OK)
		r = sp_set_parity(p->sp, SP_PARITY_NONE);
	if (r == SP_OK)
		r = sp_set_stopbits(p->sp, 1);
	if (r != SP_OK)
		return sp_err(p, r, "8N1", err);
	/* Leaves DTR and RTS as they are where they do no flow control. */
	r = sp_set_flowcontrol(p->sp, SP_FLOWCONTROL_NONE);
	return r == SP_OK ? 0 : sp_err(p, r, "no flow control", err);
}

static int read_rate(const struct port *p, int *baud, struct err *err)
{
	struct sp_port_config *config = NULL;
	enum sp_return r = sp_new_config(&config);

	if (r == SP_OK)
		r = sp_get_config(p->sp, config);
	if (r == SP_OK)
		r = sp_get_config_baudrate(config, baud);
	if (config)
		sp_free_config(config);
	return r == SP_OK ? 0 : sp_err(p, r, "reading its rate back", err);
}

/* A driver may take any rate and run at another: an 8250 with a slow clock answers
 * 1500000 with 9600. */
static int check_rate(const struct port *p, struct err *err)
{
	int got = 0, r = read_rate(p, &got, err);

	if (r)
		return r;
	if (got < 0 || !stream_rate_fits((uint32_t)got, p->baud))
		return err_set(
			err, ERR_LAB, -EIO,
			"console %s: asked for %u baud, the driver runs at %d: this adapter cannot do it",
			p->device, p->baud, got);
	return 0;
}

/* The library leaves VMIN at 0, which makes an empty line look like one that hung up, and
 * older ones drop DTR at the end. */
static int settle_termios(const struct port *p, int fd, struct err *err)
{
	struct termios t;

	if (tcgetattr(fd, &t))
		return err_set(err, ERR_LAB, -errno, "console %s: %s", p->device,
			       strerror(errno));
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cflag &= ~(tcflag_t)HUPCL;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	if (tcsetattr(fd, TCSANOW, &t))
		return err_set(err, ERR_LAB, -errno, "console %s: %s", p->device,
			       strerror(errno));
	return 0;
}

/* Newer libserialports (Debian 13's) want the lock that we hold for a descriptor of their
 * own: they get it for as long as the port is open. sp_open() leaves that descriptor open
 * where the lock is refused; as TIOCEXCL lasts for as long as anybody has the tty open,
 * nobody, we included, could open it again. */
static enum sp_return open_port(const struct port *p, int fd, bool *gave_lock)
{
	enum sp_return s = sp_open(p->sp, SP_MODE_READ_WRITE);

	*gave_lock = s == SP_ERR_FAIL && sp_last_error_code() == EWOULDBLOCK;
	if (!*gave_lock)
		return s;
	sp_close(p->sp);
	flock(fd, LOCK_UN);
	return sp_open(p->sp, SP_MODE_READ_WRITE);
}

static int configure(struct port *p, const char *real_path, int fd, struct err *err)
{
	enum sp_return s = sp_get_port_by_name(real_path, &p->sp);
	bool gave_lock;
	int r = 0;

	if (s != SP_OK)
		return err_set(
			err, ERR_LAB, -ENOTTY,
			"console %s: not a UART that libserialport knows; transport: pty takes any other terminal",
			p->device);
	s = open_port(p, fd, &gave_lock);
	if (s != SP_OK) {
		r = sp_err(p, s, "open", err);
	} else {
		r = set_line(p, err);
		if (!r)
			r = settle_termios(p, fd, err);
		if (!r)
			r = check_rate(p, err);
		sp_close(p->sp);
	}
	sp_free_port(p->sp);
	if (!r && gave_lock && flock(fd, LOCK_EX | LOCK_NB))
		return busy(p->device, real_path, fd, err);
	return r;
}

int stream_open_serial(const struct board_console *c, struct stream **out,
		       struct err *err)
{
	/* libserialport knows nodes, not the links of /dev/serial/by-id. */
	_cleanup_free_ char *real_path = realpath(c->device, NULL);
	struct port p = { .device = c->device, .baud = c->baud };
	_cleanup_close_ int fd = -1;

	if (!real_path)
		return cannot_open(c->device, errno, err);
	int r = claim_tty(c->device, real_path, &fd, err);
	if (!r)
		r = configure(&p, real_path, fd, err);
	if (r)
		return r;
	if (ioctl(fd, TIOCEXCL))
		return err_set(err, ERR_LAB, -errno, "console %s: %s", c->device,
			       strerror(errno));
	*out = stream_of_tty(TAKE_FD(fd));
	return 0;
}
