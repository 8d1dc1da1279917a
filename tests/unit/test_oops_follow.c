// SPDX-License-Identifier: GPL-2.0-or-later
/* What follows a report: its own panic, or another failure. */
#include "oops_reading.h"

/* One line for each incident: kind, function, panicked or not. */
static char *summary(const char *text)
{
	struct strbuf sb = STRBUF_INIT;
	_cleanup_json_ json_t *all = read_json(text);
	json_t *in;
	size_t i;

	json_array_foreach(all, i, in)
		strbuf_addf(&sb, "%s%s %s%s", i ? ", " : "", json_get_str(in, "kind", ""),
			    json_get_str(in, "function", "-"),
			    json_get_bool(in, "panicked", false) ? " panicked" : "");
	return strbuf_take(&sb);
}

#define CHECK_SUMMARY(text_, want_)                                                      \
	do {                                                                             \
		_cleanup_free_ char *got_ = summary(text_);                              \
		CHECK_STR(got_, want_);                                                  \
	} while (0)

#define WARN_AT(stamp)                                                                   \
	stamp "------------[ cut here ]------------\n" stamp                             \
	      "WARNING: CPU: 0 PID: 9 at drivers/x.c:3 warner+0x10/0x20\n" stamp         \
	      "Call trace:\n" stamp " warner+0x10/0x20\n" stamp                          \
	      "---[ end trace 0000000000000000 ]---\n"

#define ATOMIC_AT(stamp)                                                                 \
	stamp "BUG: scheduling while atomic: sh/9/0x00000002\n" stamp                    \
	      "Call trace:\n" stamp " __schedule_bug+0x74/0x98\n" stamp                  \
	      " sleeper+0x10/0x20\n"

#define PANIC_AT(stamp, why)                                                             \
	stamp "Kernel panic - not syncing: " why "\n" stamp                              \
	      "CPU: 1 UID: 0 PID: 1 Comm: init Not tainted 6.12.5 #1\n" stamp            \
	      "Call trace:\n" stamp " panic+0x398/0x3f0\n" stamp                         \
	      " stopper+0x10/0x20\n" stamp "---[ end Kernel panic - not syncing: " why   \
	      " ]---\n"

TEST(a_panic_long_after_a_warning_is_another_failure)
{
	static const char *const reasons[] = {
		"Attempted to kill init! exitcode=0x0000000b",
		"stack-protector: Kernel stack is corrupted in: stopper+0x10/0x20",
		"VFS: Unable to mount root fs on unknown-block(179,1)",
		"Oopsed too often (kernel.oops_limit is 10000)",
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		_cleanup_free_ char *warned =
			xasprintf("%s" PANIC_AT("[   17.000000] ", "%s"),
				  WARN_AT("[   12.000000] "), reasons[i], reasons[i]);
		_cleanup_free_ char *slept =
			xasprintf("%s" PANIC_AT("[   17.000000] ", "%s"),
				  ATOMIC_AT("[   12.000000] "), reasons[i], reasons[i]);

		CHECK_SUMMARY(warned, "warn warner, panic stopper panicked");
		CHECK_SUMMARY(slept, "atomic-sleep sleeper, panic stopper panicked");
	}
}

TEST(a_panic_that_names_its_cause_belongs_to_it_however_late)
{
	CHECK_SUMMARY(WARN_AT("[   12.000000] ") PANIC_AT(
			      "[   17.000000] ", "kernel: panic_on_warn set ..."),
		      "warn warner panicked");
	CHECK_SUMMARY(ATOMIC_AT("[   12.000000] ")
			      PANIC_AT("[   17.000000] ",
				       "scheduling while atomic: panic_on_warn set ..."),
		      "atomic-sleep sleeper panicked");
	CHECK_SUMMARY("[   12.000000] watchdog: BUG: soft lockup - CPU#2 stuck for 26s! "
		      "[sh:9]\n"
		      "[   12.000001] pc : looper+0x10/0x20\n" PANIC_AT(
			      "[   17.000000] ", "softlockup: hung tasks"),
		      "soft-lockup looper panicked");
	/* init was what the OOM killer chose. */
	CHECK_SUMMARY("[   12.000000] Out of memory: Killed process 1 (init)\n" PANIC_AT(
			      "[   17.000000] ", "Attempted to kill init! exitcode=0x9"),
		      "oom - panicked");
}

TEST(a_kernel_that_oopsed_dies_of_that)
{
	CHECK_SUMMARY(
		FAULT DIE END PANIC_AT("[   25.000000] ",
				       "Attempted to kill init! exitcode=0x0000000b"),
		"null-deref attach_thing panicked");
}

