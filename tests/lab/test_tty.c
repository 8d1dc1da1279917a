// SPDX-License-Identifier: GPL-2.0-or-later
/* A UART on a real tty: in the lab guest (tests/lab/tty), or at any cable with two ends.
 * By environment: BOOTRIG_TTY      our end, or a link to it        BOOTRIG_TTY_FAR  the
 * other end BOOTRIG_UNPLUG, BOOTRIG_PLUG   shell lines that take our end away and bring
 * it back BOOTRIG_PLUG_ELSEWHERE         ... under another name; BOOTRIG_TTY is a link
 * then */
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "holding.h"
#include "console/console.h"
#include "hw/holder.h"
#include "util/io.h"
#include "util/strbuf.h"

static const char *need(const char *variable)
{
	const char *value = getenv(variable);

	if (!value)
		SKIP("%s names no real tty", variable);
	return value;
}

struct lab {
	struct console *c;
	struct board_console board;
	struct strbuf seen;
	uint32_t n_gaps;
	int64_t gap_ms;
	int dirfd, far;
};

static void lab_bytes(void *arg, const char *data, size_t len, uint64_t offset,
		      int64_t t_ns)
{
	struct lab *lab = arg;

	strbuf_add(&lab->seen, data, len);
}

static void lab_gap(void *arg, int64_t gap_ms, uint64_t offset)
{
	struct lab *lab = arg;

	lab->n_gaps++;
	lab->gap_ms = gap_ms;
}

static int lab_reopen(void *arg, struct stream **out, struct err *err)
{
	struct lab *lab = arg;

	return stream_open(&lab->board, deadline_in_ms(100), out, err);
}

