// SPDX-License-Identifier: GPL-2.0-or-later
/* Board files: what they may say, and whether a job fits. */
#include <fcntl.h>

#include "board_text.h"
#include "util/io.h"

#define MINIMAL                                                                          \
	"board: desk\nconsole: {transport: pty, device: /dev/ttyUSB0}\n"                 \
	"power: {backend: none}\n"

#define POWERED                                                                          \
	"board: desk\nconsole: {transport: pty, device: /dev/ttyUSB0}\n"                 \
	"power: {backend: command, on: a, off: b}\n"

TEST(console_and_power_alone_make_a_board)
{
	_cleanup_board_spec_ struct board_spec *b = board_of(MINIMAL);

	CHECK_STR(b->board, "desk");
	CHECK_EQ(b->console.transport, BOARD_CONSOLE_PTY);
	CHECK(b->console.echo_check);
	CHECK(!b->has_boot);
	CHECK_EQ(b->n_recovery, 0);
	CHECK_EQ(b->limits.console_gap_ms, 3000);
	CHECK_EQ(b->limits.silence_ms, 60000);
	CHECK_EQ(b->limits.console_bytes, 1LL << 30);
	CHECK_EQ(b->limits.recovery_ms, 600000);
}

TEST(a_board_with_commands_and_a_ladder_is_read_whole)
{
	_cleanup_board_spec_ struct board_spec *b = board_of(
		"board: bench1\n"
		"device_type: rk3588-rock-5b\n"
		"console: {transport: tcp, device: 'ser2net:2000', type_delay: 0.005, echo_check: no}\n"
		"power:\n"
		"  backend: command\n"
		"  on: ['{board_dir}/pdu on 3', sleep 0]\n"
		"  off: pdu off 3\n"
		"  reset: pdu reset 3\n"
		"  on_settle: {milliseconds: 200}\n"
		"  off_settle: 3\n"
		"boot:\n"
		"  mac: 52-54-00-AB-CD-EF\n"
		"  kernel_args: console=ttyS2,1500000\n"
		"  tftp: {root: ../tftp, subdir: bench1, verify: 'tftp://192.168.5.1'}\n"
		"  server_ip: 192.168.5.1\n"
		"  addresses: {kernel: 0x02000000, ramdisk: 0x12180000, dtb: 12000000}\n"
		"recovery:\n"
		"  - {rung: warm-reset, prompts: '# ', harvest: dmesg}\n"
		"  - {rung: power-cycle, name: cold, prompts: ['# '], timeout: {minutes: 1}}\n"
		"limits: {silence: 20, console_bytes: 1048576}\n"
		"user_commands: {usb-off: {do: 'uhubctl -a 0', undo: 'uhubctl -a 1'}}\n"
		"tags: [hdmi]\n");

	CHECK_EQ(b->console.type_delay_us, 5000);
	CHECK(!b->console.echo_check);
	CHECK_STR(board_power_sequence(&b->power, "on")->shell,
		  "/lab/pdu on 3 && sleep 0");
	CHECK_EQ(b->power.on_settle_ms, 200);
	CHECK_EQ(b->power.off_settle_ms, 3000);
	CHECK_STR(b->boot.mac, "52:54:00:ab:cd:ef");
	CHECK_STR(b->boot.tftp_root, "/tftp");
	CHECK_STR(b->boot.tftp_subdir, "bench1");
	CHECK_STR(b->boot.tftp_url, "tftp://192.168.5.1/");
	CHECK(!b->boot.tftp_verify_local);
	CHECK_STR(b->boot.loader_prompt, "=> ");
	CHECK_STR(b->boot.interrupt_char, " ");
	CHECK_EQ(b->boot.network.n, 1);
	CHECK_EQ(b->boot.boot_commands.n, 4);
	CHECK_STR(b->boot.boot_commands.v[1], "setenv bootfile bench1/pxelinux.0");
	CHECK_EQ(b->boot.line_max, 510);
	CHECK_STR(b->boot.dtb_addr, "12000000");
	CHECK_EQ(b->n_recovery, 2);
	CHECK_STR(b->recovery[0].name, "warm-reset");
	CHECK_EQ(b->recovery[0].timeout_ms, 120000);
	CHECK_EQ(b->recovery[1].kind, RUNG_POWER_CYCLE);
	CHECK_EQ(b->recovery[1].timeout_ms, 60000);
	CHECK_EQ(b->limits.silence_ms, 20000);
	CHECK_STR(b->user_commands[0].undo, "uhubctl -a 1");
}

