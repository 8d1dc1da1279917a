// SPDX-License-Identifier: GPL-2.0-or-later
/* recovery:, repair:, capture:, limits.silence and boot.kernel_defaults of board files.
 */
#include "board_text.h"

#define BOARD                                                                            \
	"board: b\n"                                                                     \
	"device_type: rk3588-rock-5b\n"                                                  \
	"console: {transport: tcp, device: 'h:2000'}\n"                                  \
	"power: {backend: command, on: a, off: b, reset: c, maskrom: m, usb-mux: u}\n"

/* rest stands from line 5 on. */
static void check_bad(const char *rest, const char *want)
{
	_cleanup_free_ char *text = xasprintf(BOARD "%s", rest);

	check_board_messages(text, want);
}

TEST(every_kind_of_rung_is_read)
{
	_cleanup_board_spec_ struct board_spec *b = board_of(
		BOARD
		"boot: {tftp: {root: /srv/tftp}}\n"
		"recovery:\n"
		"- {rung: soft-reboot, prompts: p}\n"
		"- {rung: sysrq-b, prompts: p}\n"
		"- {rung: warm-reset, prompts: p, files: [/sys/fs/pstore/*],\n"
		"   label: {kernel: good/Image, dtb: good/b.dtb, kernel_args: rescue}}\n"
		"- {rung: power-cycle, prompts: p, off_time: 5}\n"
		"- {rung: label, prompts: p, label: {kernel: good/Image}}\n"
		"- {rung: media, prompts: p, mux: usb-mux}\n"
		"- rung: maskrom\n"
		"  prompts: p\n"
		"  commands: [boot]\n"
		"  maskrom:\n"
		"    loader: rk3588.bin\n"
		"    usb: 1-2.3\n"
		"    flash: true\n"
		"    writes: [{storage: spinor, sector: 64, file: u-boot.bin, sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}]\n"
		"repair: [fsck -p /dev/mmcblk0p2]\n");
	const struct board_rung *r = b->recovery;

	CHECK_EQ(b->n_recovery, 7);
	for (int i = 0; i < 7; i++)
		CHECK_EQ(r[i].kind, i);
	CHECK(board_rung_is_warm(r[2].kind) && !board_rung_is_warm(r[3].kind));
	CHECK_STR(r[2].files.v[0], "/sys/fs/pstore/*");
	CHECK_STR(r[2].label->kernel.url, "file:/lab/good/Image");
	CHECK_STR(r[2].label->kernel_args, "rescue");
	CHECK_EQ(r[3].off_ms, 5000);
	CHECK_STR(r[5].mux, "usb-mux");
	CHECK_STR(r[6].maskrom->tool, "rkdeveloptool");
	CHECK_STR(r[6].maskrom->loader, "/lab/rk3588.bin");
	CHECK_STR(r[6].maskrom->usb, "1-2.3");
	CHECK(r[6].maskrom->flash);
	CHECK_STR(r[6].maskrom->writes[0].storage, "spinor");
	CHECK_EQ(r[6].maskrom->writes[0].sector, 64);
	CHECK_STR(r[6].name, "maskrom");
	CHECK_STR(b->repair.v[0], "fsck -p /dev/mmcblk0p2");
}

TEST(a_rung_that_lacks_its_parts_is_refused)
{
	check_bad(
		"recovery:\n"
		"- {rung: label, prompts: p}\n"
		"- {rung: media, prompts: p}\n"
		"- {rung: media, prompts: p, mux: sd-mux}\n"
		"- {rung: power-cycle, prompts: p, label: {kernel: k}}\n",
		"t.yaml:6:3: rung: label has no files; expected label: {kernel: FILE, ...}\n"
		"t.yaml:7:3: rung: media says neither commands nor mux; expected how it is booted\n"
		"t.yaml:8:3: mux: sd-mux is no sequence of power:; expected it there\n"
		"t.yaml:9:3: label is served over TFTP; expected boot.tftp in the board file\n");
}

TEST(what_keeps_ram_comes_before_the_power_is_cut)
{
	check_bad(
		"recovery:\n"
		"- {rung: power-cycle, prompts: p}\n"
		"- {rung: warm-reset, prompts: p}\n",
		"t.yaml:7:3: rung: warm-reset after the power was cut finds nothing in RAM any more; expected it before the others\n");
}

