// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig post`: put results into the outbox and empty it. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>

#include "cmd/cmd.h"
#include "parse/job_spec.h"
#include "report/post.h"
#include "report/result_read.h"
#include "report/run_files.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/clock.h"

enum { POST_EMPTY = 0, POST_BAD_USAGE = 129, POST_NOT_EMPTY = 131 };

static const char usage[] =
	"usage: bootrig post [--flush] [--to URL] [--spool DIR] [--again] [--json] [RUNDIR...]\n"
	"\n"
	"Post what waits in the outbox and is due. With RUNDIR: queue that run's result for\n"
	"--to, or $BOOTRIG_POST_URL and the job's `bootrig: results:`, and post it now.\n"
	"Exit status 0 when the outbox is empty afterwards, else 131 with a line per entry.\n"
	"\n"
	"  --flush      try everything now, whatever the back-off says\n"
	"  --to URL     post there; kcidb+https://HOST or a path /submit posts KCIDB\n"
	"  --spool DIR  the outbox; default $BOOTRIG_SPOOL, else\n"
	"               ${XDG_STATE_HOME:-~/.local/state}/bootrig/spool\n"
	"  --again      also what that receiver has accepted before\n"
	"  --json       print one JSON object instead\n";

struct post {
	bool flush, again, as_json;
	const char *to, *spool_path;
	struct strvec runs; /* ids to post now */
	json_t *entries;
	bool any_bad; /* a RUNDIR that could not be queued */
};

/* The URLs of the job file in the run directory; none when it cannot be read. */
static void read_job_urls(const char *run_dir, struct strvec *urls)
{
	_cleanup_free_ char *path = xasprintf("%s/job.yaml", run_dir);
	_cleanup_job_spec_ struct job_spec *job = NULL;
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct spec_messages msgs = { .v = STRVEC_INIT };
	struct err err = ERR_INIT;

	if (!io_read_file_at(AT_FDCWD, path, YAML_MAX_BYTES, &text) &&
	    !job_spec_parse_copy(path, strbuf_str(&text), text.len, &job, &msgs, &err))
		for (size_t i = 0; i < job->result_urls.n; i++)
			strvec_add(urls, job->result_urls.v[i]);
	strvec_release(&msgs.v);
}

static int queue_run(struct post *p, const struct spool *s, const char *run_dir,
		     struct err *err)
{
	_cleanup_destinations_ struct destinations to = DESTINATIONS_INIT;
	_cleanup_strvec_ struct strvec job_urls = STRVEC_INIT;
	_cleanup_json_ json_t *result = NULL;
	_cleanup_json_ json_t *kcidb = NULL;
	_cleanup_close_ int dirfd = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t added = 0;
	int r = result_load(run_dir, &result, err);

	if (r)
		return r;
	if (!p->to)
		read_job_urls(run_dir, &job_urls);
	r = destinations_collect(p->to, &job_urls, &to, err);
	if (!r && !to.n)
		r = err_set(err, ERR_JOB, -EINVAL,
			    "nowhere to post to: give --to URL or set BOOTRIG_POST_URL");
	for (size_t i = 0; !r && !kcidb && i < to.n; i++)
		if (to.v[i].kind == SPOOL_KCIDB)
			r = run_files_kcidb(dirfd, result, NULL, &kcidb, err);
	if (!r)
		r = post_enqueue(s, result, kcidb, &to, p->again, &added, err);
	if (r)
		return err_prefix(err, "%s: ", run_dir);
	strvec_add(&p->runs, json_get_str(result, "id", ""));
	if (!added && !p->as_json)
		printf("known     %s: in the outbox or accepted before\n",
		       json_get_str(result, "id", ""));
	return 0;
}

static void print_line(const struct post_line *l, FILE *to)
{
	fprintf(to, "%-8s  %s", post_outcome_to_str(l->outcome),
		*l->run_id ? l->run_id : l->name);
	if (*l->url)
		fprintf(to, "  %s  %s", l->kind, l->url);
	if (l->outcome != POST_SENT && *l->why)
		fprintf(to, ": %s", l->why);
	if (l->next_ms)
		fprintf(to, " (attempt %u, next %s)", l->attempts,
			wall_time_of(l->next_ms).str);
	fputc('\n', to);
}

