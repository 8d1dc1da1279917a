// SPDX-License-Identifier: GPL-2.0-or-later
/* Empties the outbox. An entry that fails pushes its own next attempt away; a receiver
 * that cannot be reached or refuses our token is asked once per flush, not once per
 * entry. */
#include "report/post_int.h"

#include <curl/curl.h>
#include <errno.h>

#include "report/text.h"
#include "report/token.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { RETRY_AFTER_MAX_S = 24 * 3600, BROKEN_AFTER = 3 };

/* A receiver that failed in this flush. */
struct origin {
	char *url;
	uint32_t failures;
	bool is_broken;
};

struct flush {
	struct spool *spool;
	const struct post_opts *opts;
	struct post_summary *sum;
	struct origin *origins;
	size_t n_origins;
};

static struct origin *find_origin(struct flush *f, const char *url)
{
	_cleanup_free_ char *o = url_origin(url);

	for (size_t i = 0; i < f->n_origins; i++)
		if (strcmp(f->origins[i].url, o) == 0)
			return &f->origins[i];
	f->origins = xreallocarray(f->origins, f->n_origins + 1, sizeof(*f->origins));
	f->origins[f->n_origins] = (struct origin){ .url = TAKE_PTR(o) };
	return &f->origins[f->n_origins++];
}

static void flush_release(struct flush *f)
{
	for (size_t i = 0; i < f->n_origins; i++)
		free(f->origins[i].url);
	free(f->origins);
}

static void say(struct flush *f, const struct spool_entry *e, const char *name,
		enum post_outcome o, const char *why)
{
	struct post_line line = {
		.outcome = o,
		.name = name,
		.run_id = e ? e->run_id : "",
		.kind = e ? spool_kind_to_str(e->to.kind) : "",
		.url = e ? e->to.url : "",
		.attempts = e ? e->state.attempts : 0,
		.next_ms =
			e && o != POST_SENT && o != POST_REJECTED ? e->state.next_ms : 0,
		.why = why,
	};

	if (f->opts->report)
		f->opts->report(f->opts->arg, &line);
}

static bool is_of_run(const char *name, const char *run_id)
{
	size_t n = strlen(run_id);

	return strncmp(name, run_id, n) == 0 && name[n] == '~';
}

static bool is_due(const struct flush *f, const char *name, const struct spool_state *st)
{
	const struct strvec *now = f->opts->now_runs;
	int64_t now_ms = clock_wall_ms();

	for (size_t i = 0; now && i < now->n; i++)
		if (is_of_run(name, now->v[i]))
			return true;

	/* A wait longer than any that we give comes from a clock that was wrong. */
	return f->opts->all || st->next_ms <= now_ms ||
	       st->next_ms - now_ms > (int64_t)RETRY_AFTER_MAX_S * 1000;
}

static void add_headers(const struct spool_entry *e, char *take_auth,
			struct strvec *headers)
{
	strvec_add(headers, "Content-Type: application/json");
	strvec_add(headers, "Accept: application/json");
	strvec_addf(headers, "Idempotency-Key: %s", e->key);
	strvec_addf(headers, "X-Bootrig-Run: %s", e->run_id);
	if (take_auth)
		strvec_add_take(headers, take_auth);
}

/* One POST and what it means. *wait_s: what the receiver asked for, 0 = nothing.
 * -ECANCELED or 0. */
static int try_post(struct flush *f, const struct spool_entry *e, enum post_outcome *o,
		    struct strbuf *why, int64_t *wait_s, struct err *err)
{
	_cleanup_http_reply_ struct http_reply reply = HTTP_REPLY_INIT;
	_cleanup_strvec_ struct strvec headers = STRVEC_INIT;
	struct origin *origin = find_origin(f, e->to.url);
	char *auth;

	*o = POST_HELD;
	if (token_header(&e->to, f->opts->named_url, &auth, err)) {
		strbuf_addstr(why, err->msg);
		origin->is_broken = true;
		return 0;
	}
	bool had_token = auth;
	add_headers(e, auth, &headers);
	struct http_request rq = {
		.url = e->to.url,
		.headers = &headers,
		.body = e->body,
		.len = e->body_len,
		.connect_ms = f->opts->connect_ms,
		.deadline = deadline_min(deadline_in_ms(f->opts->request_ms),
					 f->opts->deadline),
		.cancel_fd = f->opts->cancel_fd,
	};
	int r = http_post(&rq, &reply, err);
	if (r == -ECANCELED)
		return r;
	if (r) {
		*o = POST_RETRY;
		strbuf_addstr(why, err->msg);
		origin->failures++;
		origin->is_broken = r == -ECONNREFUSED || r == -ETIMEDOUT ||
				    origin->failures >= BROKEN_AFTER;
		return 0;
	}
	*o = post_outcome_of_status(reply.status);
	post_describe_answer(why, &reply, had_token);
	if (*o == POST_SENT && post_kcidb_said_no(e, &reply)) {
		*o = POST_RETRY;
		strbuf_addstr(why, ", but its answer says \"error\"");
	}
	*wait_s = reply.retry_after_s;
	if (*o == POST_RETRY || *o == POST_HELD)
		origin->failures++;
	origin->is_broken = reply.status == 401 || reply.status == 403 ||
			    reply.status == 407 || reply.status == 429 ||
			    origin->failures >= BROKEN_AFTER;
	return 0;
}

