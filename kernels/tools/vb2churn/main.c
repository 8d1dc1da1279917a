// SPDX-License-Identifier: GPL-2.0-or-later OR MIT
/* vb2churn: are the write fences of a memory-to-memory video device right, and do they
 * stand load? The order: checks, churn, checks that a broken kernel may not survive. */
#include <string.h>
#include <unistd.h>

#include "checks.h"
#include "churn.h"
#include "device.h"
#include "ktap.h"
#include "options.h"

static void run_checks(const struct options *o, bool are_after_churn)
{
	struct bench b = { .device = o->device, .exporter = o->exporter };

	for (size_t i = 0; i < n_checks; i++) {
		struct verdict v;

		if (o->no_checks || checks[i].is_after_churn != are_after_churn)
			continue;
		v = check_run(&checks[i], &b);
		ktap_result(checks[i].name, &v);
	}
}

static void run_churn(const struct options *o, struct pool *pool)
{
	struct verdict v = o->seconds ? churn(o, pool) : skip("--seconds 0");

	ktap_result("churn", &v);
}

static int run_all(const struct options *o)
{
	static struct pool pool;
	int ret;

	ktap_begin((o->no_checks ? 0 : (unsigned int)n_checks) + 2);
	say("# device %s, %u threads, %u dma-bufs%s of %zu bytes, %u s, seed %llu",
	    o->device, o->threads, churn_pool_size(o),
	    o->is_distinct ? ", none shared," : "", o->exporter.bytes, o->seconds,
	    (unsigned long long)o->seed);
	ret = pool_fill(&pool, &o->exporter, churn_pool_size(o));

	struct verdict v = ret ? not_ok("%s", strerror(-ret)) : passed();

	ktap_result("pool", &v);
	if (ret)
		return ktap_end(); /* the plan says how many are missing */
	run_checks(o, false);
	run_churn(o, &pool);
	run_checks(o, true);
	return ktap_end();
}

int main(int argc, char **argv)
{
	static char found[32];
	struct options o;
	struct verdict v;
	struct m2m m;
	int ret = options_parse(&o, argc, argv);

	if (ret)
		return ret - 1;
	if (!o.device && m2m_find("vim2m", found, sizeof(found)))
		return ktap_skip_all("no device of vim2m, and --device names no other");
	if (!o.device)
		o.device = found;
	v = m2m_probe(o.device);
	if (v.outcome != OUTCOME_OK || m2m_open(&m, o.device))
		return ktap_skip_all(v.why);
	o.exporter.bytes = m.capture_bytes;
	if (o.exporter.from == FROM_EXPBUF)
		o.exporter.path = o.device;
	m2m_close(&m);
	/* Not exit(): a thread that hangs in the kernel may hold locks of the C library.
	 */
	_exit(run_all(&o));
}
