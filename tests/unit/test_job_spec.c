// SPDX-License-Identifier: GPL-2.0-or-later
/* Job files: LAVA jobs as people have them, our own keys, and every mistake with its
 * place. */
#include "parse/job_spec.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <jansson.h>

#include "parse/yaml.h"
#include "tap.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/strbuf.h"

static char *joined(const struct spec_messages *msgs)
{
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < msgs->v.n; i++)
		strbuf_addf(&sb, "%s\n", msgs->v.v[i]);
	return strbuf_take(&sb);
}

static struct job_spec *load_as(const char *path, const char *text)
{
	struct spec_messages msgs = { STRVEC_INIT };
	struct job_spec *job = NULL;
	struct err err = ERR_INIT;
	int r = job_spec_parse(path, text, strlen(text), &job, &msgs, &err);
	_cleanup_free_ char *all = joined(&msgs);

	CHECK_STR(all, "");
	CHECK_EQ(r, 0);
	CHECK_EQ(err.class, ERR_NONE);
	return job;
}

static struct job_spec *load(const char *text)
{
	return load_as("/jobs/t.yaml", text);
}

static void check_bad(const char *text, const char *want)
{
	struct spec_messages msgs = { STRVEC_INIT };
	struct job_spec *job = NULL;
	struct err err = ERR_INIT;

	CHECK_EQ(job_spec_parse("t.yaml", text, strlen(text), &job, &msgs, &err),
		 -EINVAL);
	_cleanup_free_ char *all = joined(&msgs);
	CHECK_STR(all, want);
	CHECK(!job);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_STR(err.msg, msgs.v.v[0]);
	strvec_release(&msgs.v);
}

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
		check_bad(bad[i].text, bad[i].want);
}

#define TOP "job_name: t\ntimeouts: {job: {minutes: 30}}\nactions:\n"
#define MINIMAL "- boot: {method: minimal, prompts: ['# ']}\n"

static const char ramdisk_job[] =
	"device_type: beaglebone-black\n"
	"job_name: bbb smoke, weekly\n"
	"timeouts:\n"
	"  job:\n"
	"    minutes: 15\n"
	"  action:\n"
	"    minutes: 5\n"
	"  actions:\n"
	"    lava-test-shell:\n"
	"      minutes: 7\n"
	"    uboot-commands: {seconds: 90}\n"
	"  connection:\n"
	"    minutes: 2\n"
	"  connections:\n"
	"    lava-test-shell: {seconds: 45}\n"
	"priority: 60\n"
	"visibility:\n"
	"  group:\n"
	"  - kernel\n"
	"  - qa\n"
	"tags: [usb-serial]\n"
	"context: {extra_kernel_args: earlycon, kernel_loglevel: 7}\n"
	"metadata:\n"
	"  build: 4711\n"
	"  image: {branch: next, clean: yes}\n"
	"actions:\n"
	"- deploy:\n"
	"    timeout:\n"
	"      minutes: 4\n"
	"    to: tftp\n"
	"    kernel:\n"
	"      url: http://files.example.org/bbb/zImage\n"
	"      type: zimage\n"
	"    ramdisk:\n"
	"      url: http://files.example.org/bbb/initramfs.cpio.gz\n"
	"      sha256sum: "
	"0447396E1A92B462C330ED61D14F4964281E9F663897142DF713CDF6F8C2A06E\n"
	"      compression: gz\n"
	"      header: u-boot\n"
	"      format: cpio.newc\n"
	"      install_modules: False\n"
	"    os: debian\n"
	"    dtb:\n"
	"      url: http://files.example.org/bbb/am335x-boneblack.dtb\n"
	"- boot:\n"
	"    method: u-boot\n"
	"    commands: ramdisk\n"
	"    failure_retry: 3\n"
	"    auto_login:\n"
	"      login_prompt: 'login:'\n"
	"      username: root\n"
	"      password_prompt: 'Password:'\n"
	"      password: 1234\n"
	"      login_commands:\n"
	"      - sudo su\n"
	"    parameters:\n"
	"      shutdown-message: 'reboot: Restarting system'\n"
	"    prompts:\n"
	"    - 'root@(bbb|debian):.*# '\n"
	"    timeout:\n"
	"      minutes: 2\n"
	"- test:\n"
	"    definitions:\n"
	"    - repository: http://git.example.org/qa/test-definitions.git\n"
	"      from: git\n"
	"      path: automated/linux/smoke/smoke.yaml\n"
	"      name: smoke-tests\n"
	"      branch: master\n"
	"      history: false\n"
	"      parameters:\n"
	"        TESTS: pwd uname\n"
	"        RETRIES: 3\n"
	"    - repository:\n"
	"        metadata:\n"
	"          format: Lava-Test Test Definition 1.0\n"
	"          name: inline-net\n"
	"          description: network checks\n"
	"          os: [debian]\n"
	"          scope: [functional]\n"
	"        params: {IFACE: eth0}\n"
	"        install:\n"
	"          steps: [mount -a]\n"
	"        run:\n"
	"          steps:\n"
	"          - ip addr show $IFACE\n"
	"          - |\n"
	"            for i in 1 2 3; do\n"
	"              lava-test-case ping-$i --shell ping -c1 $GW\n"
	"            done\n"
	"      from: inline\n"
	"      name: network\n"
	"      path: inline/network.yaml\n";