TEST(relay_lines_and_their_sequences_are_read_whole)
{
	_cleanup_board_spec_ struct board_spec *b = board_of(
		GPIO_BOARD
		"    power: {line: bench1-power, active_low: true}\n"
		"    reset: {chip: relays, offset: 1, type: momentary}\n"
		"    maskrom: {path: /dev/gpiochip0, line: m, type: momentary, max_press: 15, only_with: [reset, power]}\n"
		"    sense: {line: bench1-sense, type: input}\n"
		"  on: [{set: power}, {expect: 'DDR'}, {expect_power: on, timeout: 2}]\n"
		"  off: [{clear: power}, {wait: {seconds: 3}}]\n"
		"  reset: [{press: reset, for: {milliseconds: 150}}]\n"
		"  maskrom: [{set: maskrom}, {press: reset}, {wait: 1}, {clear: maskrom}]\n"
		"  to-sd: [{clear: power}]\n"
		"  button: [{press: reset, unless_power: off}, {press: reset, unless_power: on}]\n"
		"  sense: {line: sense, powered: 0}\n");
	const struct board_power *p = &b->power;
	const struct board_sequence *on = board_power_sequence(p, "on");
	const struct board_sequence *maskrom = board_power_sequence(p, "maskrom");

	CHECK_EQ(p->n_lines, 4);
	CHECK_STR(p->lines[0].line, "bench1-power");
	CHECK(p->lines[0].active_low);
	CHECK_EQ(p->lines[0].type, BOARD_LINE_LEVEL);
	CHECK_STR(p->lines[1].chip, "relays");
	CHECK_EQ(p->lines[1].offset, 1);
	CHECK_EQ(p->lines[1].max_press_ms, 2000);
	CHECK_STR(p->lines[2].path, "/dev/gpiochip0");
	CHECK_EQ(p->lines[2].max_press_ms, 15000);
	CHECK_EQ(p->lines[2].only_with.n, 2);
	CHECK(p->has_sense && !p->sense_powered);
	CHECK_EQ(p->sense_line, 3);
	CHECK_EQ(on->n_steps, 3);
	CHECK_EQ(on->steps[1].kind, BOARD_STEP_EXPECT);
	CHECK_STR(on->steps[1].pattern, "DDR");
	CHECK_EQ(on->steps[1].ms, 30000);
	CHECK(on->steps[2].want_on);
	CHECK_EQ(on->steps[2].ms, 2000);
	CHECK_EQ(maskrom->n_steps, 4);
	CHECK_EQ(maskrom->steps[1].ms, 200);
	CHECK(board_sequence_drives(maskrom, 1) && !board_sequence_drives(maskrom, 0));
	CHECK(board_power_has(p, "to-sd") && !board_power_has(p, "from-sd"));
	CHECK_EQ(board_power_sequence(p, "button")->steps[0].unless, BOARD_UNLESS_OFF);
	CHECK_EQ(board_power_sequence(p, "button")->steps[1].unless, BOARD_UNLESS_ON);
	CHECK_EQ(maskrom->steps[0].unless, BOARD_ALWAYS);
}

TEST(commands_have_names_of_their_own_too)
{
	_cleanup_board_spec_ struct board_spec *b = board_of(
		"board: desk\nconsole: {transport: pty, device: /dev/ttyUSB0}\n"
		"power: {backend: command, on: a, off: b, maskrom: m, to-sd: 'mux sd'}\n");

	CHECK(board_power_has(&b->power, "maskrom"));
	CHECK(!board_power_has(&b->power, "reset"));
	CHECK_STR(board_power_sequence(&b->power, "to-sd")->shell, "mux sd");
}

