// SPDX-License-Identifier: GPL-2.0-or-later
/* LAVA's interactive test action (lava_dispatcher/actions/test/interactive.py): type a
 * line, wait for a prompt, a success or a failure. Knows nothing of shells: it is used
 * for boot loaders, too. */
#include <errno.h>

#include "session/state.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { MAX_PATTERNS = 64, MAX_WORDS = 64, ECHO_MS = 5000 };

/* {NAME} in a command stands for the group NAME of an earlier success. */
struct word {
	char *name, *value;
};

struct script {
	struct session *s;
	const struct job_interactive *it;
	struct deadline end;
	struct pattern *prompts[MAX_PATTERNS];
	size_t n_prompts;
	struct word words[MAX_WORDS];
	size_t n_words;
	bool is_fresh; /* what came so far was looked at: the script begins, or the last
			  step ended at a prompt */
};

static void set_word(struct script *x, const char *name, const char *value, size_t len)
{
	struct word *w = NULL;

	for (size_t i = 0; i < x->n_words && !w; i++)
		if (strcmp(x->words[i].name, name) == 0)
			w = &x->words[i];
	if (!w && x->n_words == MAX_WORDS)
		return;
	if (!w) {
		w = &x->words[x->n_words++];
		*w = (struct word){ .name = xstrdup(name) };
	}
	free(w->value);
	w->value = xstrndup(value, len);
}

static void release(struct script *x)
{
	for (size_t i = 0; i < x->n_words; i++) {
		free(x->words[i].name);
		free(x->words[i].value);
	}
	for (size_t i = 0; i < x->n_prompts; i++)
		pattern_free(x->prompts[i]);
}

static const struct word *word_at(const struct script *x, const char *p)
{
	for (size_t i = 0; i < x->n_words; i++) {
		size_t n = strlen(x->words[i].name);

		if (strncmp(p + 1, x->words[i].name, n) == 0 && p[1 + n] == '}')
			return &x->words[i];
	}
	return NULL;
}

/* What is not known stays as it stands: U-Boot and the shell have braces of their own. */
static char *expand(const struct script *x, const char *command)
{
	struct strbuf sb = STRBUF_INIT;

	while (*command) {
		const struct word *w = *command == '{' ? word_at(x, command) : NULL;

		if (w) {
			strbuf_addstr(&sb, w->value);
			command += strlen(w->name) + 2;
		} else {
			strbuf_addch(&sb, *command++);
		}
	}
	return strbuf_take(&sb);
}

static int compile(const struct strvec *texts, struct pattern **out, size_t *n,
		   struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < texts->n && !r; i++) {
		if (*n == MAX_PATTERNS)
			return err_set(err, ERR_JOB, -E2BIG, "more than %d prompts",
				       MAX_PATTERNS);
		r = pattern_new(texts->v[i], &out[*n], err);
		*n += !r;
	}
	return r;
}

/* What a step waits for: the prompts, then its failures, then its successes. */
struct choice {
	struct pattern *p[3 * MAX_PATTERNS];
	size_t n, n_prompts; /* the first n_prompts are borrowed from the script */
};

static void release_choice(struct choice *c)
{
	for (size_t i = c->n_prompts; i < c->n; i++)
		pattern_free(c->p[i]);
}

static int add_matches(struct choice *c, const struct job_interactive_match *v, size_t n,
		       struct err *err)
{
	int r = 0;

	if (n > MAX_PATTERNS)
		return err_set(err, ERR_JOB, -E2BIG, "more than %d messages in one step",
			       MAX_PATTERNS);
	for (size_t i = 0; i < n && !r; i++) {
		r = pattern_new(v[i].message, &c->p[c->n], err);
		c->n += !r;
	}
	return r;
}

static int make_choice(const struct script *x, const struct job_interactive_step *step,
		       struct choice *c, struct err *err)
{
	*c = (struct choice){ .n = x->n_prompts, .n_prompts = x->n_prompts };
	memcpy(c->p, x->prompts, x->n_prompts * sizeof(c->p[0]));
	int r = add_matches(c, step->failures, step->n_failures, err);
	return r ? r : add_matches(c, step->successes, step->n_successes, err);
}