TEST(flash_is_written_only_where_the_file_allows_it)
{
	check_bad(
		"recovery:\n"
		"- rung: maskrom\n"
		"  prompts: p\n"
		"  maskrom: {loader: l, usb: usb1, writes: [{storage: nand, file: f, sha256: abc}]}\n",
		"t.yaml:8:29: recovery.maskrom.usb is \"usb1\"; expected a port such as 1-2.3 (a name below /sys/bus/usb/devices)\n"
		"t.yaml:8:35: recovery.maskrom.writes would write to the board's flash, which is not allowed; expected flash: true beside it\n"
		"t.yaml:8:54: recovery.maskrom.writes.storage is \"nand\"; expected one of: emmc, sd, spinor\n"
		"t.yaml:8:77: recovery.maskrom.writes.sha256 is \"abc\"; expected 64 hex digits in lower case, as sha256sum prints them\n");
}

TEST(btrfs_check_repair_is_left_to_a_person)
{
	check_bad(
		"recovery: [{rung: power-cycle, prompts: p}]\n"
		"repair: [fsck -p /dev/sda1, btrfs check --force --repair /dev/sda2]\n",
		"t.yaml:6:29: repair runs btrfs check --repair, which can destroy the file system; expected it to be typed by a person\n");
}

TEST(silence_has_a_limit_for_each_stage_or_one_for_all)
{
	_cleanup_board_spec_ struct board_spec *each = board_of(
		BOARD
		"limits: {silence: {kernel: {seconds: 20}, userspace: 90, u-boot: 40}}\n");
	_cleanup_board_spec_ struct board_spec *one =
		board_of(BOARD "limits: {silence: {seconds: 7}}\n");

	CHECK_EQ(each->limits.silence_ms, 60000);
	CHECK_EQ(each->limits.silence_stage_ms[STAGE_KERNEL], 20000);
	CHECK_EQ(each->limits.silence_stage_ms[STAGE_USERSPACE], 90000);
	CHECK_EQ(each->limits.silence_stage_ms[STAGE_UBOOT], 40000);
	CHECK_EQ(each->limits.silence_stage_ms[STAGE_STARTING], 0);
	CHECK_EQ(one->limits.silence_ms, 7000);
	CHECK_EQ(one->limits.silence_stage_ms[STAGE_KERNEL], 0);
}

TEST(capture_asks_only_what_changes_nothing)
{
	_cleanup_board_spec_ struct board_spec *b = board_of(
		BOARD "capture: {sysrq: [w, t], timeout: 20, quiet: 0.5, bytes: 4096}\n");
	_cleanup_board_spec_ struct board_spec *off =
		board_of(BOARD "capture: {sysrq: []}\n");

	CHECK(b->capture.given);
	CHECK_STR(b->capture.keys, "wt");
	CHECK_EQ(b->capture.timeout_ms, 20000);
	CHECK_EQ(b->capture.quiet_ms, 500);
	CHECK_EQ(b->capture.bytes, 4096);
	CHECK_STR(off->capture.keys, "");
	check_bad(
		"capture: {sysrq: [w, c]}\n",
		"t.yaml:5:22: capture.sysrq has \"c\"; expected each of w, l, d, m, t, p, q, z at most once\n");
}

TEST(kernel_defaults_are_the_socs_unless_the_file_says_otherwise)
{
	_cleanup_board_spec_ struct board_spec *soc =
		board_of(BOARD "boot: {tftp: {root: /t}}\n");
	_cleanup_board_spec_ struct board_spec *none =
		board_of(BOARD "boot: {tftp: {root: /t}, kernel_defaults: none}\n");
	_cleanup_board_spec_ struct board_spec *own =
		board_of(BOARD "boot: {tftp: {root: /t}, kernel_defaults: [panic=3]}\n");

	CHECK_STR(soc->boot.kernel_defaults.v[0], "sysrq_always_enabled");
	CHECK_STR(soc->boot.kernel_defaults.v[1], "oops=panic");
	CHECK_EQ(none->boot.kernel_defaults.n, 1);
	CHECK_STR(none->boot.kernel_defaults.v[0], "");
	CHECK_EQ(own->boot.kernel_defaults.n, 1);
	CHECK_STR(own->boot.kernel_defaults.v[0], "panic=3");
	check_bad(
		"boot: {tftp: {root: /t}, kernel_defaults: rk3399}\n",
		"t.yaml:5:43: boot.kernel_defaults is \"rk3399\"; expected rk3588, none or a list of words\n");
}

TESTS(T(every_kind_of_rung_is_read), T(a_rung_that_lacks_its_parts_is_refused),
      T(what_keeps_ram_comes_before_the_power_is_cut),
      T(flash_is_written_only_where_the_file_allows_it),
      T(btrfs_check_repair_is_left_to_a_person),
      T(silence_has_a_limit_for_each_stage_or_one_for_all),
      T(capture_asks_only_what_changes_nothing),
      T(kernel_defaults_are_the_socs_unless_the_file_says_otherwise))
