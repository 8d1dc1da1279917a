// SPDX-License-Identifier: GPL-2.0-or-later
/* Every mistake in a board file, with its place and what was expected. */
#include "board_text.h"

/* Relay lines and their steps, from line 6 on. */
static const struct {
	const char *text, *want;
} bad_gpio[] = {
	{ "    a: {line: l, chip: c, path: /dev/gpiochip0}\n"
	  "    b: {offset: 3}\n"
	  "    c: {}\n"
	  "    d: {line: l, chip: c, offset: 9999, type: pulse, max_press: 0}\n"
	  "    e: {line: e, max_press: 3}\n"
	  "    f: {line: f, type: input, only_with: [a]}\n"
	  "    g: {path: gpiochip0, offset: 1, only_with: [f, g, z]}\n"
	  "  on: [{set: a}]\n"
	  "  off: [{clear: a}]\n",
	  "t.yaml:6:8: power.lines.a has both a chip and a path; expected one of them\n"
	  "t.yaml:7:8: power.lines.b has an offset and no chip; expected chip: LABEL or path: /dev/gpiochipN\n"
	  "t.yaml:8:8: power.lines.c does not say which line it is; expected line: NAME, or chip: LABEL and offset: NUMBER\n"
	  "t.yaml:9:8: power.lines.d has both a line and an offset; expected one of them\n"
	  "t.yaml:9:35: power.lines.d.offset is \"9999\"; expected a whole number from 0 to 4095\n"
	  "t.yaml:9:47: power.lines.d.type is \"pulse\"; expected one of: level, momentary, input\n"
	  "t.yaml:9:54: power.lines.d.max_press has no meaning here; expected it with type: momentary only\n"
	  "t.yaml:9:65: power.lines.d.max_press is 0 ms; expected 1 ms to 10 minutes\n"
	  "t.yaml:10:18: power.lines.e.max_press has no meaning here; expected it with type: momentary only\n"
	  "t.yaml:11:31: power.lines.f.only_with has no meaning here; expected it with a line that is driven\n"
	  "t.yaml:12:5: power.lines.g.only_with names \"f\"; expected another line of power.lines that is driven\n"
	  "t.yaml:12:5: power.lines.g.only_with names \"g\"; expected another line of power.lines that is driven\n"
	  "t.yaml:12:5: power.lines.g.only_with names \"z\"; expected another line of power.lines that is driven\n"
	  "t.yaml:12:15: power.lines.g.path is \"gpiochip0\"; expected a path such as /dev/gpiochip0\n" },
	{ "    power: {line: l}\n"
	  "    again: {line: l}\n"
	  "    bad name: {line: m}\n"
	  "  on: []\n"
	  "  off: {clear: power}\n",
	  "t.yaml:7:5: power.lines.again is the line that \"power\" is already; expected each line once\n"
	  "t.yaml:8:5: the name of a line is \"bad name\"; expected letters, digits, \"-\", \"_\" and \".\" only\n"
	  "t.yaml:9:7: power.on is no list of steps; expected 1 to 64, such as [{set: power}]\n"
	  "t.yaml:10:8: power.off is no list of steps; expected 1 to 64, such as [{set: power}]\n" },
	{ "    power: {line: p}\n"
	  "    reset: {line: r, type: momentary, max_press: 1}\n"
	  "    seen: {line: s, type: input}\n"
	  "  on: [{set: pwer}, {set: seen}, {press: power}, {press: reset, for: 2}, power]\n"
	  "  off: [{clear: power, wait: 3}, {}, {wait: 3, for: 1}, {wait: {hours: 1}}, {expect: '('}]\n"
	  "  reset: [{expect_power: maybe}, {expect_power: on, timeout: 1}, {set: reset, timeout: 1}, {press: reset, unless_power: on}, {wait: 1, unless_power: off}]\n",
	  "t.yaml:9:14: power.on[1].set: there is no line \"pwer\"; expected one of power.lines\n"
	  "t.yaml:9:27: power.on[2].set: line \"seen\" is an input; expected one that can be driven\n"
	  "t.yaml:9:42: power.on[3].press: line \"power\" keeps its level; expected a line with type: momentary\n"
	  "t.yaml:9:58: power.on[4].press: 2000 ms is longer than line \"reset\" may be pressed; expected at most its max_press, 1000 ms\n"
	  "t.yaml:9:74: power.on[5] is a single value; expected a mapping\n"
	  "t.yaml:10:9: power.off[1] names 2 actions; expected one of: set, clear, press, wait, expect, expect_power\n"
	  "t.yaml:10:34: power.off[2] names 0 actions; expected one of: set, clear, press, wait, expect, expect_power\n"
	  "t.yaml:10:48: power.off[3].for has no meaning here; expected it with press only\n"
	  "t.yaml:10:64: power.off[4].wait is 3600000 ms; expected 1 ms to 10 minutes\n"
	  "t.yaml:10:86: power.off[5].expect is no regular expression: missing closing parenthesis at character 2; expected one\n"
	  "t.yaml:11:11: power.reset[1] cannot see whether the board has power; expected power.sense\n"
	  "t.yaml:11:26: power.reset[1].expect_power is \"maybe\"; expected one of: off, on\n"
	  "t.yaml:11:34: power.reset[2] cannot see whether the board has power; expected power.sense\n"
	  "t.yaml:11:79: power.reset[3].timeout has no meaning here; expected it with expect and expect_power only\n"
	  "t.yaml:11:92: power.reset[4] cannot see whether the board has power; expected power.sense\n"
	  "t.yaml:11:126: power.reset[5] cannot see whether the board has power; expected power.sense\n"
	  "t.yaml:11:136: power.reset[5].unless_power has no meaning here; expected it with set, clear and press only\n" },
	{ "    power: {line: p}\n"
	  "    reset: {line: r, type: momentary}\n"
	  "    maskrom: {line: m, type: momentary, only_with: [reset, power]}\n"
	  "  on: [{set: power}]\n"
	  "  off: [{clear: power}]\n"
	  "  reset: [{set: reset}, {wait: 1}]\n"
	  "  maskrom: [{press: maskrom}]\n"
	  "  rest: [{press: reset}]\n"
	  "  'a b': [{press: reset}]\n"
	  "  sense: {line: power, powered: 2}\n",
	  "t.yaml:11:10: power.reset leaves line \"reset\" closed, which is momentary; expected {clear: reset} at its end\n"
	  "t.yaml:12:12: power.maskrom closes line \"maskrom\" alone; expected a step of a line that it goes only_with, such as \"reset\"\n"
	  "t.yaml:13:3: unknown key \"rest\" in power, did you mean \"reset\"?; expected a name for a sequence that is not so near to it\n"
	  "t.yaml:14:3: \"a b\" is no name for a sequence of power; expected up to 32 letters, digits, \"-\" and \"_\"\n"
	  "t.yaml:15:17: power.sense.line is \"power\"; expected a line of power.lines with type: input\n"
	  "t.yaml:15:33: power.sense.powered is \"2\"; expected a whole number from 0 to 1\n" },
};

