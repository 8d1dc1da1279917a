// SPDX-License-Identifier: GPL-2.0-or-later
/* The reader of the UART on real sockets and a real pty: what is recorded, what is found,
 * and how waits end. */
#include "console/console.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "hw/stream_int.h"
#include "tap.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"

struct rig {
	struct console *c;
	int dirfd, peer; /* peer: the board's end of the line */
	struct strbuf seen;
	int64_t last_t_ns;
	uint32_t ticks;
	const char *stop_at; /* the observer stops the waits when it sees this */
	int reopen_fd;       /* what reopen gives; -1 = not back yet */
	uint32_t n_reopens, n_gaps;
	uint64_t gap_offset;
	uint32_t n_line_errors;
	struct stream_errors line_errors; /* of the last time */
};

static void bytes(void *arg, const char *data, size_t len, uint64_t offset, int64_t t_ns)
{
	struct rig *rig = arg;

	CHECK_EQ(offset, rig->seen.len);
	CHECK(t_ns >= rig->last_t_ns);
	rig->last_t_ns = t_ns;
	strbuf_add(&rig->seen, data, len);
	if (rig->stop_at && strstr(rig->seen.buf, rig->stop_at))
		console_stop(rig->c);
}

static void tick(void *arg, int64_t t_ns)
{
	struct rig *rig = arg;

	CHECK(t_ns >= rig->last_t_ns);
	rig->ticks++;
}

static int reopen(void *arg, struct stream **out, struct err *err)
{
	struct rig *rig = arg;

	rig->n_reopens++;
	if (rig->reopen_fd < 0)
		return err_set(err, ERR_LAB, -ENOENT, "the port is not back");
	*out = stream_of_fd(TAKE_FD(rig->reopen_fd));
	return 0;
}

static void gap(void *arg, int64_t gap_ms, uint64_t offset)
{
	struct rig *rig = arg;

	CHECK(gap_ms >= 0);
	rig->n_gaps++;
	rig->gap_offset = offset;
}

static void line_errors(void *arg, const struct stream_errors *delta, uint64_t offset)
{
	struct rig *rig = arg;

	rig->n_line_errors++;
	rig->line_errors = *delta;
}

/* [0] is ours, [1] the board's. */
static void line_pair(int fds[2])
{
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
}

