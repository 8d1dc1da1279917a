// SPDX-License-Identifier: GPL-2.0-or-later
/* `boot:` of a board file, as far as the dialogue with the boot loader goes. */
#include "board_text.h"

static char *board_with(const char *boot)
{
	return xasprintf("board: v\nconsole: {transport: qemu}\n"
			 "power: {backend: qemu, qemu: {args: [-M, virt]}}\n"
			 "boot: {tftp: {root: t}, %s}\n",
			 boot);
}

static struct board_spec *load(const char *boot)
{
	_cleanup_free_ char *text = board_with(boot);

	return board_of(text);
}

static void check_refused(const char *boot, const char *want)
{
	_cleanup_free_ char *text = board_with(boot);

	check_board_messages(text, want);
}

static void check_lines(const struct strvec *sv, const char *want)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < sv->n; i++)
		strbuf_addf(&sb, "%s%s", i ? "; " : "", sv->v[i]);
	CHECK_STR(strbuf_str(&sb), want);
}

TEST(each_way_to_boot_has_its_commands)
{
	static const struct {
		const char *boot, *network, *commands;
	} cases[] = {
		{ "method: pxe", "dhcp",
		  "setenv pxe_label_override {label}; pxe get; pxe boot" },
		{ "network: {ipaddr: 10.0.0.2, gateway: 10.0.0.1, serverip: 10.0.0.9}",
		  "setenv ipaddr 10.0.0.2; setenv netmask 255.255.255.0; setenv gatewayip "
		  "10.0.0.1; setenv serverip 10.0.0.9",
		  "setenv pxe_label_override {label}; setenv bootfile; pxe get; pxe boot" },
		{ "server_ip: 10.0.0.9, network: {ipaddr: 10.0.0.2, netmask: 255.0.0.0}",
		  "setenv ipaddr 10.0.0.2; setenv netmask 255.0.0.0; setenv serverip 10.0.0.9",
		  "setenv pxe_label_override {label}; setenv bootfile; pxe get; pxe boot" },
		{ "method: sysboot, media: {commands: [pci enum, nvme scan], device: 'nvme 0:1'}",
		  "",
		  "pci enum; nvme scan; sysboot nvme 0:1 any ${scriptaddr} /extlinux/extlinux.conf" },
		{ "method: bootflow", "", "bootflow scan" },
		{ "method: script", "dhcp",
		  "tftpboot ${scriptaddr} {SCRIPT}; source ${scriptaddr}" },
		{ "method: script, never_stop: true", "", "" },
		{ "network: [usb start, dhcp], boot_commands: [run mine]",
		  "usb start; dhcp", "run mine" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_board_spec_ struct board_spec *b = load(cases[i].boot);

		check_lines(&b->boot.network, cases[i].network);
		check_lines(&b->boot.boot_commands, cases[i].commands);
	}
}

TEST(keys_paces_and_module_names_are_brought_into_their_form)
{
	_cleanup_board_spec_ struct board_spec *b =
		load("interrupt_ctrl_list: [c, d], provenance_modules: snd-usb-audio, "
		     "line_max: 0, line_delay: 0.05, interrupt_early: true, "
		     "interrupt_delay: {milliseconds: 20}, method: script");

	CHECK_STR(b->boot.interrupt_char, "\003\004");
	CHECK_STR(b->boot.provenance_modules.v[0], "snd_usb_audio");
	CHECK_EQ(b->boot.line_max, 0);
	CHECK_EQ(b->boot.line_delay_ms, 50);
	CHECK_EQ(b->boot.interrupt_delay_ms, 20);
	CHECK(b->boot.interrupt_early);
	CHECK_STR(b->boot.script, "boot.scr.uimg");
}

TEST(what_is_no_word_key_or_address_is_refused_at_its_place)
{
	check_refused(
		"method: net, interrupt_char: x, interrupt_ctrl_list: [c, C], network: {ipaddr: 1.2.3, serverip: 10.0.0.9}, provenance_modules: [a/b], script: /x",
		"t.yaml:4:33: boot.method is \"net\"; expected one of: pxe, sysboot, bootflow, script\n"
		"t.yaml:4:57: boot has interrupt_char and interrupt_ctrl_list; expected one of them\n"
		"t.yaml:4:78: boot.interrupt_ctrl_list has \"C\"; expected one letter, such as c for Ctrl-C\n"
		"t.yaml:4:104: boot.network.ipaddr is \"1.2.3\"; expected an IPv4 address such as 192.168.5.20\n"
		"t.yaml:4:153: boot.provenance_modules has \"a/b\"; expected names of kernel modules, such as videobuf2_common\n"
		"t.yaml:4:167: boot.script is \"/x\"; expected a path below tftp.root, of letters, digits and / . _ - + @ : = % ~\n");
}

TEST(what_does_not_go_together_is_refused)
{
	check_refused(
		"method: sysboot",
		"t.yaml:4:7: boot.method: sysboot does not say from where; expected media: {device: nvme 0:1}\n");
	check_refused(
		"media: {device: 'nvme 0:1'}",
		"t.yaml:4:7: boot.media is of no use here; expected method: sysboot\n");
	check_refused(
		"script: boot.scr",
		"t.yaml:4:7: boot.script is of no use here; expected method: script\n");
	check_refused(
		"loader_prompt: a, loader_prompt_pattern: b",
		"t.yaml:4:7: boot has loader_prompt and loader_prompt_pattern; expected one of them\n");
	check_refused(
		"method: bootflow, never_stop: true",
		"t.yaml:4:7: boot.method cannot be chosen with never_stop: true, only what is served can; expected pxe or script\n");
	check_refused(
		"network: {ipaddr: 10.0.0.2}",
		"t.yaml:4:34: boot.network without DHCP names no server; expected serverip, or boot.server_ip\n");
	check_refused(
		"line_max: 10, setup: [setenv a 123456789]",
		"t.yaml:4:7: boot.setup has a line of 18 bytes, which U-Boot would cut; expected at most 10 (boot.line_max)\n");
	check_refused(
		"method: sysboot, media: {device: 0:1}",
		"t.yaml:4:58: boot.media.device is \"0:1\"; expected U-Boot's interface and device, such as nvme 0:1\n");
}

static void check_boots(const char *boot, const char *actions, const char *want)
{
	_cleanup_free_ char *board = board_with(boot);
	_cleanup_free_ char *job = xasprintf(
		"job_name: j\ntimeouts: {job: {minutes: 5}, action: {minutes: 2}, "
		"connection: {minutes: 1}}\nactions:\n%s",
		actions);

	check_fit(board, job, want);
}

#define DEPLOY "- deploy: {to: tftp, kernel: {url: /k}}\n"
#define BOOT(commands)                                                                   \
	"- boot: {method: u-boot, commands: " commands ", prompts: ['# ']}\n"
#define SYSBOOT "method: sysboot, media: {device: 'nvme 0:1'}"

TEST(a_job_boots_from_where_the_board_can)
{
	check_boots(SYSBOOT, BOOT("media"), "");
	check_boots("method: bootflow", BOOT("media"), "");
	check_boots("method: bootflow", DEPLOY BOOT("ramdisk"), "");
	check_boots(
		"method: pxe", BOOT("media"),
		"j.yaml:4:3: boot commands: media do not fit board v, which boots from the network; expected boot.method: sysboot or bootflow in /lab/b.yaml\n");
	check_boots(
		SYSBOOT, DEPLOY BOOT("ramdisk"),
		"j.yaml:5:3: boot commands: ramdisk do not fit board v, which boots from its media (boot.method: sysboot); expected commands: media\n");
	check_boots(
		"line_max: 8", DEPLOY BOOT("[setenv a b, boot]"),
		"j.yaml:5:3: boot commands have a line of 10 bytes, which U-Boot would cut; expected at most 8 (boot.line_max of board v)\n");
}

TESTS(T(a_job_boots_from_where_the_board_can), T(each_way_to_boot_has_its_commands),
      T(keys_paces_and_module_names_are_brought_into_their_form),
      T(what_is_no_word_key_or_address_is_refused_at_its_place),
      T(what_does_not_go_together_is_refused))
