// SPDX-License-Identifier: GPL-2.0-or-later
/* One line that says what proves the kernel of a run. */
#include "report/proof_line.h"

#include "tap.h"
#include "util/jsonx.h"

#define ATTEMPT(members)                                                                 \
	"{\"attempts\":[{\"provenance\":{\"proven\":false,\"why\":[\"an old one\"]}},"   \
	"{\"provenance\":{" members "}}]}"
#define NONCE "\"nonce\":{\"staged\":\"5f\",\"seen\":\"cmdline\"}"

static void check_line(const char *result, const char *want, bool is_null)
{
	_cleanup_json_ json_t *r = json_loads(result, 0, NULL);
	_cleanup_json_ json_t *j = proof_json(r);
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	CHECK(r);
	proof_line(r, &out);
	CHECK_STR(strbuf_str(&out), want);
	CHECK_EQ(json_is_null(j), is_null);
}

TEST(what_proves_the_kernel_is_counted)
{
	check_line(ATTEMPT("\"proven\":true,\"why\":[],\"fault\":null," NONCE
			   ",\"banner\":{\"staged\":\"L\",\"seen\":\"L\"},"
			   "\"build_id\":{\"staged\":\"a\",\"seen\":\"a\"},"
			   "\"files\":[{\"transferred_bytes\":1},"
			   "{\"transferred_bytes\":2},{\"transferred_bytes\":null}],"
			   "\"modules\":[{\"staged\":\"b\",\"seen\":\"b\"},"
			   "{\"staged\":null,\"seen\":\"c\"}]"),
		   "proven: nonce, banner, build id, 2 files, 1 module", false);
}

TEST(what_is_missing_is_told)
{
	check_line(
		ATTEMPT("\"proven\":false,\"fault\":null,\"why\":[\"no build id\"]," NONCE),
		"not proven: no build id", false);
	check_line(ATTEMPT("\"proven\":false,\"why\":[\"x\\ny\",\"b\",\"c\"]," NONCE),
		   "not proven: x y (and 2 more)", false);
}

TEST(a_contradiction_is_the_verdicts_and_a_board_that_boots_what_it_has_proves_nothing)
{
	check_line(ATTEMPT("\"proven\":false,\"fault\":\"stale\"," NONCE), "", false);
	check_line(ATTEMPT("\"proven\":false,\"nonce\":{\"staged\":null}"), "", true);
	check_line("{\"attempts\":[]}", "", true);
	check_line("{\"attempts\":7}", "", true);
	check_line("[]", "", true);
}

TESTS(T(what_proves_the_kernel_is_counted), T(what_is_missing_is_told),
      T(a_contradiction_is_the_verdicts_and_a_board_that_boots_what_it_has_proves_nothing))
