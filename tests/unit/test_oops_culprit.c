// SPDX-License-Identifier: GPL-2.0-or-later
#include "tap.h"

#include "parse/oops_culprit.h"

static char names[8][64];
static struct incident_frame frames[8];

/* "a b ?c": three frames, the last one unreliable. */
static size_t make(const char *text)
{
	size_t n = 0;

	for (; *text && n < ARRAY_SIZE(frames); n++) {
		bool reliable = *text != '?';
		size_t len = strcspn(text += !reliable, " ");

		snprintf(names[n], sizeof(names[n]), "%.*s", (int)len, text);
		frames[n] = (struct incident_frame){ .function = names[n],
						     .reliable = reliable };
		text += len + (text[len] == ' ');
	}
	return n;
}

TEST(helpers_are_passed_over_and_drivers_with_like_names_are_not)
{
	size_t n = make("dump_stack ?stale _raw_spin_lock_irqsave my_driver_probe");

	CHECK_EQ(culprit_in_trace(frames, n, NULL), 3);
	CHECK(culprit_is_helper("__asan_report_load8_noabort", NULL));
	CHECK(culprit_is_helper("atomic_read", NULL));
	CHECK(!culprit_is_helper("drm_atomic_commit", NULL));
	CHECK(!culprit_is_helper("vidioc_dev_info", NULL));
	CHECK(!culprit_is_helper("platform_shutdown", NULL));
	CHECK(culprit_is_helper("kfree", skip_free));
	CHECK(!culprit_is_helper("kfree", NULL));
}

TEST(a_hung_task_is_named_after_what_waits_not_after_the_waiting)
{
	CHECK_STR(
		culprit_hung(frames, make("__schedule schedule drm_sched_main kthread")),
		"drm_sched_main");
	CHECK_STR(culprit_hung(frames, make("schedule __synchronize_srcu notify_fn")),
		  "synchronize_rcu");
	CHECK_STR(culprit_hung(frames,
			       make("schedule __mutex_lock rtnl_lock inet_release")),
		  "rtnl_lock");
	CHECK(!culprit_hung(frames, make("schedule mutex_lock")));
}

TEST(a_stall_is_named_after_what_was_asked_for)
{
	CHECK_STR(culprit_stalled(frames, make("inner my_ioctl vfs_ioctl sys_ioctl")),
		  "my_ioctl");
	CHECK_STR(culprit_stalled(frames,
				  make("a smp_call_function_single b do_syscall_64")),
		  "smp_call_function");
	/* A fault in a copy on behalf of a system call. */
	CHECK_STR(
		culprit_stalled(frames, make("count handle_mm_fault exc_page_fault copy "
					     "__x64_sys_recvmmsg do_syscall_64")),
		"__x64_sys_recvmmsg");
	CHECK(!culprit_stalled(frames, make("a b c")));
}

TEST(a_system_call_has_one_name_on_all_kernels)
{
	CHECK_STR(culprit_plain("__x64_sys_read"), "sys_read");
	CHECK_STR(culprit_plain("__arm64_sys_read"), "sys_read");
	CHECK_STR(culprit_plain("SyS_read"), "read");
	CHECK_STR(culprit_plain("__do_sys_read"), "read");
	CHECK_STR(culprit_plain("my_sys_read"), "my_sys_read");
	CHECK_STR(culprit_plain("sys_"), "sys_");
}

TEST(a_warnings_file_tells_its_sort)
{
	CHECK_STR(
		culprit_warn_sort("CPU: 0 PID: 1 at lib/refcount.c:28 x+0x1/0x2")->title,
		"WARNING: refcount bug");
	CHECK(!culprit_warn_sort("CPU: 0 PID: 1 at drivers/x.c:28 x+0x1/0x2"));
}

TESTS(T(helpers_are_passed_over_and_drivers_with_like_names_are_not),
      T(a_hung_task_is_named_after_what_waits_not_after_the_waiting),
      T(a_stall_is_named_after_what_was_asked_for),
      T(a_system_call_has_one_name_on_all_kernels), T(a_warnings_file_tells_its_sort))