static const char virt[] =
	"board: v\ndevice_type: qemu\nconsole: {transport: qemu}\n"
	"power: {backend: qemu, qemu: {args: [-M, virt, -netdev, 'user,tftp={tftp_root}', 'file={board_dir}/r.img']}}\n"
	"boot: {tftp: {root: t, verify: local}}\n"
	"recovery: [{rung: warm-reset, prompts: x}]\n"
	"tags: [fast]\n"
	"user_commands: {stop: {do: x}}\n";

TEST(the_words_for_qemu_are_kept_but_board_dir_is_replaced)
{
	_cleanup_board_spec_ struct board_spec *b = board_of(virt);

	CHECK_EQ(b->power.backend, BOARD_POWER_QEMU);
	CHECK_STR(b->power.qemu_binary, "qemu-system-aarch64");
	CHECK_STR(b->power.qemu_args.v[3], "user,tftp={tftp_root}");
	CHECK_STR(b->power.qemu_args.v[4], "file=/lab/r.img");
	CHECK_STR(b->boot.tftp_root, "/lab/t");
	CHECK(b->boot.tftp_verify_local);
	CHECK(!b->boot.tftp_url);
}

TEST(a_board_that_cannot_be_stopped_gets_no_commands_to_type)
{
	_cleanup_board_spec_ struct board_spec *b = board_of(
		POWERED
		"boot: {never_stop: true, mac: '52:54:00:12:34:56', tftp: {root: /t, verify: local}}\n");

	CHECK(b->boot.never_stop);
	CHECK_EQ(b->boot.network.n, 0);
	CHECK_EQ(b->boot.boot_commands.n, 0);
}

TEST(files_are_fetched_back_from_the_server_that_the_board_uses)
{
	_cleanup_board_spec_ struct board_spec *remote =
		board_of(MINIMAL "boot: {tftp: {root: /t}, server_ip: 10.0.0.1}\n");
	_cleanup_board_spec_ struct board_spec *local = board_of(
		MINIMAL "boot: {tftp: {root: /t, verify: local}, server_ip: 10.0.0.1}\n");
	_cleanup_board_spec_ struct board_spec *unknown =
		board_of(MINIMAL "boot: {tftp: {root: /t}}\n");

	CHECK_STR(remote->boot.tftp_url, "tftp://10.0.0.1/");
	CHECK(!remote->boot.tftp_verify_local);
	CHECK(local->boot.tftp_verify_local && !local->boot.tftp_url);
	CHECK(unknown->boot.tftp_verify_local && !unknown->boot.tftp_url);
}

#define JOB_MINIMAL                                                                      \
	"job_name: x\ntimeouts: {job: {minutes: 5}}\nactions:\n"                         \
	"- boot: {method: minimal, prompts: ['# ']}\n"                                   \
	"- test: {definitions: [{from: inline, name: a, repository: {run: {steps: ['true']}}}]}\n"
#define JOB_UBOOT                                                                        \
	"job_name: x\ntimeouts: {job: {minutes: 5}}\nactions:\n"                         \
	"- deploy: {to: tftp, kernel: {url: k}, ramdisk: {url: r}}\n"

TEST(a_minimal_job_fits_any_board)
{
	check_fit(MINIMAL, JOB_MINIMAL, "");
	check_fit(virt, JOB_MINIMAL, "");
}