TEST(a_job_with_two_kinds_of_definitions_loads_unchanged)
{
	_cleanup_job_spec_ struct job_spec *job = load(ramdisk_job);
	const struct job_action *a = job->actions;

	CHECK_STR(job->job_name, "bbb smoke, weekly");
	CHECK_STR(job->priority, "60");
	CHECK_STR(job->visibility, "group: kernel, qa");
	CHECK_EQ(job->job_timeout_ms, 15 * 60000);
	CHECK_EQ(job_timeout_ms(job, "uboot-commands", 1), 90000);
	CHECK_EQ(job_timeout_ms(job, "login-action", 1), 1);
	CHECK_STR(job->tags.v[0], "usb-serial");
	_cleanup_free_ char *meta = json_dumps(job->metadata, JSON_COMPACT);
	CHECK_STR(meta,
		  "{\"build\":4711,\"image\":{\"branch\":\"next\",\"clean\":\"yes\"}}");

	CHECK_EQ(job->n_actions, 3);
	CHECK_EQ(a[0].kind, JOB_DEPLOY);
	CHECK_EQ(a[0].mark.line, 27);
	CHECK_EQ(a[0].mark.col, 3);
	CHECK_EQ(a[0].timeout_ms, 4 * 60000);
	CHECK_STR(a[0].deploy.kernel.image_type, "zimage");
	CHECK_STR(a[0].deploy.ramdisk.compression, "gz");
	CHECK(a[0].deploy.ramdisk.install_overlay);
	CHECK_STR(a[0].deploy.ramdisk.sha256sum,
		  "0447396e1a92b462c330ed61d14f4964281e9f663897142df713cdf6f8c2a06e");
	CHECK_EQ(a[0].deploy.dtb.mark.line, 43);
}

TEST(the_boot_and_tests_of_that_job_are_all_there)
{
	_cleanup_job_spec_ struct job_spec *job = load(ramdisk_job);
	const struct job_boot *boot = &job->actions[1].boot;
	const struct job_test *test = &job->actions[2].test;

	CHECK_EQ(job->actions[1].failure_retry, 3);
	CHECK_EQ(job->actions[1].repeat, 1);
	CHECK_EQ(boot->commands, JOB_COMMANDS_RAMDISK);
	CHECK_STR(boot->auto_login.password, "1234");
	CHECK_STR(boot->auto_login.login_commands.v[0], "sudo su");
	CHECK_STR(boot->extra_kernel_args, "earlycon loglevel=7");
	CHECK_EQ(job->actions[2].timeout_ms, 7 * 60000);
	CHECK_EQ(test->n_definitions, 2);
	CHECK_EQ(test->definitions[0].from, JOB_FROM_GIT);
	CHECK_STR(test->definitions[0].branch, "master");
	CHECK_EQ(test->definitions[0].n_params, 2);
	CHECK_STR(test->definitions[0].params[1].name, "RETRIES");
	CHECK_STR(test->definitions[0].params[1].value, "3");
	CHECK_EQ(test->definitions[1].steps.n, 3);
	CHECK_STR(test->definitions[1].steps.v[0], "mount -a");
	CHECK_CONTAINS(test->definitions[1].steps.v[2], "done\n");
	CHECK_STR(test->definitions[1].params[0].value, "eth0");
}