/* The echo is one line, however long the board needs for it; no echo is no failure. */
static int discard_echo(struct script *x, struct err *err)
{
	struct deadline d = deadline_min(x->end, deadline_in_ms(ECHO_MS));
	struct console_hit hit;
	struct pattern *line;
	int r = pattern_new_line("\\n", &line, err);

	if (r)
		return r;
	r = session_wait(x->s, &line, 1, d, false, &hit, err);
	pattern_free(line);
	return r == -ETIMEDOUT && !deadline_passed(x->end) ? 0 : r;
}

static int type_command(struct script *x, const struct job_interactive_step *step,
			struct err *err)
{
	if (!step->command)
		return 0;
	_cleanup_free_ char *command = expand(x, step->command);
	/* A second prompt that nobody waited for would answer this command. */
	if (x->is_fresh)
		console_mark(x->s->console);
	int r = session_type(x->s, command, false, err);
	return !r && x->it->echo_discard ? discard_echo(x, err) : r;
}

static void keep_groups(struct script *x, const struct pattern *p)
{
	const char *names[16];
	struct pattern_match m;
	size_t len, n = pattern_group_names(p, names, ARRAY_SIZE(names));
	const char *text = console_matched(x->s->console, &len);

	for (size_t i = 0; i < n; i++)
		if (pattern_group(p, names[i], &m))
			set_word(x, names[i], text + m.start, m.end - m.start);
}

static void record(struct script *x, const struct job_interactive_step *step,
		   const char *result, const char *reason, int64_t begin_ns)
{
	int64_t us = (clock_now_ns() - begin_ns) / 1000;
	json_t *m;

	if (!step->name)
		return;
	m = json_object();
	json_put(m, "source", json_string("interactive"));
	json_put(m, "suite", json_lossy_str(x->it->name));
	json_put(m, "name", json_lossy_str(step->name));
	json_put(m, "result", json_string(result));
	if (reason)
		json_put(m, "reason", json_lossy_str(reason));
	json_put(m, "seconds", json_real((double)us / 1e6));
	json_put(m, "attempt", json_integer(x->s->attempt));
	journal_action_json(x->s->journal, "test", m);
}

/* LAVA raises the exception that the job names; each says who has to act. */
static enum outcome raise_failure(const struct job_interactive_match *f, struct err *err)
{
	const char *text = f->error ? f->error : f->message;

	if (strcmp(f->exception, "InfrastructureError") == 0) {
		err_set(err, ERR_LAB, -EREMOTEIO, "%s", text);
		return OUT_LAB;
	}
	if (strcmp(f->exception, "TestError") != 0) {
		err_set(err, ERR_JOB, -EREMOTEIO, "%s", text);
		return OUT_JOB;
	}
	err->code = -EREMOTEIO;
	snprintf(err->msg, sizeof(err->msg), "%s", text);
	return OUT_TEST;
}

static enum outcome fail_unnamed(const struct job_interactive_step *step,
				 const char *reason, struct err *err)
{
	err->code = -EREMOTEIO;
	snprintf(err->msg, sizeof(err->msg), "interactive command \"%s\" failed: %s",
		 step->command ? step->command : "", reason);
	return OUT_TEST;
}

/* What the hit means. *failure is the failure of the job file that was seen, *reason why
 * the step failed, "" when it passed. */
static void judge(struct script *x, const struct job_interactive_step *step,
		  const struct choice *c, const struct console_hit *hit,
		  const struct job_interactive_match **failure, char reason[300])
{
	size_t i = (size_t)hit->index;

	*failure = NULL;
	reason[0] = '\0';
	if (i < c->n_prompts) {
		if (step->n_successes)
			snprintf(reason, 300,
				 "the prompt came before \"%.200s\" (or another success)",
				 step->successes[0].message);
		return;
	}
	i -= c->n_prompts;
	if (i >= step->n_failures) {
		keep_groups(x, c->p[hit->index]);
		return;
	}
	*failure = &step->failures[i];
	snprintf(reason, 300, "%.290s",
		 (*failure)->error ? (*failure)->error : hit->text);
}