TEST(what_a_board_lacks_is_told_at_the_line_of_the_job)
{
	check_fit(
		MINIMAL,
		JOB_UBOOT "- boot: {method: u-boot, commands: ramdisk, prompts: x}\n",
		"j.yaml:4:3: deploy to: tftp does not fit board desk, which has no boot:; expected boot.tftp in /lab/b.yaml\n"
		"j.yaml:5:3: boot method: u-boot does not fit board desk, which has no boot:; expected method: minimal\n"
		"j.yaml:5:3: boot needs power control, and board desk has power.backend: none; expected another board\n");
	check_fit(
		virt,
		JOB_UBOOT
		"- boot: {method: u-boot, commands: ['tftp {KERNEL_ADDR} {KERNEL}'], prompts: x}\n",
		"j.yaml:5:3: boot uses {KERNEL_ADDR}, which board v does not tell; expected boot.addresses.kernel in /lab/b.yaml\n");
	check_fit(
		virt, JOB_UBOOT "- command: {name: start}\n- command: {name: stop}\n",
		"j.yaml:5:3: command: board v has no user command \"start\"; expected one of: stop\n");
	check_fit(
		virt, "device_type: rk3588\ntags: [fast, hdmi]\n" JOB_MINIMAL,
		"j.yaml:1:14: the job is for device_type rk3588; expected qemu, as board v is\n"
		"j.yaml:2:7: the job asks for the tag hdmi, which board v does not have; expected it under tags in /lab/b.yaml\n");
	check_fit(
		POWERED
		"boot: {never_stop: true, mac: '52:54:00:12:34:56', tftp: {root: /t, verify: local}}\n",
		JOB_UBOOT
		"- boot: {method: u-boot, commands: [a], prompts: x, soft_reboot: reboot}\n",
		"j.yaml:5:3: boot commands cannot be typed on board desk (never_stop); expected commands: ramdisk\n");
}

TEST(a_soft_reboot_is_refused_where_nobody_switches_the_power)
{
	static const char job[] =
		"job_name: x\ntimeouts: {job: {minutes: 5}}\nactions:\n"
		"- boot: {method: minimal, prompts: ['# '], soft_reboot: [reboot, -f]}\n";

	check_fit(POWERED, job, "");
	check_fit(
		MINIMAL, job,
		"j.yaml:4:57: boot.soft_reboot is not supported, and board desk has power.backend: none; expected power control\n");
}

TEST(the_board_of_this_repository_takes_its_jobs)
{
	static const char *const jobs[] = { "jobs/boot.yaml", "jobs/panic-loop.yaml",
					    "jobs/wedge.yaml" };
	_cleanup_board_spec_ struct board_spec *b = NULL;
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;
	int r = board_spec_load("jobs/boards/virt.yaml", &b, &msgs, &err);

	if (r == -ENOENT)
		SKIP("not run at the top of the source tree");
	CHECK_STR(err.msg, "");
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		_cleanup_job_spec_ struct job_spec *job = NULL;

		CHECK_EQ(job_spec_load(jobs[i], &job, &msgs, &err), 0);
		CHECK_EQ(board_spec_fits(b, job, &msgs, &err), 0);
	}
	CHECK_CONTAINS(b->boot.tftp_root, "/build/tftp/virt");
	CHECK_EQ(b->boot.tftp_root[0], '/');
	CHECK(!strstr(b->boot.tftp_root, ".."));
}

TEST(the_first_examples_of_the_manual_are_sound_boards)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	if (io_read_file_at(AT_FDCWD, "docs/board-file.md", 1 << 20, &sb))
		SKIP("not run at the top of the source tree");
	char *at = sb.buf;

	for (int i = 0; i < 2; i++) {
		char *begin = strstr(at, "```yaml\n");
		char *end = begin ? strstr(begin + 8, "```") : NULL;

		CHECK(end);
		*end = '\0';
		at = end + 1;
		_cleanup_board_spec_ struct board_spec *b = board_of(begin + 8);
		CHECK_EQ(b->has_boot, i == 1);
	}
}

TESTS(T(relay_lines_and_their_sequences_are_read_whole),
      T(commands_have_names_of_their_own_too), T(console_and_power_alone_make_a_board),
      T(a_board_with_commands_and_a_ladder_is_read_whole),
      T(the_words_for_qemu_are_kept_but_board_dir_is_replaced),
      T(a_board_that_cannot_be_stopped_gets_no_commands_to_type),
      T(files_are_fetched_back_from_the_server_that_the_board_uses),
      T(a_minimal_job_fits_any_board),
      T(what_a_board_lacks_is_told_at_the_line_of_the_job),
      T(a_soft_reboot_is_refused_where_nobody_switches_the_power),
      T(the_board_of_this_repository_takes_its_jobs),
      T(the_first_examples_of_the_manual_are_sound_boards))