static const char typed_job[] =
	"job_name: commands by hand\n"
	"device_type: rk3588-rock-5b\n"
	"visibility: personal\n"
	"timeouts:\n"
	"  job: {hours: 1, minutes: 30}\n"
	"  queue: {days: 2}\n"
	"actions:\n"
	"- deploy:\n"
	"    namespace: board\n"
	"    to: tftp\n"
	"    kernel: {url: 'file:///srv/build/Image', type: image, use_cache: no}\n"
	"    dtb: {url: 'https://files.example.org/rk3588-rock-5b.dtb'}\n"
	"    ramdisk: {url: ../r.cpio, compression: null, format: cpio.newc, "
	"install_overlay: false}\n"
	"- boot:\n"
	"    namespace: board\n"
	"    method: u-boot\n"
	"    type: booti\n"
	"    use_bootscript: false\n"
	"    commands:\n"
	"    - setenv autoload no\n"
	"    - tftp {KERNEL_ADDR} {KERNEL}\n"
	"    - 'booti {KERNEL_ADDR} - ${fdt_addr_r}'\n"
	"    prompts: '/ # '\n"
	"    soft_reboot: reboot\n"
	"- test:\n"
	"    namespace: board\n"
	"    timeout: {minutes: 4, skip: true}\n"
	"    interactive:\n"
	"    - name: network\n"
	"      prompts: ['=> ', '/ # ']\n"
	"      echo: discard\n"
	"      script:\n"
	"      - command: ip link\n"
	"        name: link\n"
	"        successes:\n"
	"        - message: 'state UP'\n"
	"        failures:\n"
	"        - message: TIMEOUT\n"
	"          exception: InfrastructureError\n"
	"          error: no link\n"
	"      - command:\n"
	"        delay: 2\n"
	"        wait_for_prompt: false\n"
	"- test:\n"
	"    namespace: board\n"
	"    monitors:\n"
	"    - name: kvm-unit\n"
	"      start: 'BEGIN'\n"
	"      end: 'ALL DONE'\n"
	"      pattern: '(?P<result>PASS|FAIL): (?P<test_case_id>\\S+)'\n"
	"      fixupdict: {PASS: pass, FAIL: fail}\n"
	"      expected: [a, b]\n"
	"- command: {name: measure, namespace: board}\n";

TEST(typed_commands_interactive_tests_and_monitors_load_unchanged)
{
	_cleanup_job_spec_ struct job_spec *job = load(typed_job);
	const struct job_action *a = job->actions;
	const struct job_interactive *in = a[2].test.interactive;
	const struct job_monitor *m = a[3].test.monitors;

	CHECK_EQ(job->n_actions, 5);
	CHECK_STR(a[0].deploy.kernel.url, "file:/srv/build/Image");
	CHECK_STR(a[0].deploy.ramdisk.url, "file:/r.cpio");
	CHECK(!a[0].deploy.ramdisk.compression);
	CHECK(!a[0].deploy.ramdisk.install_overlay);
	CHECK_EQ(a[0].timeout_ms, 90 * 60000);
	CHECK_EQ(a[1].boot.commands, JOB_COMMANDS_LIST);
	CHECK_EQ(a[1].boot.command_list.n, 3);
	CHECK_STR(a[1].boot.prompts.v[0], "/ # ");
	CHECK_EQ(a[1].boot.soft_reboot_mark.line, 24);
	CHECK(!a[1].boot.extra_kernel_args);
	CHECK_STR(a[1].namespace, "board");
	CHECK(a[2].skip_on_timeout);
	CHECK(in->echo_discard);
	CHECK_EQ(in->n_steps, 2);
	CHECK_STR(in->steps[0].failures[0].exception, "InfrastructureError");
	CHECK_STR(in->steps[0].failures[0].error, "no link");
	CHECK(in->steps[0].wait_for_prompt);
	CHECK(!in->steps[1].command);
	CHECK(!in->steps[1].wait_for_prompt);
	CHECK_EQ(in->steps[1].delay_ms, 2000);
	CHECK_STR(m->fixup[1].name, "FAIL");
	CHECK_STR(m->fixup[1].value, "fail");
	CHECK_EQ(m->expected.n, 2);
	CHECK_STR(a[4].command.name, "measure");
}

TEST(a_job_in_json_is_a_job)
{
	_cleanup_job_spec_ struct job_spec *job = load_as(
		"/jobs/t.json",
		"{\n"
		"\t\"job_name\": \"j\",\n"
		"\t\"timeouts\": {\"job\": {\"seconds\": 90}},\n"
		"\t\"actions\": [\n"
		"\t\t{\"boot\": {\"method\": \"minimal\", \"prompts\": [\"# \"],\n"
		"\t\t\t\"failure_retry\": \"2\"}},\n"
		"\t\t{\"test\": {\"definitions\": [{\"from\": \"inline\", \"name\": \"s\",\n"
		"\t\t\t\"repository\": {\"run\": {\"steps\": [\"true\"]}}}]}}\n"
		"\t]\n"
		"}\n");

	CHECK_EQ(job->n_actions, 2);
	CHECK_EQ(job->job_timeout_ms, 90000);
	CHECK_EQ(job->actions[0].failure_retry, 2);
	CHECK_STR(job->actions[1].test.definitions[0].steps.v[0], "true");
}