static void start(struct rig *rig, struct console_opts o)
{
	const struct console_observer ob = { .bytes = bytes, .tick = tick, .arg = rig };
	struct err err = ERR_INIT;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	rig->dirfd = open(tap_tmpdir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rig->reopen_fd = -1;
	o.dirfd = rig->dirfd;
	o.start_ns = clock_now_ns();
	o.arg = rig;
	o.gap = gap;
	o.line_errors = line_errors;
	if (!o.cancel_fd)
		o.cancel_fd = -1;
	if (!o.gap_ms)
		o.gap_ms = 5000;
	CHECK_EQ(console_new(&o, &rig->c, &err), 0);
	console_observe(rig->c, &ob);
	line_pair(fds);
	rig->peer = fds[1];
	console_attach(rig->c, stream_of_fd(fds[0]));
}

#define START(rig, ...) start(rig, (struct console_opts){ __VA_ARGS__ })

static struct strbuf record(const struct rig *rig, const char *name)
{
	struct strbuf sb = STRBUF_INIT;

	CHECK_EQ(io_read_file_at(rig->dirfd, name, 64 << 20, &sb), 0);
	return sb;
}

/* Index lines: offsets grow from 0 and stay below the size, times never go back. */
static void check_index(const struct rig *rig, size_t raw_len)
{
	struct strbuf idx = record(rig, "console.idx");
	uint64_t last_t = 0, last_offset = 0;
	const char *p = strbuf_str(&idx);

	for (bool is_first = true; *p; is_first = false) {
		size_t n = strcspn(p, " "), m;
		uint64_t t, offset;

		CHECK_EQ(parse_u64n(p, n, 10, INT64_MAX, &t), 0);
		m = strcspn(p + n + 1, "\n");
		CHECK_EQ(parse_u64n(p + n + 1, m, 10, INT64_MAX, &offset), 0);
		CHECK(is_first ? offset == 0 : offset > last_offset);
		CHECK(is_first || t > last_t);
		CHECK(offset < raw_len);
		last_t = t;
		last_offset = offset;
		p += n + 1 + m + 1;
	}
	CHECK(raw_len == 0 || idx.len > 0);
	strbuf_release(&idx);
}

/* Whatever a case did: the record is what the observers saw, and the index fits. */
static void finish(struct rig *rig)
{
	console_free(rig->c);
	struct strbuf raw = record(rig, "console.raw");

	CHECK_EQ(raw.len, rig->seen.len);
	CHECK(!raw.len || memcmp(raw.buf, rig->seen.buf, raw.len) == 0);
	check_index(rig, raw.len);
	strbuf_release(&raw);
	strbuf_release(&rig->seen);
	close(rig->dirfd);
	if (rig->peer >= 0)
		close(rig->peer);
}

static void say(struct rig *rig, const char *text)
{
	CHECK_EQ(io_write_all(rig->peer, text, strlen(text)), 0);
}

/* Let the console read what is there. */
static void pump(struct rig *rig)
{
	struct err err = ERR_INIT;

	CHECK_EQ(console_wait_fd(rig->c, -1, deadline_in_ms(2), &err), 0);
}

static int wait_for(struct rig *rig, const char *regex, int64_t ms,
		    struct console_hit *hit, struct err *err)
{
	struct pattern *p;

	CHECK_EQ(pattern_new(regex, &p, err), 0);
	int r = console_wait(rig->c, &p, 1, deadline_in_ms(ms), hit, err);
	pattern_free(p);
	return r;
}

static void check_found(struct rig *rig, const char *regex, const char *want)
{
	struct console_hit hit;
	struct err err = ERR_INIT;

	if (wait_for(rig, regex, 5000, &hit, &err))
		tap_fail(__FILE__, __LINE__, "/%s/ was not found: %s", regex, err.msg);
	CHECK_STR(hit.text, want);
}

static void check_absent(struct rig *rig, const char *regex)
{
	struct console_hit hit;
	struct err err = ERR_INIT;

	CHECK_EQ(wait_for(rig, regex, 5, &hit, &err), -ETIMEDOUT);
	CHECK_EQ(err.class, ERR_NONE);
}

TEST(a_prompt_split_over_reads_is_found_once_it_is_whole)
{
	struct rig rig = { 0 };

	START(&rig);
	say(&rig, "Welcome\r\nvirt:");
	check_absent(&rig, "virt:~# $");
	say(&rig, "~#");
	check_absent(&rig, "virt:~# $");
	say(&rig, " ");
	check_found(&rig, "virt:~# $", "virt:~# ");
	finish(&rig);
}

/* busybox ash asks for the cursor's place. */
TEST(a_prompt_with_a_terminal_command_behind_it_is_found_in_one_read_too)
{
	struct rig rig = { 0 };

	START(&rig);
	say(&rig, "a [6n/ # x\r\n");
	check_absent(&rig, "/ # $");
	say(&rig, "/ # \033[6n");
	check_found(&rig, "/ # $", "/ # ");
	say(&rig, "\r\n/ # \033[?25h\033[6n\r\n");
	check_found(&rig, "/ # $", "/ # ");
	finish(&rig);
}

TEST(each_match_moves_the_mark_behind_itself)
{
	struct rig rig = { 0 };
	struct console_hit hit;
	struct err err = ERR_INIT;

	START(&rig);
	say(&rig, "one\r\n# two\r\n# three");
	CHECK_EQ(wait_for(&rig, "# ", 5000, &hit, &err), 0);
	CHECK_EQ(hit.offset, 7);
	CHECK_EQ(wait_for(&rig, "# ", 5000, &hit, &err), 0);
	CHECK_EQ(hit.offset, 14);
	check_absent(&rig, "# ");
	check_found(&rig, "thr", "thr");
	check_found(&rig, "ee", "ee");
	finish(&rig);
}

TEST(a_mark_forgets_what_came_before)
{
	struct rig rig = { 0 };

	START(&rig);
	say(&rig, "login: ");
	pump(&rig);
	console_mark(rig.c);
	check_absent(&rig, "login: $");
	say(&rig, "login: ");
	check_found(&rig, "login: $", "login: ");
	finish(&rig);
}

TEST(what_came_while_nobody_waited_is_found)
{
	struct rig rig = { 0 };

	START(&rig);
	say(&rig, "U-Boot 2026.01\r\n=> ");
	pump(&rig);
	check_found(&rig, "=> $", "=> ");
	finish(&rig);
}

TEST(lines_that_one_wait_searched_in_vain_are_there_for_another_pattern)
{
	struct rig rig = { 0 };

	START(&rig);
	say(&rig, "Starting kernel ...\r\nmore\r\n");
	check_absent(&rig, "login:");
	check_found(&rig, "Starting kernel", "Starting kernel");
	finish(&rig);
}

TEST(the_first_line_decides_then_the_order_of_the_patterns)
{
	struct rig rig = { 0 };
	struct pattern *p[2] = { NULL, NULL };
	struct console_hit hit;
	struct err err = ERR_INIT;

	START(&rig);
	CHECK_EQ(pattern_new("b", &p[0], &err), 0);
	CHECK_EQ(pattern_new("a", &p[1], &err), 0);
	say(&rig, "a\nb a\n");
	CHECK_EQ(console_wait(rig.c, p, 2, deadline_in_ms(5000), &hit, &err), 0);
	CHECK_EQ(hit.index, 1);
	CHECK_EQ(console_wait(rig.c, p, 2, deadline_in_ms(5000), &hit, &err), 0);
	CHECK_EQ(hit.index, 0);
	pattern_free(p[0]);
	pattern_free(p[1]);
	finish(&rig);
}

static void check_broken_prompt(const char *line, const char *rest)
{
	struct rig rig = { 0 };
	struct console_hit hit;
	struct err err = ERR_INIT;

	START(&rig);
	say(&rig, line);
	if (wait_for(&rig, "^virt:~# $", 2000, &hit, &err))
		tap_fail(__FILE__, __LINE__, "not found in: %s", line);
	CHECK_EQ(hit.offset, 8);
	/* What the kernel said comes after the mark. */
	check_found(&rig, "\\] [a-z]", rest);
	CHECK_EQ(unlinkat(rig.dirfd, "console.idx", 0), 0);
	CHECK_EQ(unlinkat(rig.dirfd, "console.raw", 0), 0);
	console_free(rig.c);
	strbuf_release(&rig.seen);
	close(rig.dirfd);
	close(rig.peer);
}

TEST(a_prompt_that_a_kernel_line_broke_is_found)
{
	check_broken_prompt("virt:~# [   12.345678] random: crng init done\r\n", "] r");
	check_broken_prompt("virt:~# [    0.000000][    T1] x\r\n", "] x");
	check_broken_prompt("virt:~# [ 1234.567890] a [ 1234.567891] b\n", "] a");
	check_broken_prompt("virt:~# [   12.345678] still coming", "] s");
}

TEST(brackets_that_are_no_printk_stamp_end_no_line)
{
	struct rig rig = { 0 };

	START(&rig);
	say(&rig, "# [ok] # [1.5] # [  12.34567] x\r\n[   1.234567] eth0: up\r\n");
	check_absent(&rig, "# $");
	finish(&rig);
}

TEST(an_anchored_pattern_ends_before_the_carriage_return_of_a_line)
{
	struct rig rig = { 0 };

	START(&rig);
	say(&rig, "Starting kernel ...\r\r\n\r\n");
	check_found(&rig, "Starting kernel \\.\\.\\.$", "Starting kernel ...");
	finish(&rig);
}

TEST(a_line_pattern_waits_for_the_whole_line_and_gives_its_groups)
{
	struct rig rig = { 0 };
	struct pattern_match m;
	struct console_hit hit;
	struct pattern *p;
	struct err err = ERR_INIT;
	size_t len;

	START(&rig);
	CHECK_EQ(pattern_new_line("(?P<name>\\w+) took (?P<ms>\\d+)", &p, &err), 0);
	say(&rig, "read took 12");
	CHECK_EQ(console_wait(rig.c, &p, 1, deadline_in_ms(5), &hit, &err), -ETIMEDOUT);
	say(&rig, "34 ms\r\nwrite took 5");
	CHECK_EQ(console_wait(rig.c, &p, 1, deadline_in_ms(5000), &hit, &err), 0);
	CHECK_STR(hit.text, "read took 1234");
	const char *text = console_matched(rig.c, &len);
	CHECK_EQ(len, strlen("read took 1234 ms\r\n"));
	CHECK(pattern_group(p, "ms", &m));
	CHECK_EQ(m.end - m.start, 4);
	CHECK_EQ(strncmp(text + m.start, "1234", 4), 0);
	CHECK_EQ(console_wait(rig.c, &p, 1, deadline_in_ms(5), &hit, &err), -ETIMEDOUT);
	pattern_free(p);
	finish(&rig);
}

TEST(what_matched_is_given_clean_and_cut)
{
	_cleanup_free_ char *text = xmalloc(1001);
	struct console_hit hit;
	struct err err = ERR_INIT;
	struct rig rig = { 0 };

	START(&rig);
	memset(text, 'x', 1000);
	memcpy(text, "A\033[31mB\001C", 9);
	text[1000] = '\0';
	say(&rig, text);
	say(&rig, "\n");
	CHECK_EQ(wait_for(&rig, "A.*", 5000, &hit, &err), 0);
	CHECK_EQ(strncmp(hit.text, "ABCxxx", 6), 0);
	CHECK_EQ(strlen(hit.text), 255);
	finish(&rig);
}

static pid_t flood(int fd, size_t len, size_t chunk, const char *end)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	_cleanup_free_ char *buf = xmalloc(chunk);
	memset(buf, 'x', chunk);
	while (len) {
		size_t n = len < chunk ? len : chunk;

		if (io_write_all(fd, buf, n))
			_exit(1);
		len -= n;
	}
	_exit(io_write_all(fd, end, strlen(end)) != 0);
}

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double flood_cost(struct rig *rig, size_t len, const char *end)
{
	struct console_hit hit;
	struct err err = ERR_INIT;
	double before = cpu_s();
	int status;
	pid_t pid = flood(rig->peer, len, 1000, end);

	CHECK_EQ(wait_for(rig, "login: $", 25000, &hit, &err), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	return cpu_s() - before;
}

TEST(a_line_of_three_megabytes_costs_three_times_one_of_one)
{
	struct rig rig = { 0 };

	START(&rig);
	double one = flood_cost(&rig, 1 << 20, "login: ");
	double three = flood_cost(&rig, 3 << 20, "login: ");
	if (three > 6 * one + 0.3)
		tap_fail(__FILE__, __LINE__, "1 MiB took %.3f s, 3 MiB %.3f s", one,
			 three);
	CHECK_EQ(console_offset(rig.c), (4 << 20) + 14);
	finish(&rig);
}

TEST(an_idle_wait_ticks)
{
	struct rig rig = { 0 };
	struct err err = ERR_INIT;

	START(&rig);
	CHECK_EQ(console_wait_fd(rig.c, -1, deadline_in_ms(450), &err), 0);
	CHECK(rig.ticks >= 2);
	finish(&rig);
}

TEST(cancel_ends_every_wait_unless_it_is_masked)
{
	struct rig rig = { 0 };
	struct console_hit hit;
	struct err err = ERR_INIT;
	int fds[2];

	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	START(&rig, .cancel_fd = fds[0]);
	say(&rig, "x");
	CHECK_EQ(write(fds[1], "c", 1), 1);
	console_mask_cancel(rig.c, true);
	pump(&rig);
	CHECK(!console_was_canceled(rig.c));
	console_mask_cancel(rig.c, false);
	CHECK_EQ(wait_for(&rig, "never", 20000, &hit, &err), -ECANCELED);
	CHECK_EQ(err.class, ERR_CANCELED);
	CHECK(console_was_canceled(rig.c));
	CHECK_EQ(console_wait_fd(rig.c, -1, deadline_in_ms(20000), &err), -ECANCELED);
	CHECK_EQ(console_send(rig.c, "x", 1, 0, deadline_in_ms(20000), &err), -ECANCELED);
	console_mask_cancel(rig.c, true);
	pump(&rig);
	finish(&rig);
}

TEST(an_observer_stops_the_wait_before_the_prompt_counts)
{
	struct rig rig = { .stop_at = "panic" };
	struct console_hit hit;
	struct err err = ERR_INIT;

	START(&rig);
	say(&rig, "Kernel panic\r\n# ");
	CHECK_EQ(wait_for(&rig, "# $", 20000, &hit, &err), -EINTR);
	CHECK_EQ(err.class, ERR_NONE);
	CHECK_EQ(wait_for(&rig, "# $", 20000, &hit, &err), -EINTR);
	console_resume(rig.c);
	check_found(&rig, "# $", "# ");
	finish(&rig);
}

TEST(a_wait_for_a_descriptor_serves_the_console)
{
	struct rig rig = { 0 };
	struct err err = ERR_INIT;
	int fds[2];

	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	START(&rig);
	say(&rig, "while we wait");
	CHECK_EQ(console_wait_fd(rig.c, fds[0], deadline_in_ms(5), &err), -ETIMEDOUT);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(console_wait_fd(rig.c, fds[0], deadline_in_ms(20000), &err), 0);
	CHECK_STR(strbuf_str(&rig.seen), "while we wait");
	finish(&rig);
}

TEST(an_end_of_the_stream_is_a_gap_until_it_is_open_again)
{
	struct rig rig = { 0 };
	struct console_hit hit;
	struct err err = ERR_INIT;
	int fds[2];

	START(&rig, .reopen = reopen);
	say(&rig, "before");
	close(TAKE_FD(rig.peer));
	CHECK_EQ(wait_for(&rig, "after", 150, &hit, &err), -ETIMEDOUT);
	CHECK(rig.n_reopens >= 1);
	CHECK(!console_is_attached(rig.c));
	/* An attempt that failed is no error of this wait. */
	CHECK_EQ(err.class, ERR_NONE);
	CHECK_EQ(rig.n_gaps, 0);
	line_pair(fds);
	rig.peer = fds[1];
	rig.reopen_fd = fds[0];
	say(&rig, "after");
	check_found(&rig, "after", "after");
	CHECK_EQ(rig.n_gaps, 1);
	CHECK_EQ(rig.gap_offset, 6);
	finish(&rig);
}

TEST(a_console_that_stays_away_is_a_lab_fault)
{
	struct rig rig = { 0 };
	struct console_hit hit;
	struct err err = ERR_INIT;

	START(&rig, .reopen = reopen, .gap_ms = 60);
	close(TAKE_FD(rig.peer));
	CHECK_EQ(wait_for(&rig, "x", 20000, &hit, &err), -ENOLINK);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "console lost for");
	CHECK_EQ(console_wait_fd(rig.c, -1, deadline_in_ms(20000), &err), -ENOLINK);
	/* The power goes off all the same. */
	console_expect_eof(rig.c, true);
	pump(&rig);
	finish(&rig);
}

