// SPDX-License-Identifier: GPL-2.0-or-later
/* Every mistake in a job file, with its place and what was expected. */
#include "job_text.h"

/* Each with all its messages. */
static const struct {
	const char *text, *want;
} bad[] = {
	{ "job_name: x\n", "t.yaml:1:1: the file has no \"actions\"; expected one\n"
			   "t.yaml:1:1: the file has no \"timeouts\"; expected one\n" },
	{ "timeouts: {job: {minutes: 5}}\n"
	  "actions: []\n"
	  "job_name: \"\"\n",
	  "t.yaml:2:10: actions is empty; expected one action or more: deploy, boot, test, command\n"
	  "t.yaml:3:11: job_name is empty; expected one line of 1 to 200 bytes\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- deploy: {to: fastboot, images: {}}\n",
	  "t.yaml:4:16: deploy to: fastboot is not supported; bootrig deploys to: tftp\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- deploy: {to: tfpt}\n",
	  "t.yaml:4:16: deploy to: \"tfpt\" is unknown; bootrig deploys to: tftp\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- deploy: {kernel: {url: k}}\n",
	  "t.yaml:4:11: deploy has no \"to\"; expected to: tftp\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- deploy: {to: tftp, kernel: {url: k}, ramdisk: {url: r}}\n"
	  "- boot: {method: grub, commands: x}\n",
	  "t.yaml:5:18: boot method: grub is not supported; bootrig boots by method: u-boot or minimal\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- deploy: {to: tftp, kernel: {url: k}, ramdisk: {url: r}}\n"
	  "- boot: {method: uboot}\n",
	  "t.yaml:5:18: boot method: \"uboot\" is unknown, did you mean \"u-boot\"?; expected u-boot or minimal\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- deploy: {to: tftp, kernel: {url: k}, ramdisk: {url: r}}\n"
	  "- boot: {method: u-boot, commands: fastboot, prompts: ['[']}\n",
	  "t.yaml:5:36: boot.commands is \"fastboot\"; expected one of: ramdisk, media\n"
	  "t.yaml:5:56: boot.prompts is no regular expression: missing terminating ] for character class at character 2; expected one\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- boot: {method: u-boot, commands: ramdisk, prompts: ['# ']}\n",
	  "t.yaml:4:3: boot by u-boot has no deploy before it; expected deploy to: tftp first, or method: minimal\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- test: {definitions: []}\n",
	  "t.yaml:4:3: test has no boot before it; expected a boot action first\n"
	  "t.yaml:4:23: test.definitions is empty; expected one item or more\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- boot: {method: minimal, prompts: ['# ']}\n"
	  "- test: {definitions: [{from: url, name: a}]}\n",
	  "t.yaml:5:31: definition from: url is not supported; expected inline, git or file\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- boot: {method: minimal, prompts: ['# ']}\n"
	  "- test: {definitions: [{from: inline, name: a b, repository: {run: {steps: []}}}]}\n",
	  "t.yaml:5:45: definition.name is \"a b\"; expected letters, digits, \"-\", \"_\" and \".\" only\n"
	  "t.yaml:5:76: definition.repository.run.steps is empty; expected one step or more\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- boot: {method: minimal, prompts: ['# ']}\n"
	  "- test: {definitions: [{from: git, name: a, repository: 'http://x', path: ../../etc/passwd, branch: '--upload-pack=x'}]}\n",
	  "t.yaml:5:75: definition.path is \"../../etc/passwd\"; expected a path inside the repository\n"
	  "t.yaml:5:101: definition.branch is \"--upload-pack=x\"; expected one line that begins without \"-\"\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- boot: {method: minimal, prompts: ['# ']}\n"
	  "- test: {interactive: [{name: a, prompts: ['=> '], script: [{command: x, lava-send: y, failures: [{message: '', exception: FooError}]}]}]}\n",
	  "t.yaml:5:74: interactive.script.lava-send is not supported; one job runs on one board, without LAVA's MultiNode\n"
	  "t.yaml:5:109: interactive.script.failures.message is empty; expected a pattern of 1 to 4096 bytes\n"
	  "t.yaml:5:124: interactive.script.failures.exception is \"FooError\", did you mean \"JobError\"?; expected one of: InfrastructureError, JobError, TestError\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- boot: {method: minimal, prompts: ['# ']}\n"
	  "- test: {monitors: [{name: a, start: a, end: '(', pattern: 'x', fixupdict: {ok: good}}]}\n",
	  "t.yaml:5:46: monitors.end is no regular expression: missing closing parenthesis at character 2; expected one\n"
	  "t.yaml:5:60: monitors.pattern has no group result; expected (?P<result>…) or (?P<measurement>…) in it\n"
	  "t.yaml:5:60: monitors.pattern has no group test_case_id; expected (?P<test_case_id>…) in it\n"
	  "t.yaml:5:81: monitors.fixupdict is \"good\"; expected one of: pass, fail, skip, unknown\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- boot: {method: minimal, prompts: ['# ']}\n"
	  "- test: {monitors: [], definitions: []}\n",
	  "t.yaml:5:10: test has monitors beside definitions; expected one of them in each test action\n"
	  "t.yaml:5:20: test.monitors is empty; expected one item or more\n"
	  "t.yaml:5:37: test.definitions is empty; expected one item or more\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- boot: {method: minimal, prompts: ['# ']}\n"
	  "- command: {nam: x}\n",
	  "t.yaml:5:12: command has no \"name\"; expected one\n"
	  "t.yaml:5:13: unknown key \"nam\" in command, did you mean \"name\"?; expected one of: name, timeout, namespace, failure_retry, repeat\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- deploy: {to: tftp, kernel: {url: \"ftp://x/y\", type: zImage, compression: rar, sha256sum: abc}, modules: {url: m}, persistent_nfs: {address: x}}\n",
	  "t.yaml:4:36: deploy.kernel.url is \"ftp:\", which bootrig cannot fetch; expected a path or a file:, http: or https: URL\n"
	  "t.yaml:4:55: deploy.kernel.type is \"zImage\", did you mean \"zimage\"?; expected one of: image, zimage, uimage\n"
	  "t.yaml:4:76: deploy.kernel.compression is \"rar\"; expected one of: gz, xz, bz2, zstd, zst, none\n"
	  "t.yaml:4:92: deploy.kernel.sha256sum is \"abc\"; expected 64 hex digits\n"
	  "t.yaml:4:107: deploy.modules has no ramdisk to go into; expected ramdisk in the same deploy\n"
	  "t.yaml:4:117: deploy.persistent_nfs is not supported; bootrig serves no NFS root; give a ramdisk\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}, action: {minutes: 6}, connection: 5, actions: {a: {minuets: 1}}}\n"
	  "notify: {criteria: {status: finished}}\n"
	  "protocols: {}\n"
	  "prioritiy: high\n"
	  "visibility: {users: []}\n"
	  "context: {boot_console: x, foo: 1, kernel_loglevel: 99}\n"
	  "actions:\n"
	  "- boot: {method: minimal, prompts: ['# ']}\n",
	  "t.yaml:2:39: timeouts.action is longer than timeouts.job; expected at most that\n"
	  "t.yaml:2:65: timeouts.connection is no duration; expected for example {minutes: 5}\n"
	  "t.yaml:2:82: unknown key \"minuets\" in timeouts.actions.a; expected days, hours, minutes or seconds\n"
	  "t.yaml:3:1: notify is not supported; name where results go under bootrig: results: [{post: URL}]\n"
	  "t.yaml:4:1: protocols is not supported; one job runs on one board, without LAVA's MultiNode, LXC or VLANd\n"
	  "t.yaml:5:1: unknown key \"prioritiy\" in the file, did you mean \"priority\"?; expected one of: job_name, device_type, timeouts, priority, visibility, metadata, context, tags, environment, reboot_to_fastboot, actions, bootrig\n"
	  "t.yaml:6:13: visibility is a mapping without group; expected public, personal or {group: [...]}\n"
	  "t.yaml:7:11: context.boot_console is not supported; the board file says how this board boots\n"
	  "t.yaml:7:28: unknown key \"foo\" in context; expected one of: extra_kernel_args, kernel_loglevel, arch, cpu, machine, memory, model, guestfs_driveid, guestfs_interface, guestfs_size, netdevice, no_kvm, vga, monitor, serial, extra_options, lava_test_results_dir\n"
	  "t.yaml:7:53: context.kernel_loglevel is \"99\"; expected a whole number from 0 to 15\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- boot: {namespace: a, method: minimal, prompts: ['#']}\n"
	  "- boot: {namespace: b, method: minimal, prompts: ['#']}\n"
	  "- test: {namespace: a, definitions: [{from: inline, name: a, run: {steps: [x]}}]}\n"
	  "- command: {name: x}\n",
	  "t.yaml:6:3: test in namespace \"a\" has lost its system: line 5 boots namespace \"b\" on the same board; expected the test before that\n"
	  "t.yaml:7:3: the action has no namespace while the one at line 4 has; expected one in every action\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- boot: {method: minimal, prompts: ['# ']}\n"
	  "bootrig: {silence: {seconds: 0}, watch: {fatal: [warm], record: panic, recrod: x}, expect: {}, loop: {boots: 1}, results: [{post: 'ftp://x'}], kernel_args: \"a\\nb\"}\n",
	  "t.yaml:5:20: bootrig.silence is 0; expected for example {seconds: 5}\n"
	  "t.yaml:5:50: bootrig.watch.fatal is \"warm\", did you mean \"warn\"?; expected one of: null-deref, paging-fault, user-access, uaf, kasan, kfence, kmsan, kcsan, ubsan, gpf, bug, warn, lockdep, atomic-sleep, oops-other, serror, mce, oom, leak, invalid-free, panic, hung-task, soft-lockup, hard-lockup, rcu-stall, workqueue-lockup, silence, boot-loop, reset, no-boot, other\n"
	  "t.yaml:5:72: unknown key \"recrod\" in bootrig.watch, did you mean \"record\"?; expected one of: fatal, record\n"
	  "t.yaml:5:92: bootrig.expect is empty; expected kind, function, title or test_failure\n"
	  "t.yaml:5:110: bootrig.loop.boots is \"1\"; expected a whole number from 2 to 1000\n"
	  "t.yaml:5:131: bootrig.results.post is \"ftp://x\"; expected an http: or https: URL\n"
	  "t.yaml:5:157: bootrig.kernel_args holds a line break; expected one line of text\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- deploy: {to: tftp, kernel: {url: k}}\n"
	  "- boot: {method: u-boot, commands: nfs, prompts: ['#'], timeout: {minutes: 9}, auto_login: {login_prompt: 'login:', password: x}, transfer_overlay: {download_command: a, unpack_command: b}}\n",
	  "t.yaml:5:36: boot.commands: nfs is not supported, bootrig serves no NFS root; expected ramdisk, media or a list of commands\n"
	  "t.yaml:5:66: the action's timeout is longer than timeouts.job; expected at most that\n"
	  "t.yaml:5:92: boot.auto_login has no \"username\"; expected one\n"
	  "t.yaml:5:117: boot.auto_login has password without password_prompt; expected both or neither\n"
	  "t.yaml:5:131: boot.transfer_overlay is not supported; bootrig types test steps on the console and needs no overlay\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- {boot: {}, test: {}}\n"
	  "- foo: {}\n"
	  "- repeat: {count: 2000, actions: []}\n"
	  "- x\n",
	  "t.yaml:4:3: the action has 2 keys; expected one: deploy, boot, test or command\n"
	  "t.yaml:5:3: the action is \"foo\"; expected one of: deploy, boot, test, command\n"
	  "t.yaml:6:19: repeat.count is \"2000\"; expected a whole number from 1 to 1000\n"
	  "t.yaml:7:3: the action is a single value; expected a mapping\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- boot: {method: minimal, prompts: ['# ']}\n"
	  "- test: {timeout: {minutes: 1, skip: true}, definitions: [{from: inline, name: a, repository: {metadata: {format: foo}, install: {deps: [x], steps: [a]}, run: {steps: [b]}, parse: {pattern: x}}, params: {'a-b': 1, c: [1]}}]}\n"
	  "- boot: {method: minimal, prompts: x, timeout: {minutes: 1, skip: yes}}\n",
	  "t.yaml:5:115: metadata.format is \"foo\"; expected one of: Lava-Test Test Definition 1.0, Lava-Test-Shell Test Definition 1.0\n"
	  "t.yaml:5:131: install.deps is not supported; put what the test needs into the file system, or say skip_install: [deps]\n"
	  "t.yaml:5:174: definition.repository.parse is not supported; print results with lava-test-case, or use a test with monitors\n"
	  "t.yaml:5:205: \"a-b\" in definition.params is no shell variable; expected letters, digits and \"_\"\n"
	  "t.yaml:5:218: definition.params.c is a list; expected a single value\n"
	  "t.yaml:6:48: boot.timeout with skip: true is not supported here; expected it in a test only\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- deploy: {to: tftp, kernel: {url: k}, ramdisk: {url: r}}\n"
	  "- boot: {method: u-boot, commands: [], prompts: '#', namespace: common}\n",
	  "t.yaml:4:3: the action has no namespace while the one at line 5 has; expected one in every action\n"
	  "t.yaml:5:65: boot.namespace: common is LAVA's own name; expected another\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- deploy: {to: nbd, kernel: {url: k}}\n"
	  "- boot: {method: u-boot, commands: nfs, prompts: ['#']}\n"
	  "- boot: {method: lxc}\n"
	  "- test: {}\n",
	  "t.yaml:4:16: deploy to: nbd is not supported; bootrig deploys to: tftp\n"
	  "t.yaml:5:36: boot.commands: nfs is not supported, bootrig serves no NFS root; expected ramdisk, media or a list of commands\n"
	  "t.yaml:6:18: boot method: lxc is not supported; bootrig boots by method: u-boot or minimal\n"
	  "t.yaml:7:9: test has nothing to run; expected definitions, interactive or monitors\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- deploy: {to: tftp, kernel: {}, ramdisk: {url: r, header: uboot, format: tar}, nfsrootfs: {url: n}}\n",
	  "t.yaml:4:30: deploy.kernel has no \"url\"; expected one\n"
	  "t.yaml:4:60: deploy.ramdisk.header is \"uboot\", did you mean \"u-boot\"?; expected u-boot\n"
	  "t.yaml:4:75: deploy.ramdisk.format is \"tar\"; expected cpio.newc\n"
	  "t.yaml:4:81: deploy.nfsrootfs is not supported; bootrig serves no NFS root; give a ramdisk\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- deploy: {to: tftp, kernel: {url: k}}\n"
	  "- boot: {method: u-boot, prompts: x, commands: ['{BOOTX}', 'load ${NET} {DTB} {label}', 'a {NFS_SERVER_IP}:{NFSROOTFS}']}\n",
	  "t.yaml:5:3: boot uses {DTB}, which is not deployed; expected dtb in the deploy at line 4\n"
	  "t.yaml:5:49: {BOOTX} in a boot command is not supported; expected {KERNEL}, {RAMDISK}, {DTB}, these with _ADDR, or {SERVER_IP}\n"
	  "t.yaml:5:89: {NFSROOTFS} in a boot command is not supported; expected {KERNEL}, {RAMDISK}, {DTB}, these with _ADDR, or {SERVER_IP}\n"
	  "t.yaml:5:89: {NFS_SERVER_IP} in a boot command is not supported; expected {KERNEL}, {RAMDISK}, {DTB}, these with _ADDR, or {SERVER_IP}\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- deploy: {to: tftp, kernel: {url: \"file://host/x\"}, dtb: {url: \"lava://x\"}, ramdisk: }\n",
	  "t.yaml:4:36: deploy.kernel.url is \"file:\", which bootrig cannot fetch; expected a path or a file:, http: or https: URL\n"
	  "t.yaml:4:65: deploy.dtb.url is \"lava:\", which bootrig cannot fetch; expected a path or a file:, http: or https: URL\n"
	  "t.yaml:4:78: deploy.ramdisk is empty; expected a mapping\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- deploy: {namespace: a, to: tftp, kernel: {url: k}, ramdisk: {url: r}}\n"
	  "- boot: {namespace: b, method: u-boot, commands: ramdisk, prompts: x}\n"
	  "- test: {namespace: a, definitions: [{from: inline, name: a, run: {steps: [x]}}]}\n",
	  "t.yaml:5:3: boot by u-boot has no deploy before it in namespace \"b\"; expected deploy to: tftp first, or method: minimal\n"
	  "t.yaml:6:3: test has no boot before it in namespace \"a\"; expected a boot action first\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- boot: {method: minimal, prompts: ['# ']}\n"
	  "- test: {definitions: [{from: inline, name: a}, {name: b}, 7]}\n",
	  "t.yaml:5:24: the definition has no steps; expected repository.run.steps\n"
	  "t.yaml:5:49: the definition has no \"from\"; expected inline, git or file\n"
	  "t.yaml:5:60: the definition is a single value; expected a mapping\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- boot: {method: minimal, prompts: ['# '], failure_retry: 0, repeat: many, timeout: 5, reset: false, connection: ssh}\n",
	  "t.yaml:4:59: boot.failure_retry is \"0\"; expected a whole number from 1 to 100\n"
	  "t.yaml:4:70: boot.repeat is \"many\"; expected a whole number from 1 to 1000\n"
	  "t.yaml:4:85: boot.timeout is no duration; expected for example {minutes: 5}\n"
	  "t.yaml:4:95: boot.reset: false is not supported; leave it out\n"
	  "t.yaml:4:114: boot.connection is \"ssh\"; expected serial\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- boot: {method: minimal}\n",
	  "t.yaml:4:9: boot has no \"prompts\"; expected one\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- boot: {method: minimal, prompts: []}\n",
	  "t.yaml:4:36: boot.prompts is empty; expected one pattern or more\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 5}}\n"
	  "actions:\n"
	  "- boot: {method: minimal, prompts: [''], timeout: {seconds: 0}}\n",
	  "t.yaml:4:37: boot.prompts is empty; expected a pattern of 1 to 4096 bytes\n"
	  "t.yaml:4:51: boot.timeout is 0; expected 1 second or more\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 999999999999}}\n"
	  "actions: {}\n",
	  "t.yaml:2:27: timeouts.job.minutes is \"999999999999\"; expected a whole number, and no more than a year\n"
	  "t.yaml:3:10: actions is a mapping; expected a list\n" },
	{ "job_name: x\n"
	  "timeouts: {action: {minutes: 1}}\n"
	  "bootrig: {expect: {kinds: [panic]}, recovery: maybe, probe: soon}\n"
	  "actions:\n"
	  "- boot: {method: minimal, prompts: ['# ']}\n",
	  "t.yaml:2:11: timeouts has no \"job\"; expected one\n"
	  "t.yaml:3:20: unknown key \"kinds\" in bootrig.expect, did you mean \"kind\"?; expected one of: kind, function, title, test_failure\n"
	  "t.yaml:3:47: bootrig.recovery is \"maybe\"; expected true or false\n"
	  "t.yaml:3:61: bootrig.probe is no duration; expected for example {seconds: 3} or a number of seconds\n" },
	{ "job_name: x\n"
	  "timeouts: {job: {minutes: 1}}\n"
	  "secrets: [a]\n"
	  "metadata: x\n"
	  "priority: 101\n"
	  "device_type: [a]\n"
	  "bootrig: {watch: {fatal: [warn], record: [warn]}}\n"
	  "actions:\n"
	  "- boot: {method: minimal, prompts: ['# ']}\n",
	  "t.yaml:3:1: secrets is not supported; what is typed on a console is recorded; leave it out\n"
	  "t.yaml:4:11: metadata is a single value; expected a mapping\n"
	  "t.yaml:5:11: priority is \"101\"; expected a whole number from 0 to 100\n"
	  "t.yaml:6:14: device_type is a list; expected a text\n"
	  "t.yaml:7:42: warn is in fatal and in record; expected it in one of them\n" },
};

TEST(every_mistake_is_told_with_line_column_and_what_was_expected)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_messages(bad[i].text, bad[i].want);
}

TEST(a_path_or_url_is_one_line_without_tabs)
{
	check_messages(
		TOP
		"- deploy: {to: tftp, kernel: {url: \"a\\nb\"}, dtb: {url: \"a\\eb\"}, ramdisk: {url: \"a\\tb\"}, modules: {url: '', compression: xz}}\n",
		"t.yaml:4:36: deploy.kernel.url holds a line break; expected one line of text\n"
		"t.yaml:4:56: deploy.dtb.url holds a control character; expected one line of text\n"
		"t.yaml:4:80: deploy.ramdisk.url holds a tab; expected a text\n"
		"t.yaml:4:104: deploy.modules.url is empty; expected a text\n");
}

TESTS(T(every_mistake_is_told_with_line_column_and_what_was_expected),
      T(a_path_or_url_is_one_line_without_tabs))