TEST(a_panic_at_once_is_the_end_of_what_is_fatal)
{
	CHECK_SUMMARY(ATOMIC_AT("[   12.000000] ")
			      PANIC_AT("[   12.100000] ", "corrupted stack end detected "
							  "inside scheduler"),
		      "atomic-sleep sleeper panicked");
	CHECK_SUMMARY(ATOMIC_AT("") PANIC_AT("", "driver gave up"),
		      "atomic-sleep sleeper panicked");
	/* But not of another task's. */
	CHECK_SUMMARY(ATOMIC_AT("[   12.000000][    T9] ")
			      PANIC_AT("[   12.100000][    T8] ", "driver gave up"),
		      "atomic-sleep sleeper, panic stopper panicked");
}

#define DIE_AT(stamp)                                                                    \
	stamp "Internal error: Oops - BTI: 0000000034000002 [#1] PREEMPT SMP\n" stamp    \
	      "CPU: 2 UID: 0 PID: 7 Comm: sh Not tainted 6.12.5 #1\n" stamp              \
	      "pc : dier+0x10/0x20\n" stamp "Call trace:\n" stamp                        \
	      " dier+0x10/0x20\n" stamp "---[ end trace 0000000000000000 ]---\n"

TEST(lines_go_to_the_die_not_to_the_report_before_it)
{
	CHECK_SUMMARY(
		"[   12.000000] BUG: KCSAN: data-race in racer / other\n"
		"[   12.000000] \n"
		"[   12.000000] write to 0xffff000102030408 of 4 bytes by task 9 on "
		"cpu 2:\n"
		"[   12.000000]  racer+0x10/0x20\n" DIE_AT("[   17.000000] "),
		"kcsan racer, oops-other dier");
	/* A report that has no trace gets none. */
	CHECK_SUMMARY("[   12.000000] kmemleak: 3 new suspected memory leaks (see "
		      "/sys/kernel/debug/kmemleak)\n" DIE_AT("[   17.000000] "),
		      "leak -, oops-other dier");
	CHECK_SUMMARY("[   12.000000] kmemleak: 3 new suspected memory leaks (see "
		      "/sys/kernel/debug/kmemleak)\n" PANIC_AT("[   17.000000] ", "x"),
		      "leak -, panic stopper panicked");
}

TEST(what_others_report_after_a_warning_is_not_swallowed)
{
	CHECK_SUMMARY(
		WARN_AT("[   12.000000] ") "[   17.000000] irq 35: nobody cared (try booting with the "
					   "\"irqpoll\" option)\n",
		"warn warner, other -");
	CHECK_SUMMARY(
		WARN_AT("[   12.000000] ") "[   17.000000] VFS: Busy inodes after unmount of sda1 (ext4)\n",
		"warn warner, other -");
}

/* mm/kmemleak.c with kmemleak=verbose prints each line behind its name. */
TEST(a_leak_on_the_console_and_its_count_are_one)
{
	CHECK_SUMMARY(
		"[   12.000000] kmemleak: unreferenced object 0xffff000102030400 (size "
		"64):\n"
		"[   12.000000] kmemleak:   comm \"sh\", pid 412, jiffies 4294894018\n"
		"[   12.000000] kmemleak:   hex dump (first 32 bytes):\n"
		"[   12.000000] kmemleak:     00 00 00 00\n"
		"[   12.000000] kmemleak:   backtrace (crc 1a2b3c4d):\n"
		"[   12.000000] kmemleak:     kmemleak_alloc+0xb4/0xc4\n"
		"[   12.000000] kmemleak:     __kmalloc_cache_noprof+0x2a4/0x33c\n"
		"[   12.000000] kmemleak:     leaker+0x10/0x20\n"
		"[   12.000000] kmemleak: 1 new suspected memory leaks (see "
		"/sys/kernel/debug/kmemleak)\n",
		"leak leaker");
}

TEST(an_oops_in_the_wake_of_another_is_counted_once)
{
	static const struct {
		const char *text, *secondary;
	} cases[] = {
		{ FAULT DIE END, "0" },
		{ FAULT DIE END FAULT DIE END, "1" },
		{ FAULT DIE END FAULT DIE END FAULT DIE END, "2" },
		{ FAULT DIE END DIE END FAULT DIE END, "2" },
		/* What cannot even die. */
		{ FAULT DIE FAULT, "1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *all = read_json(cases[i].text);

		CHECK_EQ(json_array_size(all), 1);
		CHECK_FIELD(all, 0, "secondary", cases[i].secondary);
		json_decref(all);
	}
}

TESTS(T(an_oops_in_the_wake_of_another_is_counted_once),
      T(a_panic_long_after_a_warning_is_another_failure),
      T(a_panic_that_names_its_cause_belongs_to_it_however_late),
      T(a_kernel_that_oopsed_dies_of_that),
      T(a_panic_at_once_is_the_end_of_what_is_fatal),
      T(lines_go_to_the_die_not_to_the_report_before_it),
      T(what_others_report_after_a_warning_is_not_swallowed),
      T(a_leak_on_the_console_and_its_count_are_one))