TEST(a_console_that_cannot_be_opened_again_is_a_lab_fault)
{
	struct rig rig = { 0 };
	struct console_hit hit;
	struct err err = ERR_INIT;

	START(&rig, .gap_ms = 30);
	say(&rig, "last words");
	close(TAKE_FD(rig.peer));
	CHECK_EQ(wait_for(&rig, "x", 20000, &hit, &err), -ENOLINK);
	CHECK_STR(strbuf_str(&rig.seen), "last words");
	finish(&rig);
}

TEST(a_stream_that_ends_while_the_board_is_off_is_no_loss_and_comes_back)
{
	struct rig rig = { 0 };
	struct err err = ERR_INIT;
	int fds[2];

	START(&rig, .reopen = reopen, .gap_ms = 40);
	console_expect_eof(rig.c, true);
	close(TAKE_FD(rig.peer));
	CHECK_EQ(console_wait_fd(rig.c, -1, deadline_in_ms(120), &err), 0);
	CHECK(!console_is_attached(rig.c));
	line_pair(fds);
	rig.peer = fds[1];
	rig.reopen_fd = fds[0];
	console_expect_eof(rig.c, false);
	say(&rig, "U-Boot SPL");
	check_found(&rig, "U-Boot", "U-Boot");
	finish(&rig);
}