TEST(windows_line_ends_a_byte_order_mark_and_anchors_change_nothing)
{
	_cleanup_job_spec_ struct job_spec *job =
		load("\xef\xbb\xbfjob_name: t\r\n"
		     "timeouts: {job: &t {minutes: 3}, action: *t}\r\n"
		     "actions:\r\n"
		     "- boot: &b {method: minimal, prompts: ['# ']}\r\n"
		     "- boot: {<<: *b, failure_retry: 2}\r\n");

	CHECK_EQ(job->actions[1].failure_retry, 2);
	CHECK_EQ(job->actions[1].timeout_ms, 180000);
	CHECK_STR(job->actions[1].boot.prompts.v[0], "# ");
}

TEST(a_repeat_block_is_unrolled)
{
	_cleanup_job_spec_ struct job_spec *job = load(
		TOP
		"- repeat:\n    count: 3\n    actions:\n"
		"    - boot: {method: minimal, prompts: ['# ']}\n"
		"    - test: {definitions: [{from: inline, name: a, run: {steps: [x]}}]}\n");

	CHECK_EQ(job->n_actions, 6);
	CHECK_EQ(job->actions[4].kind, JOB_BOOT);
	CHECK_EQ(job->actions[5].mark.line, 8);
}

TEST(nested_repeats_cannot_grow_without_end)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	strbuf_addstr(&sb, TOP);
	for (int i = 0; i < 8; i++)
		strbuf_addstr(&sb, i ? "[repeat: {count: 1000, actions: "
				     : "- repeat: {count: 1000, actions: ");
	strbuf_addstr(&sb, "[boot: {method: minimal, prompts: x}]");
	for (int i = 0; i < 8; i++)
		strbuf_addstr(&sb, i ? "]}" : "}");
	struct spec_messages msgs = { STRVEC_INIT };
	struct job_spec *job;
	struct err err;

	CHECK_EQ(job_spec_parse("t", strbuf_str(&sb), sb.len, &job, &msgs, &err),
		 -EINVAL);
	CHECK_CONTAINS(msgs.v.v[0],
		       "too long once repeats are unrolled; expected at most 1000");
	strvec_release(&msgs.v);
	for (char *p = sb.buf; (p = strstr(p, "boot: {method: minimal, prompts: x}"));)
		memset(p, ' ', strlen("boot: {method: minimal, prompts: x}"));
	CHECK_EQ(job_spec_parse("t", strbuf_str(&sb), sb.len, &job, &msgs, &err),
		 -EINVAL);
	CHECK_CONTAINS(msgs.v.v[0], "repeat.actions is empty");
	strvec_release(&msgs.v);
}

TEST(a_long_test_cannot_be_multiplied_by_repeats)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct spec_messages msgs = { STRVEC_INIT };
	struct job_spec *job;
	struct err err;

	strbuf_addstr(&sb,
		      TOP MINIMAL "- repeat: {count: 500, actions: [test: {definitions: "
				  "[{from: inline, name: a, run: {steps: [");
	for (int i = 0; i < 50000; i++)
		strbuf_addstr(&sb, i ? ",x" : "x");
	strbuf_addstr(&sb, "]}}]}]}\n");
	CHECK_EQ(job_spec_parse("t", strbuf_str(&sb), sb.len, &job, &msgs, &err),
		 -EINVAL);
	CHECK_STR(
		msgs.v.v[0],
		"t:5:11: the job is too long once repeats are unrolled; expected at most 1000 actions and 100000 values");
	strvec_release(&msgs.v);
}

TEST(our_own_keys_are_read)
{
	_cleanup_job_spec_ struct job_spec *job = load(
		"job_name: t\ntimeouts: {job: {minutes: 30}}\n"
		"bootrig:\n"
		"  silence: {seconds: 5}\n"
		"  probe: 1.5\n"
		"  watch: {fatal: [warn, lockdep], record: [hung-task]}\n"
		"  expect: {kind: [null-deref, panic], function: dma_*, title: ['*fence*'], "
		"test_failure: yes}\n"
		"  kernel_args: panic=1 quiet\n"
		"  harvest: [dmesg]\n"
		"  recovery: off\n"
		"  loop: {boots: 5}\n"
		"  results: [{post: 'https://ci.example.org/in'}]\n"
		"actions:\n" MINIMAL);

	CHECK_EQ(job->silence_ms, 5000);
	CHECK_EQ(job->silence_probe_ms, 1500);
	CHECK_EQ(job->watch.fatal[INCIDENT_WARN], 1);
	CHECK_EQ(job->watch.fatal[INCIDENT_HUNG_TASK], 0);
	CHECK_EQ(job->watch.fatal[INCIDENT_PANIC], -1);
	CHECK(job->expect.given);
	CHECK(job->expect.test_failure);
	CHECK_EQ(job->expect.kinds, 1ULL << INCIDENT_NULL_DEREF | 1ULL << INCIDENT_PANIC);
	CHECK_STR(job->expect.functions.v[0], "dma_*");
	CHECK_STR(job->kernel_args.v[0], "panic=1 quiet");
	CHECK_EQ(job->recover, 0);
	CHECK_EQ(job->loop_boots, 5);
	CHECK_STR(job->result_urls.v[0], "https://ci.example.org/in");
}

