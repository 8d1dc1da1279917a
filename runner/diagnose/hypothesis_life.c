// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the clauses about the misused object's life: who allocated it, who freed it. A
 * free that RCU or a workqueue carried out is that of who asked for it. */
#include "diagnose/hypothesis_frames.h"

static enum hypothesis_answer judge_track(struct judging *j,
					  const struct hypothesis_item *item,
					  enum incident_track_of of, const char *name,
					  struct strbuf *says)
{
	enum hypothesis_answer answer;
	struct hypothesis_trace t;

	hypothesis_trace_of_life(j, &j->in->tracks[of], name, &t);
	answer = hypothesis_judge_item(j, &t, item, says);
	hypothesis_trace_release(&t);
	return answer;
}

void hypothesis_judge_allocated(struct judging *j)
{
	_cleanup_strbuf_ struct strbuf says = STRBUF_INIT;
	enum hypothesis_answer answer;

	if (!j->h->allocated.any.n)
		return;
	answer = judge_track(j, &j->h->allocated, INCIDENT_ALLOCATED,
			     "trace of the allocation", &says);
	hypothesis_clause(j, "allocated_in", answer, "%s", strbuf_str(&says));
}

void hypothesis_judge_freed(struct judging *j)
{
	_cleanup_strbuf_ struct strbuf freed = STRBUF_INIT, queued = STRBUF_INIT;
	enum hypothesis_answer by, asked;

	if (!j->h->freed.any.n)
		return;
	by = judge_track(j, &j->h->freed, INCIDENT_FREED, "trace of the free", &freed);
	if (by == HYPOTHESIS_CONFIRMED || !j->in->tracks[INCIDENT_QUEUED].is_told) {
		hypothesis_clause(j, "freed_in", by, "%s", strbuf_str(&freed));
		return;
	}
	asked = judge_track(j, &j->h->freed, INCIDENT_QUEUED,
			    "trace of who had RCU or a workqueue do it", &queued);
	if (asked == HYPOTHESIS_CONFIRMED)
		hypothesis_clause(j, "freed_in", asked, "%s", strbuf_str(&queued));
	else
		hypothesis_clause(j, "freed_in", by == asked ? by : HYPOTHESIS_UNDECIDED,
				  "%s; %s", strbuf_str(&freed), strbuf_str(&queued));
}