TEST(the_bytes_still_in_the_line_are_read_before_it_is_closed)
{
	struct rig rig = { 0 };

	START(&rig);
	say(&rig, "last words");
	console_detach(rig.c);
	CHECK(!console_is_attached(rig.c));
	CHECK_STR(strbuf_str(&rig.seen), "last words");
	check_found(&rig, "words", "words");
	finish(&rig);
}

TEST(the_record_stops_at_its_limit)
{
	struct rig rig = { 0 };
	struct console_hit hit;
	struct err err = ERR_INIT;

	START(&rig, .max_bytes = 10);
	say(&rig, "0123456789ABCDEF");
	CHECK_EQ(wait_for(&rig, "F", 20000, &hit, &err), -EFBIG);
	CHECK_EQ(err.class, ERR_LAB);
	say(&rig, "more");
	CHECK_EQ(wait_for(&rig, "F", 20000, &hit, &err), -EFBIG);
	CHECK_STR(strbuf_str(&rig.seen), "0123456789");
	finish(&rig);
}

TEST(a_limit_that_is_met_exactly_is_no_error)
{
	struct rig rig = { 0 };

	START(&rig, .max_bytes = 10);
	say(&rig, "012345678#");
	check_found(&rig, "#", "#");
	finish(&rig);
}

