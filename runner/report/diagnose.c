// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns what is judged when a result is folded. The build is asked in a child process: a
 * vmlinux takes memory, and a damaged one may crash who reads it. */
#include "report/diagnose.h"

#include <errno.h>
#include <sys/stat.h>

#include "diagnose/hypothesis.h"
#include "report/text.h"
#include "util/forked.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum {
	PROBLEM_BYTES = 4000,
	BUILD_MS = 60000,
	BUILD_OUTPUT_BYTES = 32 << 20,
	SUMMARY_LINES = 6
};
static const uint64_t build_memory_bytes = UINT64_C(3) << 30;

struct job {
	struct hypotheses hypotheses;
	const json_t
		*vmlinux; /* borrowed: {"path", "build_id", "modules"}; NULL = none */
	json_t *result;   /* borrowed */
};

static bool is_wanted(const json_t *incident)
{
	return json_get_bool(incident, "fatal", false) &&
	       !json_get_bool(incident, "recovery", false);
}

/* Never shared with the event that the incident came from. */
static json_t *diagnosis_of(json_t *incident)
{
	const json_t *d = json_object_get(incident, "diagnosis");
	json_t *own =
		json_is_object(d) ? json_copy((json_t *)(uintptr_t)d) : json_object();

	json_put(incident, "diagnosis", own);
	return own;
}

static void warn_one(json_t *diagnosis, const char *text)
{
	const json_t *old = json_object_get(diagnosis, "warnings");
	json_t *list =
		json_is_array(old) ? json_copy((json_t *)(uintptr_t)old) : json_array();

	json_push(list, json_lossy_str(text));
	json_put(diagnosis, "warnings", list);
}

static void warn_all(json_t *result, const char *text)
{
	json_t *in;
	size_t i;

	json_array_foreach(json_object_get(result, "incidents"), i, in) if (is_wanted(in))
		warn_one(diagnosis_of(in), text);
}

static void load_hypotheses(struct job *job)
{
	static const char where[] = "the run's hypotheses";
	_cleanup_json_ json_t *file = json_object();
	json_t *list = json_object_get(job->result, "hypotheses");
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;

	if (!json_array_size(list))
		return;
	json_put(file, "hypotheses", json_incref(list));
	_cleanup_free_ char *text = json_line(file, NULL);

	if (hypotheses_parse(where, text, strlen(text), &job->hypotheses, &msgs, &err)) {
		hypotheses_release(&job->hypotheses);
		warn_all(job->result, err.msg);
	}
	strvec_release(&msgs.v);
}

/* The diagnosis of one incident, hypotheses included; the caller's. */
static json_t *diagnose(const struct job *job, const json_t *incident, struct build *b)
{
	struct incident *in = incident_from_json(incident);
	struct diagnosis d;

	diagnosis_make(&d, in, b);
	json_t *j = diagnosis_to_json(&d);

	json_put(j, "hypotheses", hypotheses_judge_json(&job->hypotheses, in, &d, b));
	diagnosis_release(&d);
	incident_free(in);
	return j;
}

/* ---- in the child ---- */

/* Lines: {"problem": text}, {"build_id": hex}, {"incident": index, "diagnosis": {}}. */
static void send(int fd, json_t *take_object)
{
	size_t len;
	_cleanup_free_ char *line = json_line(take_object, &len);

	json_decref(take_object);
	if (io_write_all(fd, line, len))
		_exit(1);
}

static void send_problem(int fd, const char *text)
{
	json_t *o = json_object();

	json_put(o, "problem", json_lossy_str(text));
	send(fd, o);
}

static void add_modules(const struct job *job, struct build *b, int fd)
{
	const json_t *modules = json_object_get(job->vmlinux, "modules");

	for (size_t i = 0; i < json_array_size(modules); i++) {
		const char *path = json_string_value(json_array_get(modules, i));
		struct err err = ERR_INIT;

		if (path && build_add_module(b, path, &err))
			send_problem(fd, err.msg);
	}
}

