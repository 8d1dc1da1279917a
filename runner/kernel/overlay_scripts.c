// SPDX-License-Identifier: GPL-2.0-or-later
/* LAVA's helper programs for the board, in POSIX sh: they print the signals that
 * parse/test_output reads. Same arguments and exit status as LAVA's own, so that test
 * definitions run unchanged; ours write nothing to the board's disk, because a result
 * that matters is on the console. Programs, not shell functions: dash refuses functions
 * with a dash in their name. The start of a signal is never spelled out, so that a shell
 * which echoes the text while it is typed shows none. */
#include "kernel/overlay.h"

/* What follows --shell is evaluated, joined by blanks; that it fails makes a failed case,
 * never a failed step. Its own shell, so that `exit` ends the case only. */
static const char test_case[] =
	"#!/bin/sh\n"
	"S=LAVA_SIGNAL\n"
	"usage() {\n"
	" echo 'usage: lava-test-case ID --shell COMMAND...'\n"
	" echo '   or: lava-test-case ID --result pass|fail|skip|unknown'\n"
	" echo '       [--measurement NUMBER] [--units UNITS]'\n"
	" exit 1\n"
	"}\n"
	"[ $# -ge 2 ] && [ -n \"$1\" ] || usage\n"
	"id=$1; result=; more=; shift\n"
	"if [ \"$1\" = --shell ]; then\n"
	" shift\n"
	" echo \"<${S}_STARTTC $id>\"\n"
	" if (eval \"$*\"); then result=pass; else result=fail; fi\n"
	" echo \"<${S}_ENDTC $id>\"\n"
	"else\n"
	" while [ $# -ge 2 ]; do\n"
	"  case $1 in\n"
	"  --result) result=$2;;\n"
	"  --units) more=\"$more UNITS=$2\";;\n"
	"  --measurement) more=\"$more MEASUREMENT=$2\";;\n"
	"  *) usage;;\n"
	"  esac\n"
	"  shift 2\n"
	" done\n"
	" [ $# -eq 0 ] || usage\n"
	"fi\n"
	"[ -n \"$result\" ] || usage\n"
	"echo \"<${S}_TESTCASE TEST_CASE_ID=$id RESULT=$result$more>\"\n";

static const char test_set[] = "#!/bin/sh\n"
			       "S=LAVA_SIGNAL\n"
			       "if [ \"$1\" = start ] && [ -n \"$2\" ]; then\n"
			       " echo \"<${S}_TESTSET START $2>\"\n"
			       "elif [ \"$1\" = stop ]; then\n"
			       " echo \"<${S}_TESTSET STOP>\"\n"
			       "else\n"
			       " echo 'usage: lava-test-set start NAME, or stop'\n"
			       " exit 1\n"
			       "fi\n";

/* Always fails: the step that raises is the last one. */
static const char test_raise[] = "#!/bin/sh\n"
				 "S=LAVA_SIGNAL\n"
				 "if [ -z \"$1\" ]; then\n"
				 " echo 'usage: lava-test-raise MESSAGE'\n"
				 "else\n"
				 " echo \"<${S}_TESTRAISE $*>\"\n"
				 "fi\n"
				 "exit 1\n";

static const char test_reference[] =
	"#!/bin/sh\n"
	"S=LAVA_SIGNAL\n"
	"id=$1; result=; url=\n"
	"[ $# -gt 0 ] && shift\n"
	"while [ $# -ge 2 ]; do\n"
	" case $1 in\n"
	" --result) result=$2;;\n"
	" --reference) url=$2;;\n"
	" *) break;;\n"
	" esac\n"
	" shift 2\n"
	"done\n"
	"if [ $# -gt 0 ] || [ -z \"$id\" ] || [ -z \"$result\" ] || [ -z \"$url\" ]; then\n"
	" echo 'usage: lava-test-reference ID --result RESULT --reference URL'\n"
	" exit 1\n"
	"fi\n"
	"echo \"<${S}_TESTREFERENCE $id $result $url>\"\n";

const struct overlay_script overlay_scripts[] = {
	{ "lava-test-case", test_case },
	{ "lava-test-set", test_set },
	{ "lava-test-raise", test_raise },
	{ "lava-test-reference", test_reference },
	{ NULL, NULL },
};