static int open_far(void)
{
	int fd = open(need("BOOTRIG_TTY_FAR"), O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios t;

	CHECK(fd >= 0);
	CHECK_EQ(tcgetattr(fd, &t), 0);
	cfmakeraw(&t);
	cfsetspeed(&t, B1500000);
	t.c_cflag |= CLOCAL | CREAD;
	CHECK_EQ(tcsetattr(fd, TCSANOW, &t), 0);
	return fd;
}

static void lab_start(struct lab *lab)
{
	const struct console_observer ob = { .bytes = lab_bytes, .arg = lab };
	struct stream *s = NULL;
	struct err err = ERR_INIT;

	lab->board = uart_at(need("BOOTRIG_TTY"));
	lab->far = open_far();
	lab->dirfd = open(tap_tmpdir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct console_opts o = { .dirfd = lab->dirfd,
					.cancel_fd = -1,
					.start_ns = clock_now_ns(),
					.gap_ms = 10000,
					.reopen = lab_reopen,
					.gap = lab_gap,
					.arg = lab };
	CHECK_EQ(console_new(&o, &lab->c, &err), 0);
	console_observe(lab->c, &ob);
	if (stream_open(&lab->board, deadline_in_ms(1000), &s, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	console_attach(lab->c, s);
}

static void lab_end(struct lab *lab)
{
	console_free(lab->c);
	strbuf_release(&lab->seen);
	close(lab->dirfd);
	if (lab->far >= 0)
		close(lab->far);
}

static void lab_wait(struct lab *lab, const char *regex, int64_t ms)
{
	struct console_hit hit;
	struct err err = ERR_INIT;
	struct pattern *p;

	CHECK_EQ(pattern_new(regex, &p, &err), 0);
	if (console_wait(lab->c, &p, 1, deadline_in_ms(ms), &hit, &err))
		tap_fail(__FILE__, __LINE__, "/%s/ did not come: %s", regex, err.msg);
	pattern_free(p);
}

static void shell(const char *line)
{
	if (system(line) != 0)
		tap_fail(__FILE__, __LINE__, "failed: %s", line);
}

/* Returns when; the console has seen it at once. */
static int64_t lab_unplug(struct lab *lab)
{
	struct err err = ERR_INIT;

	shell(need("BOOTRIG_UNPLUG"));
	int64_t begin = clock_now_ns();
	while (console_is_attached(lab->c)) {
		CHECK_EQ(console_wait_fd(lab->c, -1, deadline_in_ms(1), &err), 0);
		CHECK(clock_now_ns() - begin < INT64_C(100000000));
	}
	return begin;
}

static size_t far_reads(const struct lab *lab, unsigned char *to, size_t len)
{
	struct pollfd p = { .fd = lab->far, .events = POLLIN };
	size_t n = 0;

	while (n < len && poll(&p, 1, 1000) == 1) {
		ssize_t got = read(lab->far, to + n, len - n);

		CHECK(got > 0);
		n += (size_t)got;
	}
	return n;
}

/* Linux's serial gadget (u_serial.c) is deaf now and then: what any program writes to its
 * host's end is thrown away when the gadget's end is closed, and heard again behind that.
 * All or nothing of it. */
static size_t send_to_far(struct lab *lab, const unsigned char *data, unsigned char *back,
			  size_t len)
{
	struct err err = ERR_INIT;
	size_t n = 0;

	for (int i = 0; i < 10 && !n; i++) {
		if (i) {
			close(lab->far);
			lab->far = open_far();
		}
		CHECK_EQ(console_send(lab->c, data, len, 0, deadline_in_ms(5000), &err),
			 0);
		n = far_reads(lab, back, len);
	}
	return n;
}

TEST(a_real_tty_carries_every_byte_value_at_1500000_baud_and_back)
{
	struct lab lab = { .far = -1 };
	unsigned char all[256], back[256];

	lab_start(&lab);
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)i;
	CHECK_EQ(io_write_all(lab.far, all, sizeof(all)), 0);
	CHECK_EQ(io_write_all(lab.far, "=> ", 3), 0);
	lab_wait(&lab, "=> $", 5000);
	CHECK_EQ(lab.seen.len, sizeof(all) + 3);
	CHECK_EQ(memcmp(lab.seen.buf, all, sizeof(all)), 0);
	CHECK_EQ(send_to_far(&lab, all, back, sizeof(all)), sizeof(all));
	CHECK_EQ(memcmp(back, all, sizeof(all)), 0);
	lab_end(&lab);
}

TEST(a_real_tty_that_says_nothing_is_no_end_of_the_stream)
{
	struct lab lab = { .far = -1 };
	struct err err = ERR_INIT;

	lab_start(&lab);
	CHECK_EQ(console_wait_fd(lab.c, -1, deadline_in_ms(450), &err), 0);
	CHECK(console_is_attached(lab.c));
	CHECK_EQ(lab.n_gaps, 0);
	lab_end(&lab);
}

TEST(modem_lines_and_hupcl_are_left_alone)
{
	const char *device = need("BOOTRIG_TTY");
	struct stream *s = NULL;
	struct err err = ERR_INIT;
	int before = 0, open_now = 0, after = 0;
	struct termios t;
	int fd = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_EQ(ioctl(fd, TIOCMGET, &before), 0);
	CHECK_EQ(tcgetattr(fd, &t), 0);
	t.c_cflag |= HUPCL;
	CHECK_EQ(tcsetattr(fd, TCSANOW, &t), 0);
	close(fd);
	if (open_uart(device, &s, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	CHECK_EQ(ioctl(stream_fd(s), TIOCMGET, &open_now), 0);
	CHECK_EQ(open_now & (TIOCM_DTR | TIOCM_RTS), before & (TIOCM_DTR | TIOCM_RTS));
	CHECK_EQ(tcgetattr(stream_fd(s), &t), 0);
	CHECK_EQ(t.c_cflag & HUPCL, 0);
	CHECK_EQ(t.c_cflag & CRTSCTS, 0);
	CHECK_EQ(t.c_cflag & CSIZE, CS8);
	stream_close(s);
	fd = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(ioctl(fd, TIOCMGET, &after), 0);
	CHECK_EQ(after & (TIOCM_DTR | TIOCM_RTS), before & (TIOCM_DTR | TIOCM_RTS));
	close(fd);
}

static int n_open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* A descriptor left behind keeps TIOCEXCL, and with it the port from everybody. */
TEST(a_closed_tty_leaves_no_descriptor_open)
{
	int before = n_open_fds();
	struct stream *s = NULL;
	struct err err = ERR_INIT;

	CHECK_EQ(open_uart(need("BOOTRIG_TTY"), &s, &err), 0);
	stream_close(s);
	CHECK_EQ(n_open_fds(), before);
}

TEST(a_real_tty_is_ours_alone_while_it_is_open)
{
	_cleanup_free_ char *real_path = realpath(need("BOOTRIG_TTY"), NULL);
	struct stream *s = NULL, *other = NULL;
	struct err err = ERR_INIT;
	char who[80];
	int status;

	check_holder_is_named(real_path, true, "holds it");
	check_holder_is_named(real_path, false, "has it open too");
	CHECK_EQ(open_uart(real_path, &s, &err), 0);
	CHECK_EQ(open_uart(real_path, &other, &err), -EBUSY);
	/* TIOCEXCL stops whoever is not root. */
	pid_t pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 &&
		    (setresgid(20, 20, 20) || setresuid(65534, 65534, 65534)))
			_exit(2);
		_exit(open(real_path, O_RDWR | O_NOCTTY) < 0 &&
				      (errno == EBUSY || errno == EACCES)
			      ? 0
			      : 1);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK(!holder_of_file(real_path, who, sizeof(who)));
	stream_close(s);
	CHECK_EQ(open_uart(real_path, &s, &err), 0);
	stream_close(s);
}

TEST(a_break_reaches_the_other_end_or_is_refused_in_words)
{
	struct lab lab = { .far = -1 };
	struct err err = ERR_INIT;

	lab_start(&lab);
	int r = console_break(lab.c, 50, &err);
	if (r && r != -EOPNOTSUPP)
		tap_fail(__FILE__, __LINE__, "BREAK: %s", err.msg);
	printf("# a BREAK gives %s\n", r ? "EOPNOTSUPP" : "0");
	CHECK_EQ(io_write_all(lab.far, "alive# ", 7), 0);
	lab_wait(&lab, "alive# $", 5000);
	lab_end(&lab);
}

TEST(an_unplugged_adapter_is_noticed_at_once_and_read_on_when_it_is_back)
{
	const char *plug = need("BOOTRIG_PLUG");
	struct lab lab = { .far = -1 };
	struct err err = ERR_INIT;

	lab_start(&lab);
	CHECK_EQ(io_write_all(lab.far, "before\n", 7), 0);
	lab_wait(&lab, "before", 5000);
	close(TAKE_FD(lab.far));
	int64_t begin = lab_unplug(&lab);
	CHECK_EQ(console_wait_fd(lab.c, -1, deadline_in_ms(200), &err), 0);
	shell(plug);
	while (!console_is_attached(lab.c)) {
		CHECK_EQ(console_wait_fd(lab.c, -1, deadline_in_ms(1), &err), 0);
		CHECK(clock_now_ns() - begin < INT64_C(8000000000));
	}
	CHECK_EQ(lab.n_gaps, 1);
	CHECK(lab.gap_ms >= 190);
	lab.far = open_far();
	CHECK_EQ(io_write_all(lab.far, "after\n", 6), 0);
	lab_wait(&lab, "after", 5000);
	CHECK_STR(strbuf_str(&lab.seen), "before\nafter\n");
	lab_end(&lab);
}

TEST(an_adapter_that_comes_back_under_another_name_is_found_by_its_link)
{
	const char *plug = need("BOOTRIG_PLUG_ELSEWHERE");
	struct lab lab = { .far = -1 };
	struct err err = ERR_INIT;

	lab_start(&lab);
	_cleanup_free_ char *before = realpath(lab.board.device, NULL);
	close(TAKE_FD(lab.far));
	int64_t begin = lab_unplug(&lab);
	shell(plug);
	while (lab.n_gaps == 0) {
		CHECK_EQ(console_wait_fd(lab.c, -1, deadline_in_ms(1), &err), 0);
		CHECK(clock_now_ns() - begin < INT64_C(8000000000));
	}
	_cleanup_free_ char *after = realpath(lab.board.device, NULL);
	CHECK(before && after && strcmp(before, after) != 0);
	lab.far = open_far();
	CHECK_EQ(io_write_all(lab.far, "again\n", 6), 0);
	lab_wait(&lab, "again", 5000);
	lab_end(&lab);
}

TESTS(T(a_real_tty_carries_every_byte_value_at_1500000_baud_and_back),
      T(a_real_tty_that_says_nothing_is_no_end_of_the_stream),
      T(modem_lines_and_hupcl_are_left_alone), T(a_closed_tty_leaves_no_descriptor_open),
      T(a_real_tty_is_ours_alone_while_it_is_open),
      T(a_break_reaches_the_other_end_or_is_refused_in_words),
      T(an_unplugged_adapter_is_noticed_at_once_and_read_on_when_it_is_back),
      T(an_adapter_that_comes_back_under_another_name_is_found_by_its_link))
