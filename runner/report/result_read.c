// SPDX-License-Identifier: GPL-2.0-or-later
/* result.json from the reader's side. */
#include "report/result_read.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/num.h"

bool run_id_is_valid(const char *id)
{
	static const char ok[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				 "0123456789._-";
	size_t n = strlen(id);

	return n && n <= RUN_ID_MAX && id[0] != '.' && strspn(id, ok) == n;
}

int result_parse(const char *text, size_t len, json_t **out, struct err *err)
{
	json_error_t je;
	_cleanup_json_ json_t *j = json_loadb(text, len, JSON_ALLOW_NUL, &je);

	*out = NULL;
	if (!j)
		return err_set(err, ERR_JOB, -EINVAL,
			       "no result.json of a run: line %d: %s", je.line, je.text);
	if (!json_is_object(j) ||
	    strcmp(json_get_str(j, "schema", ""), "bootrig.result/1"))
		return err_set(err, ERR_JOB, -EINVAL,
			       "no result: \"schema\" is not \"bootrig.result/1\"");
	if (!run_id_is_valid(json_get_str(j, "id", "")))
		return err_set(err, ERR_JOB, -EINVAL,
			       "no result: \"id\" is missing or bad");
	*out = TAKE_PTR(j);
	return 0;
}

int result_load(const char *run_dir, json_t **out, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_free_ char *inside = xasprintf("%s/result.json", run_dir);
	struct stat st;
	bool is_dir;

	*out = NULL;
	if (stat(run_dir, &st))
		return err_set(err, ERR_LAB, -errno, "%s: %s", run_dir, strerror(errno));
	is_dir = S_ISDIR(st.st_mode);
	if (!is_dir && !S_ISREG(st.st_mode))
		return err_set(err, ERR_LAB, -EINVAL, "%s: no run directory", run_dir);
	const char *path = is_dir ? inside : run_dir;
	int r = io_read_file_at(AT_FDCWD, path, RESULT_MAX_BYTES, &text);
	if (r)
		return err_set(err, ERR_LAB, r, "%s: %s%s", path, strerror(-r),
			       r == -ENOENT ? "; the run has not ended, or this is no "
					      "run directory"
					    : "");
	r = result_parse(strbuf_str(&text), text.len, out, err);
	if (r)
		err_prefix(err, "%s: ", path);
	return r;
}

static bool stages_reach_kernel(const json_t *stages)
{
	const json_t *s;
	size_t i;

	json_array_foreach(stages, i, s)
	{
		const char *name = json_get_str(s, "stage", "");

		if (strcmp(name, "starting-kernel") == 0 || strcmp(name, "kernel") == 0 ||
		    strcmp(name, "userspace") == 0)
			return true;
	}
	return false;
}

bool result_kernel_ran(const json_t *result, const json_t *attempt)
{
	const json_t *kernel = json_object_get(result, "kernel");

	if (attempt)
		return stages_reach_kernel(json_object_get(attempt, "stages"));
	return json_get_str(kernel, "seen", NULL) ||
	       json_get_str(kernel, "nonce_seen", NULL) ||
	       stages_reach_kernel(json_object_get(result, "stages")) ||
	       stages_reach_kernel(
		       json_object_get(result_last_attempt(result), "stages"));
}

const json_t *result_last_attempt(const json_t *result)
{
	const json_t *attempts = json_object_get(result, "attempts");
	size_t n = json_array_size(attempts);

	return n ? json_array_get(attempts, n - 1) : NULL;
}

double result_number(const json_t *object, const char *key, double dflt)
{
	const json_t *j = json_object_get(object, key);

	return json_is_number(j) ? json_number_value(j) : dflt;
}

/* The number in s[at..at+n). */
static int field(const char *s, int at, size_t n, uint64_t min, uint64_t max, int *out)
{
	uint64_t v;

	if (parse_u64n(s + at, n, 10, max, &v) || v < min)
		return -EINVAL;
	*out = (int)v;
	return 0;
}

int rfc3339_parse(const char *s, int64_t *ms)
{
	int year, month, day, hour, min, sec, milli = 0;
	size_t n = strlen(s);
	struct tm tm = { 0 };

	if ((n != 20 && n != 24) || s[4] != '-' || s[7] != '-' || s[10] != 'T' ||
	    s[13] != ':' || s[16] != ':' || s[n - 1] != 'Z' || (n == 24 && s[19] != '.'))
		return -EINVAL;
	if (field(s, 0, 4, 1970, 9999, &year) || field(s, 5, 2, 1, 12, &month) ||
	    field(s, 8, 2, 1, 31, &day) || field(s, 11, 2, 0, 23, &hour) ||
	    field(s, 14, 2, 0, 59, &min) || field(s, 17, 2, 0, 59, &sec) ||
	    (n == 24 && field(s, 20, 3, 0, 999, &milli)))
		return -EINVAL;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	tm.tm_hour = hour;
	tm.tm_min = min;
	tm.tm_sec = sec;
	time_t t = timegm(&tm);
	if (tm.tm_mday != day)
		return -EINVAL; /* 31 February */
	*ms = (int64_t)t * 1000 + milli;
	return 0;
}