static void with_build(void *arg, int fd)
{
	const struct job *job = arg;
	const char *was = json_get_str(job->vmlinux, "build_id", NULL);
	struct build *b = NULL;
	struct err err = ERR_INIT;
	json_t *in;
	size_t i;

	if (build_open(json_get_str(job->vmlinux, "path", ""), &b, &err)) {
		send_problem(fd, err.msg);
		return;
	}
	if (was && (!build_id(b) || strcmp(build_id(b), was) != 0)) {
		_cleanup_free_ char *text = xasprintf(
			"%s is another build by now: its build id is %s, was %s",
			json_get_str(job->vmlinux, "path", ""),
			build_id(b) ? build_id(b) : "missing", was);

		send_problem(fd, text);
		return;
	}
	add_modules(job, b, fd);
	json_array_foreach(json_object_get(job->result, "incidents"), i, in)
	{
		json_t *o;

		if (!is_wanted(in))
			continue;
		o = json_object();
		json_put(o, "incident", json_integer((json_int_t)i));
		json_put(o, "diagnosis", diagnose(job, in, b));
		send(fd, o);
	}
}

/* ---- in the parent ---- */

static void say_problem(struct job *job, struct strbuf *problem, const char *text)
{
	if (problem->len)
		strbuf_addstr(problem, "; ");
	strbuf_addstr(problem, text);
	warn_all(job->result, text);
}

static void take_diagnosis(struct job *job, const json_t *line)
{
	json_t *in = json_array_get(json_object_get(job->result, "incidents"),
				    (size_t)json_get_int(line, "incident", -1));
	json_t *d = json_object_get(line, "diagnosis");

	if (json_is_object(in) && json_is_object(d))
		json_put(in, "diagnosis", json_incref(d));
}

/* Whole lines only: the last one may be half of what a dying child meant. */
static void take_output(struct job *job, const struct strbuf *out, struct strbuf *problem)
{
	const char *p = strbuf_str(out), *end;

	for (; (end = strchr(p, '\n')) != NULL; p = end + 1) {
		_cleanup_json_ json_t *line = json_loadb(p, (size_t)(end - p), 0, NULL);
		const char *text = json_get_str(line, "problem", NULL);

		if (text && problem->len < PROBLEM_BYTES)
			say_problem(job, problem, text);
		else
			take_diagnosis(job, line);
	}
}

static bool any_wanted(const json_t *result)
{
	json_t *in;
	size_t i;

	json_array_foreach(json_object_get(result, "incidents"), i,
			   in) if (is_wanted(in)) return true;
	return false;
}

static void ask_build(struct job *job, json_t *vmlinux)
{
	const struct forked_limits limits = { .deadline = deadline_in_ms(BUILD_MS),
					      .memory_bytes = build_memory_bytes,
					      .output_bytes = BUILD_OUTPUT_BYTES };
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	_cleanup_strbuf_ struct strbuf problem = STRBUF_INIT;
	const char *path = json_get_str(vmlinux, "path", "");
	struct err err = ERR_INIT;
	struct stat st;
	int r = 0;

	errno = 0;
	/* Anything else could make us wait. */
	if (stat(path, &st) || !S_ISREG(st.st_mode)) {
		_cleanup_free_ char *text = xasprintf(
			"%s: %s", path, errno ? strerror(errno) : "no regular file");

		say_problem(job, &problem, text);
	} else {
		r = forked_call(with_build, job, &limits, &out, &err);
		take_output(job, &out, &problem);
	}
	if (r) {
		_cleanup_free_ char *text =
			xasprintf("diagnosis with %s failed: %s", path, err.msg);

		say_problem(job, &problem, text);
	}
	json_put(vmlinux, "problem",
		 problem.len ? json_lossy_str(strbuf_str(&problem)) : json_null());
}