static void report(void *arg, const struct post_line *l)
{
	struct post *p = arg;

	if (!p->as_json) {
		print_line(l, stdout);
		return;
	}
	json_t *e = json_object();
	json_put(e, "run", *l->run_id ? json_lossy_str(l->run_id) : json_null());
	json_put(e, "entry", json_lossy_str(l->name));
	json_put(e, "kind", *l->kind ? json_lossy_str(l->kind) : json_null());
	json_put(e, "url", *l->url ? json_lossy_str(l->url) : json_null());
	json_put(e, "outcome", json_string(post_outcome_to_str(l->outcome)));
	json_put(e, "attempts", json_integer(l->attempts));
	json_put(e, "next",
		 l->next_ms ? json_string(wall_time_of(l->next_ms).str) : json_null());
	json_put(e, "why", json_lossy_str(l->why));
	json_push(p->entries, e);
}

static void print_summary(struct post *p, const struct spool *s,
			  const struct post_summary *sum)
{
	if (!p->as_json) {
		printf("outbox %s: %zu sent, %zu pending, %zu rejected, %zu damaged\n",
		       spool_path(s), sum->sent, sum->pending, sum->rejected,
		       sum->damaged);
		return;
	}
	_cleanup_json_ json_t *j = json_object();
	json_put(j, "schema", json_string("bootrig.post/1"));
	json_put(j, "spool", json_lossy_str(spool_path(s)));
	json_put(j, "sent", json_integer((json_int_t)sum->sent));
	json_put(j, "pending", json_integer((json_int_t)sum->pending));
	json_put(j, "rejected", json_integer((json_int_t)sum->rejected));
	json_put(j, "damaged", json_integer((json_int_t)sum->damaged));
	json_put(j, "entries", json_incref(p->entries));
	_cleanup_free_ char *line = json_line(j, NULL);
	fputs(line, stdout);
}

static int complain(const struct err *err, int status)
{
	fprintf(stderr, "bootrig post: %s\n", err->msg);
	return status;
}

static int run(struct post *p, int n_dirs, char **dirs)
{
	_cleanup_spool_ struct spool *s = NULL;
	struct post_opts o = POST_OPTS_INIT;
	struct post_summary sum;
	struct err err = ERR_INIT;
	const char *env = getenv("BOOTRIG_POST_URL");

	if (spool_open(p->spool_path, &s, &err))
		return complain(&err, POST_NOT_EMPTY);
	for (int i = 0; i < n_dirs; i++) {
		if (!queue_run(p, s, dirs[i], &err))
			continue;
		complain(&err, 0);
		p->any_bad = true;
	}
	o.all = p->flush;
	o.now_runs = &p->runs;
	/* One URL in the environment binds the token; of several, each is ours. */
	o.named_url = p->to ? p->to : env && *env && !strchr(env, ' ') ? env : NULL;
	o.report = report;
	o.arg = p;
	if (post_flush(s, &o, &sum, &err))
		return complain(&err, POST_NOT_EMPTY);
	print_summary(p, s, &sum);
	if (p->any_bad)
		return POST_BAD_USAGE;
	return sum.pending || sum.rejected || sum.damaged ? POST_NOT_EMPTY : POST_EMPTY;
}

int cmd_post(int argc, char **argv)
{
	static const struct option options[] = {
		{ "flush", no_argument, NULL, 'f' },
		{ "to", required_argument, NULL, 't' },
		{ "spool", required_argument, NULL, 's' },
		{ "again", no_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct post p = { .runs = STRVEC_INIT };
	int status;

	optind = 1;
	for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		if (o == 'f')
			p.flush = true;
		else if (o == 't')
			p.to = optarg;
		else if (o == 's')
			p.spool_path = optarg;
		else if (o == 'a')
			p.again = true;
		else if (o == 'j')
			p.as_json = true;
		else {
			fputs(usage, o == 'h' ? stdout : stderr);
			return o == 'h' ? POST_EMPTY : POST_BAD_USAGE;
		}
	}
	p.entries = json_array();
	status = run(&p, argc - optind, argv + optind);
	json_decref(p.entries);
	strvec_release(&p.runs);
	return status;
}
