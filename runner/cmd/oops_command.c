// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the way of a log through the reader, the diagnosis and one of the two faces. Reads
 * in chunks, so that memory stays flat; nothing that was printed is kept. */
#include "cmd/oops_command.h"

#include "cmd/oops_page.h"
#include "diagnose/diagnosis.h"
#include "parse/oops.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { CHUNK = 256 * 1024 };

struct printer {
	FILE *out;
	const struct oops_command_opts *opts;
	uint64_t n;
};

static void print_json(struct printer *p, const struct incident *in,
		       const struct diagnosis *d, json_t *verdicts)
{
	_cleanup_json_ json_t *o = incident_to_json(in), *dj = diagnosis_to_json(d);
	_cleanup_free_ char *s = NULL;
	size_t len;

	json_put(dj, "hypotheses", json_incref(verdicts));
	json_put(o, "diagnosis", json_incref(dj));
	s = json_line(o, &len);
	fprintf(p->out, "%s\n%.*s", p->n ? "," : "", (int)len - 1, s);
}

static void on_opened(void *arg, const struct incident *in)
{
	(void)arg;
	(void)in;
}

static void on_closed(void *arg, const struct incident *in)
{
	struct printer *p = arg;
	static const struct hypotheses none = HYPOTHESES_INIT;
	struct diagnosis d;
	_cleanup_json_ json_t *verdicts = NULL;

	diagnosis_make(&d, in, p->opts->build);
	verdicts = hypotheses_judge_json(
		in->fatal && p->opts->hypotheses ? p->opts->hypotheses : &none, in, &d,
		p->opts->build);
	if (p->opts->as_json) {
		print_json(p, in, &d, verdicts);
	} else {
		if (p->n)
			putc('\n', p->out);
		oops_page_print(p->out, p->opts->color, in, &d, verdicts);
	}
	diagnosis_release(&d);
	p->n++;
}

static int read_all(int fd, struct oops_reader *r)
{
	_cleanup_free_ char *buf = xmalloc(CHUNK);
	ssize_t n;

	while ((n = io_read(fd, buf, CHUNK)) > 0)
		oops_feed(r, buf, (size_t)n, 0);
	return (int)n;
}

int oops_command(int fd, FILE *out, const struct oops_command_opts *opts)
{
	static const struct oops_ops ops = { .opened = on_opened, .closed = on_closed };
	static const struct oops_opts reader_opts = { .has_times = false };
	struct printer p = { .out = out, .opts = opts };
	struct oops_reader *r;
	int err;

	if (opts->as_json)
		fputs("{\"schema\":\"bootrig.oops/1\",\"incidents\":[", out);
	r = oops_new(&reader_opts, &ops, &p);
	err = read_all(fd, r);
	oops_end(r);
	oops_free(r);
	if (opts->as_json)
		fprintf(out, "%s]}\n", p.n ? "\n" : "");
	else if (p.n == 0 && err == 0)
		fputs("no incident\n", out);
	return err;
}