/* Without the build, for whatever has no verdicts. */
static void judge_the_rest(struct job *job)
{
	json_t *in;
	size_t i;

	json_array_foreach(json_object_get(job->result, "incidents"), i, in)
	{
		json_t *d, *full;

		if (!is_wanted(in) ||
		    json_object_get(json_object_get(in, "diagnosis"), "hypotheses"))
			continue;
		full = diagnose(job, in, NULL);
		d = diagnosis_of(in);
		json_object_update_missing(d, full);
		json_decref(full);
	}
}

void diagnose_result(json_t *result)
{
	struct job job = { .hypotheses = HYPOTHESES_INIT, .result = result };
	json_t *kernel = json_object_get(result, "kernel");
	const json_t *recorded = json_object_get(kernel, "vmlinux");

	if (!any_wanted(result))
		return;
	load_hypotheses(&job);
	if (json_is_object(recorded)) {
		json_t *vmlinux = json_deep_copy(recorded);

		job.vmlinux = vmlinux;
		ask_build(&job, vmlinux);
		json_put(kernel, "vmlinux", vmlinux);
	}
	judge_the_rest(&job);
	hypotheses_release(&job.hypotheses);
}

/* ---- for people ---- */

/* That of the attempt that decided, else the first one that was judged. */
static const json_t *judged_incident(const json_t *result)
{
	const json_t *a, *in, *first = NULL;
	int64_t id = -1;
	size_t i;

	json_array_foreach(json_object_get(result, "attempts"), i,
			   a) if (id < 0 &&
				  strcmp(json_get_str(a, "status", ""), "fail") == 0) id =
		json_get_int(a, "incident", -1);
	json_array_foreach(json_object_get(result, "incidents"), i, in)
	{
		if (!json_array_size(json_object_get(json_object_get(in, "diagnosis"),
						     "hypotheses")))
			continue;
		if (json_get_int(in, "id", -1) == id)
			return in;
		if (!first)
			first = in;
	}
	return first;
}

/* The first reason that made the verdict, without its last word. */
static void add_reason(struct strbuf *out, const json_t *hypothesis)
{
	_cleanup_free_ char *tail =
		xasprintf(": %s", json_get_str(hypothesis, "verdict", ""));
	const json_t *reason;
	size_t i, cut = strlen(tail);

	json_array_foreach(json_object_get(hypothesis, "reasons"), i, reason)
	{
		const char *s = json_is_string(reason) ? json_string_value(reason) : "";
		size_t n = strlen(s);

		if (n <= cut || strcmp(s + n - cut, tail) != 0)
			continue;
		strbuf_addf(out, ", %.*s", (int)(n - cut), s);
		return;
	}
}

PRINTF(3, 4)
static void add_line(struct strbuf *out, const char *indent, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	strbuf_addstr(out, indent);
	text_add_line(out, strbuf_str(&text));
	strbuf_addch(out, '\n');
}

void diagnose_summary(const json_t *result, const char *indent, struct strbuf *out)
{
	const json_t *in = judged_incident(result), *h;
	const json_t *vmlinux =
		json_object_get(json_object_get(result, "kernel"), "vmlinux");
	const json_t *list =
		json_object_get(json_object_get(in, "diagnosis"), "hypotheses");
	const char *problem = json_get_str(vmlinux, "problem", NULL);
	size_t i, n = json_array_size(list);

	if (problem)
		add_line(out, indent, "vmlinux: %s", problem);
	json_array_foreach(list, i, h)
	{
		_cleanup_strbuf_ struct strbuf reason = STRBUF_INIT;
		const char *verdict = json_get_str(h, "verdict", "");

		if (i == SUMMARY_LINES && n > SUMMARY_LINES + 1) {
			add_line(out, indent, "… and %zu hypotheses more", n - i);
			return;
		}
		if (strcmp(verdict, "confirmed") != 0)
			add_reason(&reason, h);
		add_line(out, indent, "hypothesis %s: %s%s", json_get_str(h, "name", ""),
			 verdict, strbuf_str(&reason));
	}
}