TEST(without_our_keys_the_defaults_stand)
{
	_cleanup_job_spec_ struct job_spec *job = load(TOP MINIMAL);

	CHECK_EQ(job->silence_ms, 0);
	CHECK_EQ(job->recover, -1);
	CHECK_EQ(job->loop_boots, 3);
	CHECK(!job->expect.given);
	for (int i = 0; i < INCIDENT_N_KINDS; i++)
		CHECK_EQ(job->watch.fatal[i], -1);
	CHECK_EQ(job->actions[0].timeout_ms, 30 * 60000);
	CHECK_EQ(job->actions[0].timeout_mark.line, 0);
}

TEST(environment_stands_below_the_values_of_a_definition)
{
	_cleanup_job_spec_ struct job_spec *job = load(
		"job_name: t\ntimeouts: {job: {minutes: 30}}\n"
		"environment: {A: job, B: job}\nactions:\n" MINIMAL "- test:\n"
		"    definitions:\n"
		"    - {from: git, repository: r, path: p.yaml, name: n, params: {A: def}}\n");
	struct job_definition *d = &job->actions[1].test.definitions[0];
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;
	const char *file = "metadata: {format: Lava-Test Test Definition 1.0, name: n}\n"
			   "params: {A: own, B: own, C: own}\n"
			   "run: {steps: [one, two]}\n";

	CHECK_EQ(job_definition_parse(d, "p.yaml", file, strlen(file), &msgs, &err), 0);
	CHECK_EQ(d->n_params, 3);
	CHECK_STR(d->params[0].value, "def");
	CHECK_STR(d->params[1].value, "own");
	CHECK_STR(d->params[2].value, "own");
	CHECK_EQ(d->steps.n, 2);
}

TEST(a_fetched_definition_that_is_broken_says_where)
{
	struct job_definition d = { .from = JOB_FROM_GIT };
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;
	const char *file = "metadata: {format: Lava-Test Test Definition 1.0}\n"
			   "install: {deps: [curl]}\nrun:\n  step: [one]\n";

	CHECK_EQ(job_definition_parse(&d, "a/b.yaml", file, strlen(file), &msgs, &err),
		 -EINVAL);
	_cleanup_free_ char *all = joined(&msgs);
	CHECK_STR(
		all,
		"a/b.yaml:2:11: install.deps is not supported; put what the test needs into the file system, or say skip_install: [deps]\n"
		"a/b.yaml:4:3: the test definition.run has no \"steps\"; expected one\n"
		"a/b.yaml:4:3: unknown key \"step\" in the test definition.run, did you mean \"steps\"?; expected one of: steps\n");
	strvec_release(&msgs.v);
}

TEST(skip_install_lets_a_definition_with_packages_load)
{
	_cleanup_job_spec_ struct job_spec *job =
		load(TOP MINIMAL
		     "- test:\n    definitions:\n"
		     "    - {from: inline, name: n, skip_install: [all], repository: "
		     "{install: {deps: [a], steps: [b]}, run: {steps: [c]}}}\n");

	CHECK_EQ(job->actions[1].test.definitions[0].steps.n, 1);
}

