// SPDX-License-Identifier: GPL-2.0-or-later
/* LAVA jobs as people have them load unchanged, in YAML or in JSON. */
#include <jansson.h>

#include "job_text.h"

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
	_cleanup_job_spec_ struct job_spec *job = job_of(ramdisk_job);
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
	_cleanup_job_spec_ struct job_spec *job = job_of(ramdisk_job);
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
	_cleanup_job_spec_ struct job_spec *job = job_of(typed_job);
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
	_cleanup_job_spec_ struct job_spec *job = job_at(
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
		job_of("\xef\xbb\xbfjob_name: t\r\n"
		       "timeouts: {job: &t {minutes: 3}, action: *t}\r\n"
		       "actions:\r\n"
		       "- boot: &b {method: minimal, prompts: ['# ']}\r\n"
		       "- boot: {<<: *b, failure_retry: 2}\r\n");

	CHECK_EQ(job->actions[1].failure_retry, 2);
	CHECK_EQ(job->actions[1].timeout_ms, 180000);
	CHECK_STR(job->actions[1].boot.prompts.v[0], "# ");
}

TESTS(T(a_job_with_two_kinds_of_definitions_loads_unchanged),
      T(the_boot_and_tests_of_that_job_are_all_there),
      T(typed_commands_interactive_tests_and_monitors_load_unchanged),
      T(a_job_in_json_is_a_job),
      T(windows_line_ends_a_byte_order_mark_and_anchors_change_nothing))
