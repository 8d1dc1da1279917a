// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <sys/wait.h>

#include "report/junit.h"
#include "sample_results.h"
#include "util/child.h"
#include "util/io.h"
#include "util/strvec.h"

static char *convert(const json_t *result)
{
	struct strbuf sb = STRBUF_INIT;

	junit_from_result(result, &sb);
	return strbuf_take(&sb);
}

static char *convert_sample(const char *name)
{
	_cleanup_json_ json_t *result = sample_result(name);

	return convert(result);
}

TEST(a_kernel_failure_is_a_failure_with_its_incident)
{
	_cleanup_free_ char *x = convert_sample("panic");

	CHECK_CONTAINS(x, "<testsuites name=\"boot &lt;virt&gt; &amp; &quot;more&quot;\" "
			  "tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\"");
	CHECK_CONTAINS(x, "<failure type=\"panic\" message=\"Kernel panic in "
			  "sysrq_handle_crash\">");
	CHECK_CONTAINS(x, "pc sysrq_handle_crash+0x20/0x30");
	CHECK_CONTAINS(x, "__handle_sysrq [sysrq]");
	CHECK(!strstr(x, "<error"));
}

TEST(what_the_lab_or_the_job_broke_is_an_error)
{
	static const char *const names[][2] = { { "lab-before", "Infrastructure" },
						{ "job", "Job" },
						{ "canceled", "Canceled" } };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *x = convert_sample(names[i][0]);
		_cleanup_free_ char *want = NULL;

		CHECK(asprintf(&want, "<error type=\"%s\"", names[i][1]) > 0);
		CHECK_CONTAINS(x, want);
		CHECK(!strstr(x, "<failure"));
	}
}

TEST(a_failed_case_fails_itself_and_not_the_boot)
{
	_cleanup_free_ char *x = convert_sample("test");

	CHECK_CONTAINS(x, "name=\"bootrig\" tests=\"1\" failures=\"0\" errors=\"0\"");
	CHECK_CONTAINS(x, "<testsuite name=\"smoke\" tests=\"2\" failures=\"1\" "
			  "errors=\"1\"");
	CHECK_CONTAINS(x, "<failure type=\"fail\" message=\"exit status 1\">");
}

TEST(a_case_of_a_repeated_attempt_does_not_fail_the_report)
{
	_cleanup_free_ char *x = convert_sample("retried");

	CHECK(!strstr(x, "<failure") && !strstr(x, "<error"));
	CHECK_CONTAINS(x, "<skipped message=\"in an attempt that was repeated\"/>");
}

TEST(measurements_and_times_are_kept)
{
	_cleanup_free_ char *x = convert_sample("pass");

	CHECK_CONTAINS(x, "<system-out>12.5 MB/s</system-out>");
	CHECK_CONTAINS(x, "classname=\"smoke\" name=\"uname\" time=\"0.250\"");
	CHECK_CONTAINS(x, "timestamp=\"2026-11-23T19:15:00\" hostname=\"lab1\"");
}

TEST(console_bytes_cannot_break_the_document)
{
	_cleanup_json_ json_t *result = sample_result("panic");
	json_t *verdict = json_object_get(result, "verdict");

	json_put(verdict, "reason",
		 json_string("]]> </failure> \x1b[31m \x01 \xef\xbf\xbe & \"q\""));
	_cleanup_free_ char *x = convert(result);
	CHECK_CONTAINS(x, "message=\"]]&gt; &lt;/failure&gt;    &amp; &quot;q&quot;");
	for (const char *p = x; *p; p++)
		CHECK((unsigned char)*p >= 0x20 || *p == '\n' || *p == '\t');
}

/* Well-formedness is judged by expat, not by us. */
TEST(an_xml_parser_reads_every_sample)
{
	static const char judge[] = "import sys, xml.etree.ElementTree as e\n"
				    "for f in sys.argv[1:]:\n"
				    "    r = e.parse(f).getroot()\n"
				    "    assert r.tag == 'testsuites'\n"
				    "    assert int(r.get('tests')) == "
				    "len(r.findall('.//testcase'))\n"
				    "    assert int(r.get('failures')) == "
				    "len(r.findall('.//failure'))\n"
				    "    assert int(r.get('errors')) == "
				    "len(r.findall('.//error'))\n";
	const char *argv[ARRAY_SIZE(samples) + 4] = { "python3", "-c", judge };
	_cleanup_strvec_ struct strvec paths = STRVEC_INIT;
	struct child child = CHILD_INIT;
	struct err err = ERR_INIT;
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		_cleanup_free_ char *x = convert_sample(samples[i].name);

		strvec_addf(&paths, "%s/%s.xml", tap_tmpdir(), samples[i].name);
		int fd = open(paths.v[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		CHECK(fd >= 0 && !io_write_all(fd, x, strlen(x)));
		close(fd);
	}
	for (size_t i = 0; i < paths.n; i++)
		argv[i + 3] = paths.v[i];
	if (child_spawn(&child, argv, NULL, &err))
		SKIP("python3 is not installed");
	CHECK_EQ(child_wait(&child, deadline_in_ms(25000), -1, &status, &err), 0);
	CHECK_EQ(status, 0);
}

TESTS(T(a_kernel_failure_is_a_failure_with_its_incident),
      T(what_the_lab_or_the_job_broke_is_an_error),
      T(a_failed_case_fails_itself_and_not_the_boot),
      T(a_case_of_a_repeated_attempt_does_not_fail_the_report),
      T(measurements_and_times_are_kept), T(console_bytes_cannot_break_the_document),
      T(an_xml_parser_reads_every_sample))