static void schedule(struct spool_entry *e, enum post_outcome o, int64_t wait_s,
		     const char *why)
{
	int64_t wait_ms;

	if (e->state.attempts < UINT32_MAX)
		e->state.attempts++;
	/* A person has to act: ask as rarely as we ever do. */
	wait_ms =
		post_backoff_ms(e->key, o == POST_HELD ? UINT32_MAX : e->state.attempts);
	if (wait_s > RETRY_AFTER_MAX_S)
		wait_s = RETRY_AFTER_MAX_S;
	if (wait_s * 1000 > wait_ms)
		wait_ms = wait_s * 1000;
	e->state.next_ms = clock_wall_ms() + wait_ms;
	size_t n = text_cut(why, strlen(why), sizeof(e->state.why) - 1);
	snprintf(e->state.why, sizeof(e->state.why), "%.*s", (int)n, why);
}

/* Note on disk what became of a taken entry, and report it. A disk that takes no note
 * leaves the entry pending: it is posted again with the same key. */
static void conclude(struct flush *f, struct spool_entry *e, enum post_outcome o,
		     int64_t wait_s, const char *why)
{
	struct err err = ERR_INIT;
	int r;

	if (o == POST_SENT) {
		r = spool_mark_sent(f->spool, e, &err);
		f->sum->sent += !r;
	} else if (o == POST_REJECTED) {
		r = spool_mark_dead(f->spool, e, why, &err);
		f->sum->rejected += !r;
	} else {
		schedule(e, o, wait_s, why);
		r = spool_mark_retry(f->spool, e, &err);
	}
	if (r)
		say(f, e, e->name, POST_RETRY, err.msg);
	else
		say(f, e, e->name, o, why);
}

/* Not this time: say why. */
static void pass_over(struct flush *f, const char *name, enum post_outcome o,
		      const char *why)
{
	_cleanup_entry_ struct spool_entry *e = NULL;
	struct err ignored = ERR_INIT;

	if (spool_peek(f->spool, name, &e, &ignored))
		return; /* gone, or damaged and found so when it is its turn */
	say(f, e, name, o, why ? why : e->state.why);
}

static int flush_one(struct flush *f, const char *name, struct err *err)
{
	_cleanup_entry_ struct spool_entry *e = NULL;
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
	struct err mine = ERR_INIT;
	enum post_outcome o;
	int64_t wait_s = 0;

	int r = spool_take(f->spool, name, &e, &mine);
	if (r == -EBADMSG) {
		f->sum->damaged++;
		say(f, NULL, name, POST_DAMAGED, mine.msg);
	} else if (r == -EBUSY) {
		pass_over(f, name, POST_BUSY, mine.msg);
	} else if (r && r != -ENOENT) {
		say(f, NULL, name, POST_RETRY, mine.msg);
	}
	if (r)
		return 0;
	/* Asked again under the lock: another process may have tried just now. */
	if (!is_due(f, name, &e->state)) {
		say(f, e, name, POST_WAITING, e->state.why);
		return 0;
	}
	if (find_origin(f, e->to.url)->is_broken) {
		say(f, e, name, POST_WAITING, "its receiver failed a moment ago");
		return 0;
	}
	r = try_post(f, e, &o, &why, &wait_s, err);
	if (!r)
		conclude(f, e, o, wait_s, strbuf_str(&why));
	return r;
}

/* Does this flush care about the entry? */
static bool is_wanted(const struct post_opts *o, const char *name)
{
	return !o->run_id || is_of_run(name, o->run_id);
}

int post_flush(struct spool *s, const struct post_opts *o, struct post_summary *sum,
	       struct err *err)
{
	_cleanup_(flush_release) struct flush f = { .spool = s, .opts = o, .sum = sum };
	_cleanup_strvec_ struct strvec names = STRVEC_INIT;
	_cleanup_strvec_ struct strvec left = STRVEC_INIT;
	int r;

	*sum = (struct post_summary){ 0 };
	r = spool_list(s, &names, err);
	if (r)
		return r;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	for (size_t i = 0; !r && i < names.n; i++) {
		struct spool_state st;

		if (!is_wanted(o, names.v[i]))
			continue;
		spool_get_state(s, names.v[i], &st);
		if (!is_due(&f, names.v[i], &st))
			pass_over(&f, names.v[i], POST_WAITING, NULL);
		else if (deadline_passed(o->deadline))
			pass_over(&f, names.v[i], POST_WAITING, "no time left");
		else
			r = flush_one(&f, names.v[i], err);
	}
	curl_global_cleanup();
	spool_tidy(s);
	struct err later = ERR_INIT;
	int r_left = spool_list(s, &left, &later);
	for (size_t i = 0; i < left.n; i++)
		sum->pending += is_wanted(o, left.v[i]);
	if (!r && r_left) {
		*err = later;
		return r_left;
	}
	return r;
}

static int enqueue_one(const struct spool *s, const json_t *body, const char *run_id,
		       const struct destination *to, bool again, size_t *added,
		       struct err *err)
{
	enum spool_added how;
	size_t n;

	if (!body)
		return err_set(err, ERR_BUG, -EINVAL, "no KCIDB document for %s",
			       to->url);
	_cleanup_free_ char *text = json_line(body, &n);
	int r = spool_enqueue(s, run_id, to, text, n, again, &how, err);
	*added += !r && how == SPOOL_ADDED;
	return r;
}

int post_enqueue(const struct spool *s, const json_t *result, const json_t *kcidb,
		 const struct destinations *to, bool again, size_t *added,
		 struct err *err)
{
	const char *run_id = json_get_str(result, "id", "");
	size_t ignored;
	int first = 0;

	if (!added)
		added = &ignored;
	*added = 0;
	for (size_t i = 0; i < to->n; i++) {
		struct err mine = ERR_INIT;
		const json_t *body = to->v[i].kind == SPOOL_KCIDB ? kcidb : result;
		int r = enqueue_one(s, body, run_id, &to->v[i], again, added, &mine);

		if (r && !first) {
			first = r;
			*err = mine;
		}
	}
	return first;
}