static enum outcome wait_result(struct script *x, const struct job_interactive_step *step,
				const struct choice *c, char reason[300], struct err *err)
{
	const struct job_interactive_match *failure;
	struct session *s = x->s;
	struct console_hit hit;
	bool at_prompt;
	int r = session_wait(s, c->p, c->n, x->end, true, &hit, err);

	if (r)
		return session_outcome(s, r, err, "the answer to an interactive command");
	judge(x, step, c, &hit, &failure, reason);
	if (failure && failure->exception)
		return raise_failure(failure, err);
	at_prompt = (size_t)hit.index < c->n_prompts;
	if (!at_prompt && step->wait_for_prompt)
		r = session_wait(s, x->prompts, x->n_prompts, x->end, true, &hit, err);
	if (r)
		return session_outcome(s, r, err,
				       "the prompt after an interactive command");
	x->is_fresh = at_prompt || step->wait_for_prompt;
	return reason[0] && !step->name ? fail_unnamed(step, reason, err) : OUT_OK;
}

static const char *why(const struct session *s, enum outcome o, const char *reason,
		       const struct err *err)
{
	const struct watch_state *st = watch_state(s->watch);

	if (reason[0])
		return reason;
	if (o == OUT_KERNEL && st->fatal_id >= 0)
		return st->fatal_title;
	return err->msg[0] ? err->msg : NULL;
}

/* A step that only waits serves the console meanwhile. */
static enum outcome wait_delay(struct script *x, const struct job_interactive_step *step,
			       struct err *err)
{
	struct deadline d = deadline_in_ms(step->delay_ms);
	bool is_too_long = x->end.at_ns < d.at_ns;
	int r = console_wait_fd(x->s->console, -1, deadline_min(d, x->end), err);

	if (!r && is_too_long)
		r = -ETIMEDOUT;
	return session_outcome(x->s, r, err, "the end of a delay");
}

static bool is_nobodys_fault(const struct session *s, enum outcome o)
{
	return o == OUT_CANCELED || (o == OUT_TIMEOUT && stretch_is_over(s));
}

static enum outcome run_step(struct script *x, const struct job_interactive_step *step,
			     struct err *err)
{
	_cleanup_(release_choice) struct choice c = { .n = 0 };
	int64_t begin_ns = clock_now_ns();
	char reason[300] = "";
	enum outcome o;
	int r;

	if (step->delay_ms >= 0)
		return wait_delay(x, step, err);
	r = make_choice(x, step, &c, err);
	if (!r)
		r = type_command(x, step, err);
	o = r ? session_outcome(x->s, r, err, "the echo of an interactive command")
	      : wait_result(x, step, &c, reason, err);
	if (o == OUT_OK)
		record(x, step, reason[0] ? "fail" : "pass", reason[0] ? reason : NULL,
		       begin_ns);
	else
		record(x, step, is_nobodys_fault(x->s, o) ? "unknown" : "fail",
		       why(x->s, o, reason, err), begin_ns);
	return o;
}

enum outcome session_interactive(struct session *s, const struct job_interactive *it,
				 struct deadline d, struct err *err)
{
	_cleanup_(release) struct script x = {
		.s = s, .it = it, .end = d, .is_fresh = true
	};
	enum outcome o = OUT_OK;

	session_phase(s, "%s", it->name);
	if (s->board->boot.server_ip)
		set_word(&x, "SERVER_IP", s->board->boot.server_ip,
			 strlen(s->board->boot.server_ip));
	set_word(&x, "JOB_ID", s->dir->id, strlen(s->dir->id));
	int r = compile(&it->prompts, x.prompts, &x.n_prompts, err);
	if (r)
		return session_outcome(s, r, err, "");
	for (size_t i = 0; i < it->n_steps && o == OUT_OK; i++)
		o = run_step(&x, &it->steps[i], err);
	return o;
}
