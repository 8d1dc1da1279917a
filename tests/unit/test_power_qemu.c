// SPDX-License-Identifier: GPL-2.0-or-later
/* A real QEMU machine with U-Boot as a board. */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "power_bench.h"
#include "util/io.h"
#include "util/num.h"

#define FIRMWARE "/usr/lib/u-boot/qemu_arm64/u-boot.bin"

static void set_up_machine(struct bench *b, const char *args)
{
	_cleanup_free_ char *power = xasprintf(
		"console: {transport: qemu}\n"
		"power:\n"
		"  backend: qemu\n"
		"  qemu:\n"
		"    binary: qemu-system-aarch64\n"
		"    args: [-M, virt, -cpu, cortex-a57, -m, 128M, -nodefaults, -display, "
		"none, %s]",
		args);

	if (access("/usr/bin/qemu-system-aarch64", X_OK) != 0)
		SKIP("qemu-system-aarch64 is not installed");
	if (access(FIRMWARE, R_OK) != 0)
		SKIP(FIRMWARE " is not installed");
	set_up(b, power);
}

static void switch_on(struct bench *b)
{
	struct err err = ERR_INIT;

	if (power_on(b->power, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	b->console_fd = power_take_console(b->power);
	CHECK(b->console_fd >= 0);
	CHECK_EQ(power_take_console(b->power), -1);
}

/* Until the machine has said text; what was said before it is forgotten. */
static void wait_said(struct bench *b, const char *text)
{
	struct deadline d = deadline_in_ms(25000);

	for (;;) {
		const char *hit =
			b->said.len ? memmem(b->said.buf, b->said.len, text, strlen(text))
				    : NULL;
		struct pollfd p = { .fd = b->console_fd, .events = POLLIN };

		if (hit) {
			strbuf_drop_front(&b->said,
					  (size_t)(hit - b->said.buf) + strlen(text));
			return;
		}
		if (deadline_passed(d) || b->console_fd < 0)
			tap_fail(__FILE__, __LINE__, "\"%s\" did not come in: %.300s",
				 text, strbuf_str(&b->said));
		if (poll(&p, 1, deadline_poll_ms(d)) > 0)
			drain(b);
	}
}

static void type(struct bench *b, const char *text)
{
	CHECK_EQ(io_write_all(b->console_fd, text, strlen(text)), 0);
}

TEST(a_machine_is_switched_on_reset_and_off)
{
	struct bench b = { 0 };
	struct err err = ERR_INIT;

	set_up_machine(&b, "-bios, " FIRMWARE);
	CHECK(power_can_reset(b.power));
	CHECK_EQ(power_reset(b.power, &err), -ESRCH);
	switch_on(&b);
	wait_said(&b, "U-Boot 20");
	CHECK_EQ(power_check(b.power, &err), 0);
	CHECK_EQ(power_on(b.power, &err), 0); /* on already */
	CHECK_EQ(power_reset(b.power, &err), 0);
	wait_said(&b, "U-Boot 20");
	CHECK_EQ(power_off(b.power, &err), 0);
	CHECK_EQ(power_off(b.power, &err), 0);
	CHECK_EQ(power_check(b.power, &err), 0);
	/* The line ends with the machine. */
	while (b.console_fd >= 0) {
		struct pollfd p = { .fd = b.console_fd, .events = POLLIN };

		CHECK_EQ(poll(&p, 1, 10000), 1);
		drain(&b);
	}
	switch_on(&b);
	wait_said(&b, "U-Boot 20");
	CHECK_EQ(power_reset(b.power, &err), 0);
	wait_said(&b, "U-Boot 20");
	tear_down(&b);
}

/* U-Boot's PL011 driver gives a BREAK to its readers as a NUL, and its shell drops it:
 * what can be seen is that the machine lives on. Nothing hears a BREAK while it is off.
 */
TEST(a_machine_takes_a_break_while_it_runs)
{
	struct bench b = { 0 };
	struct err err = ERR_INIT;
	bool is_powered;

	set_up_machine(&b, "-bios, " FIRMWARE);
	CHECK_EQ(power_send_break(b.power, &err), -ESRCH);
	CHECK_EQ(power_sense(b.power, &is_powered, &err), 0);
	CHECK(!is_powered);
	switch_on(&b);
	wait_said(&b, "Hit any key");
	CHECK_EQ(power_send_break(b.power, &err), 0);
	type(&b, " ");
	wait_said(&b, "=> ");
	CHECK_EQ(power_sense(b.power, &is_powered, &err), 0);
	CHECK(is_powered);
	tear_down(&b);
}

TEST(a_machine_that_floods_its_console_can_be_reset)
{
	struct bench b = { 0 };
	struct err err = ERR_INIT;

	set_up_machine(&b, "-bios, " FIRMWARE);
	switch_on(&b);
	wait_said(&b, "Hit any key");
	type(&b, " ");
	wait_said(&b, "=> ");
	type(&b, "while true; do echo 0123456789012345678901234567890123456789; done\n");
	wait_said(&b, "\n0123456789012345678901234567890123456789");
	strbuf_reset(&b.said);
	CHECK_EQ(power_reset(b.power, &err), 0);
	wait_said(&b, "U-Boot 20");
	CHECK_EQ(power_reset(b.power, &err), 0);
	wait_said(&b, "U-Boot 20");
	tear_down(&b);
}

static int user_monitor(const struct bench *b)
{
	static const char key[] = "BOOTRIG_QMP=";
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	const char *const *env = power_user_env(b->power);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(env);
	while (*env && strncmp(*env, key, strlen(key)) != 0)
		env++;
	CHECK(*env);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", *env + strlen(key));
	CHECK_EQ(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void until_answer(int fd, const char *want)
{
	_cleanup_strbuf_ struct strbuf got = STRBUF_INIT;
	char buf[4096];

	while (!strstr(strbuf_str(&got), want)) {
		ssize_t n = read(fd, buf, sizeof(buf));

		CHECK(n > 0);
		strbuf_add(&got, buf, (size_t)n);
	}
}

TEST(a_machine_whose_processors_stopped_runs_after_a_reset)
{
	struct bench b = { 0 };
	struct err err = ERR_INIT;

	set_up_machine(&b, "-bios, " FIRMWARE);
	switch_on(&b);
	wait_said(&b, "U-Boot 20");
	_cleanup_close_ int fd = user_monitor(&b);
	until_answer(fd, "QMP");
	CHECK_EQ(io_write_all(fd, "{\"execute\":\"qmp_capabilities\"}\n", 31), 0);
	until_answer(fd, "return");
	CHECK_EQ(io_write_all(fd, "{\"execute\":\"stop\"}\n", 19), 0);
	until_answer(fd, "STOP");
	strbuf_reset(&b.said);
	CHECK_EQ(power_reset(b.power, &err), 0);
	wait_said(&b, "U-Boot 20");
	tear_down(&b);
}

TEST(a_machine_that_ends_by_itself_is_noticed)
{
	struct bench b = { 0 };
	struct err err = ERR_INIT;

	set_up_machine(&b, "-no-such-option");
	switch_on(&b);
	while (b.console_fd >= 0) {
		struct pollfd p = { .fd = b.console_fd, .events = POLLIN };

		CHECK_EQ(poll(&p, 1, 10000), 1);
		drain(&b);
	}
	struct deadline d = deadline_in_ms(10000);
	while (!power_check(b.power, &err))
		CHECK(!deadline_passed(d));
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_EQ(err.code, -ECHILD);
	CHECK_CONTAINS(err.msg, "qemu.log");
	CHECK(power_reset(b.power, &err) < 0);
	CHECK_EQ(err.class, ERR_LAB);
	_cleanup_strbuf_ struct strbuf log = STRBUF_INIT;
	_cleanup_free_ char *path = xasprintf("%s/artifacts/qemu.log", b.run_dir);
	CHECK_EQ(io_read_file_at(AT_FDCWD, path, 65536, &log), 0);
	CHECK_CONTAINS(strbuf_str(&log), "no-such-option");
	tear_down(&b);
}

TEST(a_machine_without_its_program_is_a_lab_fault)
{
	struct bench b = { 0 };
	struct err err = ERR_INIT;

	set_up(&b,
	       "console: {transport: qemu}\n"
	       "power: {backend: qemu, qemu: {binary: qemu-nonexistent, args: [-M, virt]}}");
	CHECK_EQ(power_on(b.power, &err), -ENOENT);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "qemu-nonexistent");
	CHECK_EQ(power_take_console(b.power), -1);
	tear_down(&b);
}

/* The only child of a process. */
static pid_t child_of(pid_t pid)
{
	_cleanup_free_ char *path =
		xasprintf("/proc/%d/task/%d/children", (int)pid, (int)pid);
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	uint64_t child = 0;

	CHECK_EQ(io_read_file_at(AT_FDCWD, path, 4096, &sb), 0);
	CHECK_EQ(parse_u64n(strbuf_str(&sb), strcspn(strbuf_str(&sb), " "), 10, 1 << 30,
			    &child),
		 0);
	return (pid_t)child;
}

TEST(a_machine_dies_with_the_process_that_holds_it)
{
	struct bench b = { 0 };
	char ready;
	int fds[2];

	set_up_machine(&b, "-bios, " FIRMWARE);
	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	pid_t worker = fork();
	if (worker == 0) {
		switch_on(&b);
		wait_said(&b, "U-Boot 20");
		CHECK_EQ(write(fds[1], "r", 1), 1);
		pause();
		_exit(1);
	}
	close(fds[1]);
	CHECK_EQ(read(fds[0], &ready, 1), 1);
	pid_t machine = child_of(worker);
	int pidfd = (int)syscall(SYS_pidfd_open, machine, 0);
	CHECK(pidfd >= 0);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	CHECK_EQ(poll(&p, 1, 0), 0);
	CHECK_EQ(kill(worker, SIGKILL), 0);
	CHECK_EQ(poll(&p, 1, 10000), 1);
	CHECK_EQ(waitpid(worker, NULL, 0), worker);
	tear_down(&b);
}

TESTS(T(a_machine_takes_a_break_while_it_runs), T(a_machine_is_switched_on_reset_and_off),
      T(a_machine_that_floods_its_console_can_be_reset),
      T(a_machine_whose_processors_stopped_runs_after_a_reset),
      T(a_machine_that_ends_by_itself_is_noticed),
      T(a_machine_without_its_program_is_a_lab_fault),
      T(a_machine_dies_with_the_process_that_holds_it))