TEST(paths_are_resolved_against_the_directory_of_the_job)
{
	static const struct {
		const char *url, *want;
	} urls[] = {
		{ "Image", "file:/jobs/Image" },
		{ "./a/b", "file:/jobs/a/b" },
		{ "../x/Image", "file:/x/Image" },
		{ "../../../x", "file:/x" },
		{ "/abs/Image", "file:/abs/Image" },
		{ "file:Image", "file:/jobs/Image" },
		{ "file:../Image", "file:/Image" },
		{ "file:/abs", "file:/abs" },
		{ "file:///abs", "file:/abs" },
		{ "FILE://localhost/abs", "file:/abs" },
		{ "http://h/p?q=1", "http://h/p?q=1" },
		{ "HTTPS://h", "HTTPS://h" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		_cleanup_free_ char *text = xasprintf(
			TOP "- deploy: {to: tftp, kernel: {url: '%s'}}\n", urls[i].url);
		_cleanup_job_spec_ struct job_spec *job = load(text);

		CHECK_STR(job->actions[0].deploy.kernel.url, urls[i].want);
	}
}

TEST(a_missing_file_and_a_huge_one_are_told_apart)
{
	const char *dir = tap_tmpdir();
	_cleanup_free_ char *missing = xasprintf("%s/none.yaml", dir);
	_cleanup_free_ char *huge = xasprintf("%s/huge.yaml", dir);
	_cleanup_close_ int fd = open(huge, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct spec_messages msgs = { STRVEC_INIT };
	struct job_spec *job;
	struct err err;

	CHECK_EQ(job_spec_load(missing, &job, &msgs, &err), -ENOENT);
	CHECK_CONTAINS(msgs.v.v[0], "none.yaml:1:1: cannot be read: No such file");
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_EQ(ftruncate(fd, 10 << 20), 0);
	CHECK_EQ(job_spec_load(huge, &job, &msgs, &err), -EINVAL);
	CHECK_CONTAINS(msgs.v.v[1], "huge.yaml:1:1: too large; expected at most 4194304");
	CHECK_EQ(job_spec_load(dir, &job, &msgs, &err), -EISDIR);
	strvec_release(&msgs.v);
}

TEST(secrets_do_not_reach_the_copy_for_the_run_directory)
{
	const char *text =
		"# a comment stays\r\n"
		"auto_login: {password_prompt: \"Password:\", password: 'hunter 2'}\n"
		"secrets:\n  a: xyzzy\n  b: [plugh, \"foo\"]\n"
		"API_TOKEN: &t abc\nother: *t\nplain: visible # tail\n"
		"ssh-passphrase: |\n  line one\n  line two\nafter: é\n"
		"url: http://user:pw@host/p@2?x=1&access_token=zzz&y=2\n"
		"u2: [\"https://h/?token=q\"]\n";
	_cleanup_free_ char *got = spec_masked_text(text, strlen(text));

	CHECK_STR(got, "# a comment stays\r\n"
		       "auto_login: {password_prompt: \"Password:\", password: '***'}\n"
		       "secrets:\n  a: \"***\"\n  b: [\"***\", \"***\"]\n"
		       "API_TOKEN: &t \"***\"\nother: *t\nplain: visible # tail\n"
		       "ssh-passphrase: |\n  ***\nafter: é\n"
		       "url: http://***@host/p@2?x=1&access_token=***&y=2\n"
		       "u2: [\"https://h/?token=***\"]\n");
	_cleanup_free_ char *broken = spec_masked_text("password: [x", 12);
	CHECK(!strstr(broken, "x]") && !strstr(broken, "[x"));
	CHECK_EQ(broken[0], '#');
}

static void check_same_tree(const struct yaml_node *a, const struct yaml_node *b)
{
	CHECK_EQ(a->kind, b->kind);
	CHECK_EQ(a->n, b->n);
	if (a->kind == YAML_SCALAR && !strstr(b->text, "***"))
		CHECK_STR(b->text, a->text);
	for (size_t i = 0; i < a->n; i++) {
		if (a->kind == YAML_MAP && !strstr(b->keys[i]->text, "***"))
			CHECK_STR(b->keys[i]->text, a->keys[i]->text);
		check_same_tree(a->vals[i], b->vals[i]);
	}
}

/* The copy reads as YAML of the same shape, and its copy is the same again. */
static void check_masked(const char *text, size_t len)
{
	_cleanup_spec_report_ struct spec_report r = { .path = "t" };
	_cleanup_yaml_doc_ struct yaml_doc *was = NULL, *now = NULL;
	_cleanup_free_ char *masked = spec_masked_text(text, len);
	_cleanup_free_ char *again = spec_masked_text(masked, strlen(masked));

	CHECK_EQ(yaml_parse(text, len, &was, &r), 0);
	if (yaml_parse(masked, strlen(masked), &now, &r))
		tap_fail(__FILE__, __LINE__, "%s in:\n%s", r.v[0].text, masked);
	check_same_tree(yaml_root(was), yaml_root(now));
	CHECK_STR(again, masked);
}

TEST(the_copy_without_secrets_reads_as_the_same_tree)
{
	static const char *const texts[] = {
		"a: 1\npassword: 12\nb: 2\n",
		"password:\n  two\n  lines\nb: 2\n",
		"token: |\n  x\n   y\n\n  z\nb: 2\n",
		"token: >-\n\n  x\n\n  y\n\n\nb: 2\n",
		"secrets:\n  - a:\n      - |\n        x\n        y\n    b: c\n",
		"token: |\n\n",
		"token: |2+\n    x\n\n# tail\nb: 2\n",
		"token: 'two\n\n  lines '' x'\nb: \"c\"\n",
		"secret: {a: b, \"c\":d, e: [f,g,  h ]}\nb: 2\n",
		"secret: !!str x\nb: {secret: ! 5}\n",
		"a: &x hunter\npassword: *x\nb: &y {c: *x}\ntoken: *y\n",
		"l: [http://a,x@b]\nm: {u: http://u:p@h/?token=1,t: 2}\n",
		"{\"a\":\"http:\\/\\/u:hunter@h\",\"password\":null,\"b\":[1,true]}",
		"a: \"http://us\\\n  er:hunter@h\"\nb: 1 # http://c:hunter@d e: f\n",
		"- password: x\r\n- token: |\r\n    x\r\n    y\r\n- b\r\n",
		"password: é\u00a0hunter # tail\nb: 2",
		"password: |\n  no line end",
		/* Keys that differ in what is masked, one behind an escape. */
		"a: 1\n'/?token=hunter1': 1\n'/?token=hunter2': 2\nb: {c: 1}\n",
		"{\"http:\\/\\/u:hunter1@h\": 1, \"http:\\/\\/u:hunter2@h\": 2, \"//?key=hunter\": 3}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_free_ char *masked =
			spec_masked_text(texts[i], strlen(texts[i]));

		check_masked(texts[i], strlen(texts[i]));
		CHECK(!strstr(masked, "hunter"));
	}
}

TEST(the_copies_of_all_jobs_and_boards_here_read_as_the_same_tree)
{
	static const char *const patterns[] = { "jobs/*.yaml", "jobs/boards/*.yaml",
						"tests/fuzz/corpus/job_spec/*",
						"tests/fuzz/corpus/board_spec/*" };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		glob_t g;

		if (glob(patterns[i], 0, NULL, &g))
			continue;
		for (size_t k = 0; k < g.gl_pathc; k++) {
			_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

			CHECK_EQ(io_read_file_at(AT_FDCWD, g.gl_pathv[k], 1 << 20, &sb),
				 0);
			check_masked(strbuf_str(&sb), sb.len);
			n++;
		}
		globfree(&g);
	}
	if (!n)
		SKIP("not run at the top of the source tree");
	CHECK(n >= 10);
}

TEST(a_file_is_known_by_its_keys)
{
	struct spec_messages msgs = { STRVEC_INIT };

	CHECK_EQ(spec_kind_of("t", "actions: []", 11, &msgs), SPEC_JOB);
	CHECK_EQ(spec_kind_of("t", "board: x", 8, &msgs), SPEC_BOARD);
	CHECK_EQ(spec_kind_of("t", "name: x", 7, &msgs), SPEC_HYPOTHESES);
	CHECK_EQ(spec_kind_of("t", "- {}", 4, &msgs), SPEC_HYPOTHESES);
	CHECK_EQ(msgs.v.n, 0);
	CHECK_EQ(spec_kind_of("t", "x: y", 4, &msgs), SPEC_UNKNOWN);
	CHECK_EQ(spec_kind_of("t", "[", 1, &msgs), SPEC_UNKNOWN);
	CHECK_CONTAINS(
		msgs.v.v[0],
		"t:1:1: neither a job nor a board nor a hypothesis file; expected");
	CHECK_CONTAINS(msgs.v.v[1], "t:1:2: no valid YAML");
	strvec_release(&msgs.v);
}

#define OWN_WORDS                                                                        \
	"job_name: x\n"                                                                  \
	"timeouts: {job: {minutes: 5}}\n"                                                \
	"actions: [{boot: {method: minimal, prompts: ['# ']}}]\n"                        \
	"bootrig:\n"

static void put_file(const char *name, const char *text)
{
	_cleanup_close_ int dirfd = open(tap_tmpdir(), O_RDONLY | O_DIRECTORY);

	CHECK_EQ(io_atomic_write_at(dirfd, name, text, strlen(text)), 0);
}

TEST(hypotheses_stand_in_the_job_or_in_files_beside_it)
{
	_cleanup_free_ char *path = xasprintf("%s/t.yaml", tap_tmpdir());
	_cleanup_free_ char *vmlinux = xasprintf("%s/b/vmlinux", tap_tmpdir());
	static const char text[] =
		OWN_WORDS "  hypotheses: [{name: a, base: null}, two.yaml]\n"
			  "  vmlinux: b/vmlinux\n"
			  "  modules: [\"file:///m/x.ko\"]\n";
	struct spec_messages msgs = { STRVEC_INIT };
	struct job_spec *copy = NULL;
	struct err err = ERR_INIT;

	put_file("two.yaml", "- {name: b, kind: panic}\n- {name: c, base: null}\n");
	struct job_spec *job = load_as(path, text);

	CHECK_EQ(job->hypotheses.n, 3);
	CHECK_STR(job->hypotheses.v[0].name, "a");
	CHECK_STR(job->hypotheses.v[2].name, "c");
	CHECK_STR(job->vmlinux, vmlinux);
	CHECK_EQ(job->modules.n, 1);
	CHECK_STR(job->modules.v[0], "/m/x.ko");
	job_spec_free(job);
	/* In a run directory the other file is not there. */
	CHECK_EQ(job_spec_parse_copy("/none/job.yaml", text, strlen(text), &copy, &msgs,
				     &err),
		 0);
	CHECK_EQ(copy->hypotheses.n, 1);
	job_spec_free(copy);
}

TEST(a_mistake_in_a_hypothesis_is_one_of_the_job)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "  hypotheses: []\n",
		  "t.yaml:5:15: bootrig.hypotheses is empty; expected hypotheses or paths of their files\n" },
		{ "  hypotheses: bad.yaml\n",
		  "t.yaml:5:15: bootrig.hypotheses is a single value; expected a list\n" },
		{ "  hypotheses: [/nonexistent/h.yaml]\n",
		  "t.yaml:5:16: bootrig.hypotheses: /nonexistent/h.yaml:1:1: cannot be read: No such file or directory\n" },
		{ "  hypotheses: [{name: a, base: null}, {name: a, base: 0}]\n",
		  "t.yaml:5:46: bootrig.hypotheses.name \"a\" stands for another one already; expected different names\n"
		  "t.yaml:5:55: bootrig.hypotheses.base is \"0\"; expected null\n" },
		{ "  vmlinux: \"http://example.org/vmlinux\"\n",
		  "t.yaml:5:12: bootrig.vmlinux is \"http://example.org/vmlinux\", which is not on this host; expected a path or a file: URL\n" },
		{ "  modules: [a.ko]\n",
		  "t.yaml:5:3: bootrig.modules stands without vmlinux; expected both\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = xasprintf(OWN_WORDS "%s", cases[i].text);

		check_bad(text, cases[i].want);
	}
	put_file("bad.yaml", "name: a\nfunction: [1 2]\n");
	_cleanup_free_ char *text =
		xasprintf(OWN_WORDS "  hypotheses: [\"%s/bad.yaml\"]\n", tap_tmpdir());
	_cleanup_free_ char *want = xasprintf(
		"t.yaml:5:16: bootrig.hypotheses: %s/bad.yaml:2:12: hypothesis.function holds \"1 2\"; expected a name or glob without blanks and offsets\n",
		tap_tmpdir());
	check_bad(text, want);
}

