// SPDX-License-Identifier: GPL-2.0-or-later
/* Hypothesis files from any bytes: what passes claims something, and says so again. */
#include "parse/hypothesis_spec.h"

#include "util/jsonx.h"
#include "util/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int parse(const char *text, size_t len, struct hypotheses *h)
{
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;
	int r = hypotheses_parse("h.yaml", text, len, h, &msgs, &err);

	if ((r == 0) != (msgs.v.n == 0) || (r && err.class != ERR_JOB))
		BUG("result %d with %zu messages", r, msgs.v.n);
	strvec_release(&msgs.v);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_hypotheses_ struct hypotheses h = HYPOTHESES_INIT,
					       again = HYPOTHESES_INIT;

	if (parse((const char *)data, size, &h))
		return 0;
	if (!h.n || h.n > HYPOTHESES_MAX)
		BUG("%zu hypotheses passed", h.n);
	for (size_t i = 0; i < h.n; i++)
		if (!h.v[i].name ||
		    !(h.v[i].kinds || h.v[i].functions.n || h.v[i].access ||
		      h.v[i].base_null || h.v[i].has_fault_address || h.v[i].trace.n ||
		      h.v[i].modules.n))
			BUG("hypothesis %zu claims nothing", i);
	_cleanup_json_ json_t *j = hypotheses_to_json(&h);
	_cleanup_free_ char *text = json_pretty(j, NULL);

	/* JSON cannot say what is no UTF-8, so names may collide; else it is the same. */
	if (parse(text, strlen(text), &again) == 0 && again.n != h.n)
		BUG("%zu hypotheses became %zu", h.n, again.n);
	return 0;
}