TEST(a_board_that_takes_no_bytes_does_not_stop_the_record)
{
	_cleanup_free_ char *text = xcalloc(1, 4 << 20);
	struct err err = ERR_INIT;
	struct rig rig = { 0 };

	START(&rig);
	memset(text, 'y', 50000);
	text[50000] = '\0';
	say(&rig, text);
	memset(text, 'z', 4 << 20);
	CHECK_EQ(console_send(rig.c, text, 4 << 20, 0, deadline_in_ms(200), &err), -EIO);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_EQ(console_offset(rig.c), 50000);
	finish(&rig);
}

TEST(what_is_typed_arrives_in_order_though_the_board_talks_meanwhile)
{
	enum { N = 1 << 20 };
	_cleanup_free_ char *text = xmalloc(N);
	struct err err = ERR_INIT;
	struct rig rig = { 0 };
	struct console_hit hit;
	int status;

	START(&rig);
	for (size_t i = 0; i < N; i++)
		text[i] = (char)('a' + i % 23);
	pid_t pid = fork();
	if (pid == 0) {
		/* The board echoes 1 KiB for each that it takes. */
		char buf[1024];
		size_t got = 0;

		while (got < N) {
			ssize_t n = read(rig.peer, buf, sizeof(buf));

			if (n <= 0 || memcmp(buf, text + got, (size_t)n) != 0 ||
			    io_write_all(rig.peer, buf, (size_t)n))
				_exit(1);
			got += (size_t)n;
		}
		_exit(io_write_all(rig.peer, "\n# ", 3) != 0);
	}
	CHECK_EQ(console_send(rig.c, text, N, 0, deadline_in_ms(20000), &err), 0);
	CHECK_EQ(wait_for(&rig, "^# $", 20000, &hit, &err), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(console_offset(rig.c), N + 3);
	finish(&rig);
}

TEST(a_pause_between_typed_bytes_is_kept)
{
	struct rig rig = { 0 };
	struct err err = ERR_INIT;
	char buf[8];

	START(&rig);
	int64_t begin = clock_now_ns();
	CHECK_EQ(console_send(rig.c, "abcd\n", 5, 3000, deadline_in_ms(20000), &err), 0);
	CHECK(clock_now_ns() - begin >= INT64_C(12000000));
	CHECK_EQ(read(rig.peer, buf, sizeof(buf)), 5);
	CHECK_EQ(memcmp(buf, "abcd\n", 5), 0);
	finish(&rig);
}

TEST(typing_at_a_line_that_is_gone_fails_in_time)
{
	struct rig rig = { 0 };
	struct err err = ERR_INIT;

	START(&rig);
	close(TAKE_FD(rig.peer));
	CHECK_EQ(console_send(rig.c, "x", 1, 0, deadline_in_ms(100), &err), -EIO);
	CHECK_EQ(err.class, ERR_LAB);
	finish(&rig);
}

TEST(a_pty_is_raw_and_its_hang_up_is_an_end)
{
	struct rig rig = { 0 };
	struct board_console bc = { .transport = BOARD_CONSOLE_PTY };
	struct console_hit hit;
	struct err err = ERR_INIT;
	char buf[16], slave[64];
	struct stream *stream = NULL, *other = NULL;

	START(&rig, .gap_ms = 30);
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(master >= 0);
	CHECK_EQ(grantpt(master), 0);
	CHECK_EQ(unlockpt(master), 0);
	CHECK_EQ(ptsname_r(master, slave, sizeof(slave)), 0);
	bc.device = slave;
	CHECK_EQ(stream_open(&bc, deadline_in_ms(1000), &stream, &err), 0);
	console_attach(rig.c, stream);
	CHECK_EQ(write(master, "a\r\n\003# ", 6), 6);
	check_found(&rig, "# $", "# ");
	CHECK_EQ(rig.seen.len, 6);
	CHECK_EQ(console_send(rig.c, "x\n", 2, 0, deadline_in_ms(5000), &err), 0);
	CHECK_EQ(read(master, buf, sizeof(buf)), 2);
	/* No second program may open the line meanwhile. */
	CHECK_EQ(stream_open(&bc, deadline_in_ms(1000), &other, &err), -EBUSY);
	close(master);
	CHECK_EQ(wait_for(&rig, "y", 20000, &hit, &err), -ENOLINK);
	finish(&rig);
}

TEST(bytes_that_come_close_together_share_a_line_of_the_index)
{
	struct rig rig = { 0 };

	clock_pin_ns(INT64_C(1000000000));
	START(&rig);
	for (int i = 0; i < 100; i++) {
		struct console_hit hit;
		struct err err = ERR_INIT;

		clock_pin_ns(INT64_C(1000000000) + i * 100000);
		say(&rig, i == 99 ? "#" : ".");
		CHECK_EQ(wait_for(&rig, i == 99 ? "#" : "\\.", 1000, &hit, &err), 0);
	}
	struct strbuf idx = record(&rig, "console.idx");
	size_t lines = 0;
	for (size_t i = 0; i < idx.len; i++)
		lines += idx.buf[i] == '\n';
	CHECK_EQ(lines, 5); /* 10 ms at one line for each 2 ms */
	strbuf_release(&idx);
	clock_pin_ns(0);
	finish(&rig);
}

/* A line whose BREAK and counters the case sees. */
struct uart {
	struct stream s;
	struct stream_errors n;
	uint32_t n_on, n_off;
};

static int uart_set_break(struct stream *s, bool on, struct err *err)
{
	struct uart *u = (struct uart *)s;

	*(on ? &u->n_on : &u->n_off) += 1;
	return 0;
}

static int uart_errors(struct stream *s, struct stream_errors *total)
{
	*total = ((struct uart *)s)->n;
	return 0;
}

static struct uart *attach_uart(struct rig *rig)
{
	static const struct stream_ops ops = { .set_break = uart_set_break,
					       .errors = uart_errors };
	struct uart *u = xcalloc(1, sizeof(*u));
	int fds[2];

	close(rig->peer);
	line_pair(fds);
	CHECK_EQ(io_set_nonblock(fds[0], true), 0);
	u->s.ops = &ops;
	u->s.fd = fds[0];
	rig->peer = fds[1];
	console_attach(rig->c, &u->s);
	return u;
}

TEST(a_break_has_its_length_and_the_console_is_served_meanwhile)
{
	struct rig rig = { .stop_at = "sysrq" };
	struct err err = ERR_INIT;

	START(&rig);
	struct uart *u = attach_uart(&rig);
	say(&rig, "sysrq: HELP");
	int64_t begin = clock_now_ns();
	CHECK_EQ(console_break(rig.c, 20, &err), 0);
	CHECK(clock_now_ns() - begin >= INT64_C(20000000));
	CHECK_EQ(u->n_on, 1);
	CHECK_EQ(u->n_off, 1);
	CHECK_STR(strbuf_str(&rig.seen), "sysrq: HELP");
	/* What stopped the waits stops the next one. */
	CHECK_EQ(console_wait_fd(rig.c, -1, deadline_in_ms(2000), &err), -EINTR);
	finish(&rig);
}

TEST(a_console_without_a_break_says_so)
{
	struct rig rig = { 0 };
	struct err err = ERR_INIT;

	START(&rig);
	CHECK_EQ(console_break(rig.c, 20, &err), -EOPNOTSUPP);
	CHECK_EQ(console_hold_tx_low(rig.c, true, &err), -EOPNOTSUPP);
	CHECK_EQ(console_hold_tx_low(rig.c, false, &err), 0);
	CHECK_EQ(err.class, ERR_NONE);
	finish(&rig);
}

TEST(tx_that_is_held_low_stays_low_through_a_break_and_a_new_stream)
{
	struct rig rig = { 0 };
	struct err err = ERR_INIT;

	START(&rig);
	struct uart *u = attach_uart(&rig);
	CHECK_EQ(console_hold_tx_low(rig.c, true, &err), 0);
	CHECK_EQ(console_break(rig.c, 1, &err), 0);
	CHECK(u->s.is_break_on);
	CHECK_EQ(u->n_off, 0);
	u = attach_uart(&rig);
	CHECK_EQ(u->n_on, 1);
	CHECK_EQ(console_hold_tx_low(rig.c, false, &err), 0);
	CHECK(!u->s.is_break_on);
	finish(&rig);
}

TEST(what_the_receiver_counts_is_told_once)
{
	struct rig rig = { 0 };
	struct err err = ERR_INIT;

	START(&rig);
	struct uart *u = attach_uart(&rig);
	u->n = (struct stream_errors){ .overrun = 2, .frame = 5 };
	CHECK_EQ(console_wait_fd(rig.c, -1, deadline_in_ms(1300), &err), 0);
	CHECK_EQ(rig.n_line_errors, 1);
	CHECK_EQ(rig.line_errors.overrun, 2);
	u->n.frame = 7;
	console_detach(rig.c);
	CHECK_EQ(rig.n_line_errors, 2);
	CHECK_EQ(rig.line_errors.overrun, 0);
	CHECK_EQ(rig.line_errors.frame, 2);
	finish(&rig);
}

TESTS(T(a_prompt_split_over_reads_is_found_once_it_is_whole),
      T(a_prompt_with_a_terminal_command_behind_it_is_found_in_one_read_too),
      T(each_match_moves_the_mark_behind_itself), T(a_mark_forgets_what_came_before),
      T(what_came_while_nobody_waited_is_found),
      T(lines_that_one_wait_searched_in_vain_are_there_for_another_pattern),
      T(the_first_line_decides_then_the_order_of_the_patterns),
      T(a_prompt_that_a_kernel_line_broke_is_found),
      T(brackets_that_are_no_printk_stamp_end_no_line),
      T(an_anchored_pattern_ends_before_the_carriage_return_of_a_line),
      T(a_line_pattern_waits_for_the_whole_line_and_gives_its_groups),
      T(what_matched_is_given_clean_and_cut),
      T(a_line_of_three_megabytes_costs_three_times_one_of_one), T(an_idle_wait_ticks),
      T(cancel_ends_every_wait_unless_it_is_masked),
      T(an_observer_stops_the_wait_before_the_prompt_counts),
      T(a_wait_for_a_descriptor_serves_the_console),
      T(an_end_of_the_stream_is_a_gap_until_it_is_open_again),
      T(a_console_that_stays_away_is_a_lab_fault),
      T(a_console_that_cannot_be_opened_again_is_a_lab_fault),
      T(a_stream_that_ends_while_the_board_is_off_is_no_loss_and_comes_back),
      T(the_bytes_still_in_the_line_are_read_before_it_is_closed),
      T(the_record_stops_at_its_limit), T(a_limit_that_is_met_exactly_is_no_error),
      T(a_board_that_takes_no_bytes_does_not_stop_the_record),
      T(what_is_typed_arrives_in_order_though_the_board_talks_meanwhile),
      T(a_pause_between_typed_bytes_is_kept),
      T(typing_at_a_line_that_is_gone_fails_in_time),
      T(a_pty_is_raw_and_its_hang_up_is_an_end),
      T(a_break_has_its_length_and_the_console_is_served_meanwhile),
      T(a_console_without_a_break_says_so),
      T(tx_that_is_held_low_stays_low_through_a_break_and_a_new_stream),
      T(what_the_receiver_counts_is_told_once),
      T(bytes_that_come_close_together_share_a_line_of_the_index))
