// SPDX-License-Identifier: GPL-2.0-or-later
/* atftpd in its inetd manner: it is handed a bound UDP socket, so there is no port to
 * race for and no start to wait for. It is given "." with the root as its working
 * directory, so the directories above need not be open to nobody. It ends by itself after
 * a minute without requests, should everything else fail. */
#include "boot/tftpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "util/mem.h"

#define ATFTPD                                                                           \
	"atftpd", "--tftpd-timeout", "60", "--verbose=0", "--logfile", "/dev/null", "."

static int bind_loopback(uint16_t *port, struct err *err)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	    getsockname(fd, (struct sockaddr *)&a, &len) == 0) {
		*port = ntohs(a.sin_port);
		return fd;
	}
	int r = err_set(err, ERR_LAB, -errno, "loopback TFTP server: %s",
			strerror(errno));
	if (fd >= 0)
		close(fd);
	return r;
}

int tftpd_start(struct tftpd *t, const char *root, struct err *err)
{
	static const char *const as_user[] = { ATFTPD, NULL };
	/* The death signal of util/child is lost with the change of user. */
	static const char *const as_root[] = { "setpriv",
					       "--reuid=65534",
					       "--regid=65534",
					       "--clear-groups",
					       "--inh-caps=-all",
					       "--bounding-set=-all",
					       "--no-new-privs",
					       "--pdeathsig=KILL",
					       "--",
					       ATFTPD,
					       NULL };
	struct child_opts opts = CHILD_OPTS_INIT;
	_cleanup_close_ int sock = -1;

	*t = (struct tftpd)TFTPD_INIT;
	sock = bind_loopback(&t->port, err);
	if (sock < 0)
		return sock;
	t->log_fd = memfd_create("atftpd", MFD_CLOEXEC);
	if (t->log_fd < 0)
		return err_set(err, ERR_LAB, -errno, "memfd: %s", strerror(errno));
	opts.stdin_fd = sock;
	opts.stderr_fd = t->log_fd;
	opts.dir = root;
	int r = child_spawn(&t->child, geteuid() == 0 ? as_root : as_user, &opts, err);
	if (r)
		tftpd_stop(t);
	if (r == -ENOENT)
		err_prefix(err, "`verify: local` needs the package atftpd: ");
	return r;
}

void tftpd_stop(struct tftpd *t)
{
	child_kill(&t->child, SIGKILL);
	cleanup_close(&t->log_fd);
	*t = (struct tftpd)TFTPD_INIT;
}

char *tftpd_complaint(const struct tftpd *t)
{
	char text[1024];
	ssize_t n = pread(t->log_fd, text, sizeof(text) - 1, 0);

	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[n > 0 ? n : 0] = '\0';
	const char *last = strrchr(text, '\n');
	return xstrdup(last ? last + 1 : text);
}
