// SPDX-License-Identifier: GPL-2.0-or-later
/* A hostile run directory through replay: no crash, no bug, and a result that is JSON
 * with a status of ours. The input is actions.jsonl, console.idx, console.raw and
 * job.yaml, with a line of "%%%%" between them; without a job that loads, a plain one is
 * taken, so that most inputs come further. */
#include <fcntl.h>
#include <sys/stat.h>

#include "parse/job_spec.h"
#include "report/result.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char plain_job[] = "job_name: x\ntimeouts: {job: {minutes: 5}}\nactions:\n"
				"- boot: {method: minimal, prompts: ['# ']}\n";
static const char separator[] = "%%%%\n";

static char dir_path[64];

static void remove_dir(void)
{
	static const char *const names[] = { "actions.jsonl", "console.idx",
					     "console.raw", "job.yaml" };
	_cleanup_close_ int fd = open(dir_path, O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(names) && fd >= 0; i++)
		unlinkat(fd, names[i], 0);
	rmdir(dir_path);
}

static int open_dir(void)
{
	static int fd = -1;

	if (fd >= 0)
		return fd;
	snprintf(dir_path, sizeof(dir_path), "%s/fuzz-replay-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (!mkdtemp(dir_path))
		BUG("no directory %s", dir_path);
	atexit(remove_dir);
	fd = open(dir_path, O_DIRECTORY | O_CLOEXEC);
	return fd;
}

static void put(int dirfd, const char *name, const void *data, size_t len)
{
	_cleanup_close_ int fd =
		openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || io_write_all(fd, data, len))
		BUG("cannot write %s", name);
}

static bool job_loads(const char *text, size_t len)
{
	_cleanup_job_spec_ struct job_spec *job = NULL;
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;
	int r = job_spec_parse("job.yaml", text, len, &job, &msgs, &err);

	strvec_release(&msgs.v);
	return !r;
}

static void on_event(void *arg, const json_t *event)
{
	size_t *n = arg;

	free(json_line(event, NULL));
	++*n;
}

static void check_result(const json_t *result, size_t n_events)
{
	static const char *const statuses[] = { "pass", "fail",     "lab",
						"job",  "canceled", "bug" };
	const char *status =
		json_get_str(json_object_get(result, "verdict"), "status", "");
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		known |= strcmp(status, statuses[i]) == 0;
	if (!known)
		BUG("status \"%s\" after %zu events", status, n_events);
	free(json_pretty(result, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "actions.jsonl", "console.idx",
					     "console.raw" };
	const char *p = (const char *)data, *end = p + size;
	int dirfd = open_dir();
	size_t n_events = 0;
	struct err err = ERR_INIT;
	json_t *result = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *sep =
			memmem(p, (size_t)(end - p), separator, sizeof(separator) - 1);
		const char *stop = sep ? sep : end;

		put(dirfd, names[i], p, (size_t)(stop - p));
		p = sep ? sep + sizeof(separator) - 1 : end;
	}
	bool loads = job_loads(p, (size_t)(end - p));
	put(dirfd, "job.yaml", loads ? p : plain_job,
	    loads ? (size_t)(end - p) : sizeof(plain_job) - 1);
	if (result_replay(dirfd, on_event, &n_events, &result, &err))
		BUG("replay failed: %s", err.msg);
	check_result(result, n_events);
	json_decref(result);
	return 0;
}