TEST(a_mistake_about_relays_is_told_before_one_clicks)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_gpio); i++) {
		_cleanup_free_ char *text =
			xasprintf("%s%s", GPIO_BOARD, bad_gpio[i].text);

		check_board_messages(text, bad_gpio[i].want);
	}
}

static const struct {
	const char *text, *want;
} bad[] = {
	{ "board: a b\n",
	  "t.yaml:1:1: the file has no \"console\"; expected one\n"
	  "t.yaml:1:1: the file has no \"power\"; expected one\n"
	  "t.yaml:1:8: board is \"a b\"; expected letters, digits, \"-\", \"_\" and \".\" only\n" },
	{ "board: b\n"
	  "console: {}\n"
	  "power: {}\n",
	  "t.yaml:2:10: console has no \"transport\"; expected one\n"
	  "t.yaml:3:8: power has no \"backend\"; expected one\n" },
	{ "board: b\n"
	  "console: {transport: usb, device: /dev/x, speed: 9600}\n"
	  "power: {backend: gpoi}\n",
	  "t.yaml:2:22: console.transport is \"usb\"; expected one of: serial, pty, unix, tcp, telnet, rfc2217, qemu\n"
	  "t.yaml:2:43: unknown key \"speed\" in console; expected one of: transport, device, baud, type_delay, echo_check, break_command, hold_tx_low\n"
	  "t.yaml:3:18: power.backend is \"gpoi\", did you mean \"gpio\"?; expected one of: none, command, qemu, gpio\n" },
	{ "board: b\n"
	  "console: {transport: tcp, device: \"h:1\", hold_tx_low: true, break_command: []}\n"
	  "power: {backend: none}\n",
	  "t.yaml:2:55: console.hold_tx_low needs a UART whose BREAK bootrig can switch; expected transport: serial, rfc2217, or pty with a tty\n"
	  "t.yaml:2:76: console.break_command is empty; expected a shell command\n" },
	{ "board: b\n"
	  "console: {transport: serial, baud: 9600}\n"
	  "power: {backend: gpio, on: {chip: 0}}\n",
	  "t.yaml:2:10: console has no \"device\"; expected a path\n"
	  "t.yaml:3:8: power has no \"lines\"; expected lines: {power: {line: NAME}}\n"
	  "t.yaml:3:8: power has no \"off\"; expected a list of steps such as [{clear: power}]\n"
	  "t.yaml:3:28: power.on is no list of steps; expected 1 to 64, such as [{set: power}]\n" },
	{ "board: b\n"
	  "console: {transport: tcp, device: host}\n"
	  "power: {backend: none, on: x, qemu: {args: []}}\n",
	  "t.yaml:2:35: console.device is \"host\"; expected HOST:PORT\n"
	  "t.yaml:3:24: power.on has no meaning here; expected it with backend: command or gpio\n"
	  "t.yaml:3:31: power.qemu has no meaning here; expected it with backend: qemu only\n" },
	{ "board: b\n"
	  "console: {transport: qemu, device: /dev/x}\n"
	  "power: {backend: command, on: \"\"}\n",
	  "t.yaml:2:10: console.transport: qemu needs the machine of power.backend: qemu; expected both or neither\n"
	  "t.yaml:2:36: console.device has no meaning with transport: qemu; expected none\n"
	  "t.yaml:3:8: power has no \"off\"; expected a shell command\n"
	  "t.yaml:3:31: power.on is empty; expected a shell command\n" },
	{ "board: b\n"
	  "console: {transport: pty, device: x, type_delay: {seconds: 2}, echo_check: maybe}\n"
	  "power: {backend: qemu, off: x, on_worker_death: keep}\n",
	  "t.yaml:2:50: console.type_delay is 2000 ms; expected at most a second between bytes\n"
	  "t.yaml:2:76: console.echo_check is \"maybe\"; expected true or false\n"
	  "t.yaml:3:8: power has no \"qemu\"; expected qemu: {args: [...]}\n"
	  "t.yaml:3:24: power.off has no meaning here; expected it with backend: command or gpio\n"
	  "t.yaml:3:49: power.on_worker_death: keep is not supported with backend qemu: the machine ends with bootrig; expected off\n" },
	{ "board: b\n"
	  "console: {transport: unix, device: s}\n"
	  "power: {backend: qemu, qemu: {binary: q, args: x}}\n",
	  "t.yaml:3:48: power.qemu.args is a single value; expected a list\n" },
	{ "board: b\n"
	  "console: {transport: tcp, device: 'h:2000'}\n"
	  "power: {backend: command, on: a, off: b, reset: c}\n"
	  "boot: {}\n",
	  "t.yaml:4:7: boot has no \"tftp\"; expected one\n" },
	{ "board: b\n"
	  "console: {transport: tcp, device: 'h:2000'}\n"
	  "power: {backend: command, on: a, off: b, reset: c}\n"
	  "boot: {tftp: {root: /t}, mac: \"52:54:00:12:34\", network: \"a\\nb\", addresses: {kernel: here}, never_stop: true, setup: [x], verify_ram: true}\n",
	  "t.yaml:4:7: boot with never_stop has no \"mac\"; expected the address that names pxelinux.cfg/01-…\n"
	  "t.yaml:4:31: boot.mac is \"52:54:00:12:34\"; expected for example 52:54:00:12:34:56\n"
	  "t.yaml:4:49: boot.network cannot be typed with never_stop: true; expected one of them\n"
	  "t.yaml:4:58: boot.network holds a line break; expected one line of text\n"
	  "t.yaml:4:86: boot.addresses.kernel is \"here\"; expected a hex address such as 0x40400000\n"
	  "t.yaml:4:111: boot.setup cannot be typed with never_stop: true; expected one of them\n"
	  "t.yaml:4:123: boot.verify_ram is typed at U-Boot, which never_stop: true rules out; expected one of them\n" },
	{ "board: b\n"
	  "console: {transport: tcp, device: 'h:2000'}\n"
	  "power: {backend: command, on: a, off: b, reset: c}\n"
	  "boot: {tftp: {root: /t, subdir: rack1;reset}}\n",
	  "t.yaml:4:33: boot.tftp.subdir is \"rack1;reset\"; expected a path below tftp.root, of letters, digits and / . _ - + @ : = % ~\n" },
	{ "board: b\n"
	  "console: {transport: tcp, device: 'h:2000'}\n"
	  "power: {backend: command, on: a, off: b, reset: c}\n"
	  "boot: {tftp: {root: /t, verify: \"http://x\", subdir: ../..}, loader_promt: x}\n",
	  "t.yaml:4:33: boot.tftp.verify is \"http://x\"; expected local or a URL such as tftp://192.168.5.1/\n"
	  "t.yaml:4:53: boot.tftp.subdir is \"../..\"; expected a path below tftp.root, of letters, digits and / . _ - + @ : = % ~\n"
	  "t.yaml:4:61: unknown key \"loader_promt\" in boot, did you mean \"loader_prompt\"?; expected one of: loader_prompt, interrupt_prompt, interrupt_char, interrupt_ctrl_list, interrupt_delay, interrupt_early, loader_prompt_pattern, line_max, line_delay, method, media, script, provenance_modules, mac, setup, network, boot_commands, kernel_args, kernel_defaults, tftp, server_ip, addresses, never_stop, verify_ram\n" },
	{ "board: b\n"
	  "console: {transport: tcp, device: 'h:2000'}\n"
	  "power: {backend: command, on: a, off: b, reset: c}\n"
	  "recovery: [{rung: maskrom, prompts: x}, {rung: cold}, {rung: power-cycle, prompts: x, commands: [a], timeout: long}]\n",
	  "t.yaml:4:12: maskrom: {loader, usb} and rung: maskrom belong together; expected both or neither\n"
	  "t.yaml:4:12: rung: maskrom has nothing that closes the contact; expected power.maskrom\n"
	  "t.yaml:4:41: recovery has no \"prompts\"; expected one\n"
	  "t.yaml:4:48: recovery.rung is \"cold\"; expected one of: soft-reboot, sysrq-b, warm-reset, power-cycle, label, media, maskrom\n"
	  "t.yaml:4:55: commands need a boot loader dialogue; expected boot: in the board file\n"
	  "t.yaml:4:111: recovery.timeout is no duration; expected for example {seconds: 3} or a number of seconds\n" },
	{ "board: b\n"
	  "console: {transport: pty, device: x}\n"
	  "power: {backend: none}\n"
	  "recovery: [{rung: power-cycle, prompts: x}]\n",
	  "t.yaml:4:12: recovery cannot switch this board; expected a power.backend other than none\n" },
	{ "board: b\n"
	  "console: {transport: pty, device: x}\n"
	  "power: {backend: command, on: a, off: b}\n"
	  "recovery: [{rung: warm-reset, prompts: x, auto_login: {login_prompt: l}}]\n",
	  "t.yaml:4:12: rung: warm-reset has no reset line; expected power.reset\n"
	  "t.yaml:4:55: recovery.auto_login has no \"username\"; expected one\n" },
	{ "board: b\n"
	  "console: {transport: pty, device: x}\n"
	  "power: {backend: command, on: a, off: b}\n"
	  "boot: {never_stop: true, mac: '52:54:00:12:34:56', tftp: {root: /t}}\n"
	  "recovery: [{rung: power-cycle, prompts: x, commands: [a]}]\n",
	  "t.yaml:5:12: recovery.commands cannot be typed with never_stop: true; expected one of them\n" },
	{ "board: b\n"
	  "console: {transport: tcp, device: 'h:2000'}\n"
	  "power: {backend: command, on: a, off: b, reset: c}\n"
	  "limits: {silence: -1, console_bytes: 10, recovery: {weeks: 2}, bananas: 3}\n"
	  "user_commands: {a: {undo: x}, b: c}\n"
	  "tags: {a: b}\n"
	  "relays: []\n",
	  "t.yaml:4:19: limits.silence is no duration; expected for example {seconds: 3} or a number of seconds\n"
	  "t.yaml:4:38: limits.console_bytes is \"10\"; expected a whole number from 65536 to 1099511627776\n"
	  "t.yaml:4:53: unknown key \"weeks\" in limits.recovery; expected days, hours, minutes or seconds\n"
	  "t.yaml:4:64: unknown key \"bananas\" in limits; expected one of: console_gap, silence, firmware, console_bytes, power_command, recovery\n"
	  "t.yaml:5:20: user_commands.a has no \"do\"; expected one\n"
	  "t.yaml:5:34: user_commands.b is a single value; expected a mapping\n"
	  "t.yaml:6:7: tags is a mapping; expected a list of texts\n"
	  "t.yaml:7:1: unknown key \"relays\" in the file; expected one of: board, device_type, console, power, boot, recovery, repair, upload, capture, limits, user_commands, tags\n" },
};

TEST(every_mistake_is_told_with_line_column_and_what_was_expected)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_board_messages(bad[i].text, bad[i].want);
}

TESTS(T(a_mistake_about_relays_is_told_before_one_clicks),
      T(every_mistake_is_told_with_line_column_and_what_was_expected))