TEST(the_jobs_of_this_repository_load)
{
	static const char *const jobs[] = { "jobs/boot.yaml", "jobs/panic-loop.yaml",
					    "jobs/wedge.yaml" };

	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		struct spec_messages msgs = { STRVEC_INIT };
		_cleanup_job_spec_ struct job_spec *job = NULL;
		struct err err = ERR_INIT;
		int r = job_spec_load(jobs[i], &job, &msgs, &err);

		if (r == -ENOENT)
			SKIP("not run at the top of the source tree");
		CHECK_STR(err.msg, "");
		CHECK_EQ(r, 0);
	}
}

TEST(the_example_of_the_manual_is_a_sound_job)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	if (io_read_file_at(AT_FDCWD, "docs/job-file.md", 1 << 20, &sb))
		SKIP("not run at the top of the source tree");
	char *begin = strstr(sb.buf, "```yaml\n");
	char *end = begin ? strstr(begin + 8, "```") : NULL;

	CHECK(end);
	*end = '\0';
	_cleanup_job_spec_ struct job_spec *job = load(begin + 8);
	CHECK_EQ(job->n_actions, 3);
}

TESTS(T(every_mistake_is_told_with_line_column_and_what_was_expected),
      T(a_job_with_two_kinds_of_definitions_loads_unchanged),
      T(the_boot_and_tests_of_that_job_are_all_there),
      T(typed_commands_interactive_tests_and_monitors_load_unchanged),
      T(a_job_in_json_is_a_job),
      T(windows_line_ends_a_byte_order_mark_and_anchors_change_nothing),
      T(a_repeat_block_is_unrolled), T(nested_repeats_cannot_grow_without_end),
      T(a_long_test_cannot_be_multiplied_by_repeats), T(our_own_keys_are_read),
      T(without_our_keys_the_defaults_stand),
      T(environment_stands_below_the_values_of_a_definition),
      T(a_fetched_definition_that_is_broken_says_where),
      T(skip_install_lets_a_definition_with_packages_load),
      T(paths_are_resolved_against_the_directory_of_the_job),
      T(a_missing_file_and_a_huge_one_are_told_apart),
      T(secrets_do_not_reach_the_copy_for_the_run_directory),
      T(the_copy_without_secrets_reads_as_the_same_tree),
      T(the_copies_of_all_jobs_and_boards_here_read_as_the_same_tree),
      T(a_file_is_known_by_its_keys),
      T(hypotheses_stand_in_the_job_or_in_files_beside_it),
      T(a_mistake_in_a_hypothesis_is_one_of_the_job), T(the_jobs_of_this_repository_load),
      T(the_example_of_the_manual_is_a_sound_job))
