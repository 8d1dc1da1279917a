// SPDX-License-Identifier: GPL-2.0-or-later
/* A run again from its record: bytes with their times, and our actions between them. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "report/diagnose.h"
#include "report/result.h"
#include "session/watch.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/num.h"
#include "util/strbuf.h"

enum { LINE_MAX_JSON = 4 << 20 };

/* Lines of a text file, without the torn last one and without those that we never write:
 * longer ones. */
struct lines {
	FILE *f;
	struct strbuf line;
};

static void lines_release(struct lines *l)
{
	if (l->f)
		fclose(l->f);
	strbuf_release(&l->line);
}

/* A run directory is files; anything else could make us wait. */
static FILE *open_file(int dirfd, const char *name, struct err *err)
{
	_cleanup_close_ int fd =
		openat(dirfd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	FILE *f;

	if (fd < 0 || fstat(fd, &st)) {
		(void)!err_set(err, ERR_LAB, -errno, "%s: %s", name, strerror(errno));
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		(void)!err_set(err, ERR_LAB, -EINVAL, "%s: no regular file", name);
		return NULL;
	}
	f = fdopen(fd, "r");
	if (!f)
		BUG("fdopen: %s", strerror(errno));
	(void)TAKE_FD(fd);
	return f;
}

static int lines_open(struct lines *l, int dirfd, const char *name, struct err *err)
{
	*l = (struct lines){ .f = open_file(dirfd, name, err), .line = STRBUF_INIT };
	return l->f ? 0 : err->code;
}

/* 1 and *text (NUL-terminated, without LF), 0 at the end. */
static int lines_next(struct lines *l, const char **text, size_t *len)
{
	size_t n = 0;
	int c;

	strbuf_reset(&l->line);
	while ((c = getc_unlocked(l->f)) != EOF) {
		if (c != '\n') {
			if (n++ < LINE_MAX_JSON)
				strbuf_addch(&l->line, (char)c);
			continue;
		}
		if (n <= LINE_MAX_JSON) {
			*text = strbuf_str(&l->line);
			*len = n;
			return 1;
		}
		strbuf_reset(&l->line);
		n = 0;
	}
	return 0;
}

/* The next JSON line, or NULL at the end. */
static json_t *next_json(struct lines *l)
{
	const char *text;
	size_t len;

	while (lines_next(l, &text, &len)) {
		json_t *j = json_loadb(text, len, JSON_ALLOW_NUL, NULL);

		if (j)
			return j;
	}
	return NULL;
}

/* All that a result says, live or later. */
static json_t *finish(struct fold *f)
{
	json_t *result = fold_result(f);

	diagnose_result(result);
	return result;
}

int result_from_events(int run_dirfd, json_t **out, struct err *err)
{
	_cleanup_(lines_release) struct lines l = { .line = STRBUF_INIT };
	struct fold *f;
	json_t *e;
	int r = lines_open(&l, run_dirfd, "events.jsonl", err);

	if (r)
		return r;
	f = fold_new();
	while ((e = next_json(&l))) {
		fold_event(f, e);
		json_decref(e);
	}
	*out = finish(f);
	fold_free(f);
	return 0;
}

struct replay {
	struct watch *watch;
	struct fold *fold;
	FILE *raw;
	struct lines idx;
	uint64_t offset;         /* bytes fed so far */
	int64_t t_ns, next_t_ns; /* of the running and the next line of the index */
	uint64_t next_at;        /* where the next one begins; UINT64_MAX = no more */
	void (*on_event)(void *arg, const json_t *event);
	void *arg;
};

static void replay_event(void *arg, const json_t *event)
{
	struct replay *rp = arg;

	fold_event(rp->fold, event);
	if (rp->on_event)
		rp->on_event(rp->arg, event);
}

static void next_index(struct replay *rp)
{
	unsigned long long at;
	long long t;
	const char *text;
	size_t len;

	rp->next_at = UINT64_MAX;
	if (lines_next(&rp->idx, &text, &len) &&
	    sscanf(text, "%lld %llu", &t, &at) == 2) {
		rp->next_t_ns = t;
		rp->next_at = at;
	}
}

/* Feed console.raw up to that offset (UINT64_MAX: to its end), each byte with its time.
 */
static void feed_to(struct replay *rp, uint64_t to)
{
	char buf[65536];

	while (rp->offset < to) {
		while (rp->next_at <= rp->offset) {
			rp->t_ns = rp->next_t_ns;
			next_index(rp);
		}
		uint64_t end = rp->next_at < to ? rp->next_at : to;
		uint64_t want = end - rp->offset;
		size_t n = fread(buf, 1, want < sizeof(buf) ? (size_t)want : sizeof(buf),
				 rp->raw);

		if (!n)
			return;
		watch_bytes(rp->watch, buf, n, rp->offset, rp->t_ns);
		rp->offset += n;
	}
}

static int run_actions(struct replay *rp, int dirfd, struct err *err)
{
	_cleanup_(lines_release) struct lines l = { .line = STRBUF_INIT };
	int r = lines_open(&l, dirfd, "actions.jsonl", err);
	bool ended = false;
	json_t *a;

	if (r)
		return r;
	while ((a = next_json(&l))) {
		bool is_end = strcmp(json_get_str(a, "do", ""), "end") == 0;

		feed_to(rp, (uint64_t)json_get_int(a, "offset", 0));
		/* The record ends before its last word, as it did live. */
		if (is_end && !ended) {
			feed_to(rp, UINT64_MAX);
			watch_end(rp->watch);
			ended = true;
		}
		watch_action(rp->watch, a);
		json_decref(a);
	}
	if (!ended) {
		feed_to(rp, UINT64_MAX);
		watch_end(rp->watch);
	}
	return 0;
}

static int open_raw(struct replay *rp, int dirfd, struct err *err)
{
	rp->raw = open_file(dirfd, "console.raw", err);
	if (!rp->raw)
		return err->code;
	int r = lines_open(&rp->idx, dirfd, "console.idx", err);
	if (!r)
		next_index(rp);
	return r;
}

static int load_job(int dirfd, struct job_spec **job, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct spec_messages msgs = { .v = STRVEC_INIT };
	int r = io_read_file_at(dirfd, "job.yaml", YAML_MAX_BYTES, &text);

	if (r)
		return err_set(err, ERR_LAB, r, "job.yaml: %s", strerror(-r));
	r = job_spec_parse_copy("job.yaml", strbuf_str(&text), text.len, job, &msgs, err);
	strvec_release(&msgs.v);
	return r;
}

int result_replay(int run_dirfd, void (*on_event)(void *arg, const json_t *event),
		  void *arg, json_t **out, struct err *err)
{
	_cleanup_job_spec_ struct job_spec *job = NULL;
	struct replay rp = { .idx = { .line = STRBUF_INIT },
			     .on_event = on_event,
			     .arg = arg };
	int r = load_job(run_dirfd, &job, err);

	if (!r)
		r = open_raw(&rp, run_dirfd, err);
	if (!r) {
		const struct watch_opts wo = { .fatal = &job->watch,
					       .event = replay_event,
					       .arg = &rp };

		rp.watch = watch_new(&wo);
		rp.fold = fold_new();
		r = run_actions(&rp, run_dirfd, err);
		if (!r)
			*out = finish(rp.fold);
	}
	watch_free(rp.watch);
	fold_free(rp.fold);
	if (rp.raw)
		fclose(rp.raw);
	lines_release(&rp.idx);
	return r;
}
