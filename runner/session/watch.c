// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes and actions in, events out: the same code for a live run and for replay. What the
 * console's text means is parse/'s business; this file knows what the board was told to
 * do meanwhile. */
#include "session/watch_int.h"

#include "parse/reset_words.h"
#include "util/jsonx.h"
#include "util/mem.h"

json_t *watch_event(int64_t t_ns, uint64_t offset, const char *type)
{
	json_t *e = json_object();

	/* Microseconds: what the index can say, and short in JSON. */
	json_put(e, "t", json_real((double)(t_ns / 1000) / 1e6));
	json_put(e, "offset", json_integer((json_int_t)offset));
	json_put(e, "type", json_string(type));
	return e;
}

void watch_emit(struct watch *w, json_t *take_event)
{
	if (w->in_recovery)
		json_put(take_event, "recovery", json_true());
	w->opts.event(w->opts.arg, take_event);
	json_decref(take_event);
}

/* Their directory below that of the run, wherever the TFTP server has that. */
static void staged_dtbs(struct watch *w, const json_t *tree)
{
	const char *path = json_get_str(tree, "path", "");
	const char *from = path + strlen(path);

	for (int n = 0; n < 2 && from > path; n++)
		while (from > path && *--from != '/')
			;
	from += *from == '/';
	snprintf(w->dtbs, sizeof(w->dtbs), "%s%s", from, from[0] ? "/" : "");
}

static void staged(struct watch *w, const json_t *action)
{
	json_t *labels = json_object_get(action, "labels");

	snprintf(w->nonce, sizeof(w->nonce), "%s", json_get_str(action, "nonce", ""));
	staged_dtbs(w, json_object_get(action, "fdtdir"));
	json_decref(w->labels);
	w->labels = json_is_array(labels) ? json_deep_copy(labels) : NULL;
}

struct watch *watch_new(const struct watch_opts *opts)
{
	static const struct oops_ops ops = { .opened = watch_incident_opened,
					     .closed = watch_incident_closed,
					     .escalated = watch_incident_escalated };
	const struct oops_opts oops_opts = { .has_times = true, .no_resets = true };
	struct watch *w = xcalloc(1, sizeof(*w));

	w->opts = *opts;
	w->st.fatal_id = -1;
	w->loop_boots = 3;
	line_splitter_init(&w->lines);
	stage_init(&w->stages);
	reset_announced_init(&w->restart_words);
	w->oops = oops_new(&oops_opts, &ops, w);
	w->tests = test_parser_new(watch_test_seen, w);
	return w;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	sysrq_free(w->capture);
	oops_free(w->oops);
	json_decref(w->labels);
	test_parser_free(w->tests);
	free(w);
}

/* A record on disk may say anything; what we count with stays far from overflow. */
static int64_t sane_time(int64_t t_ns)
{
	const int64_t years = INT64_C(1) << 60;

	return t_ns < 0 ? 0 : t_ns > years ? years : t_ns;
}

void watch_bytes(struct watch *w, const char *data, size_t len, uint64_t offset,
		 int64_t t_ns)
{
	t_ns = sane_time(t_ns);
	w->t_ns = t_ns;
	w->offset = offset;
	/* Line by line to both, so that events come in the order of the text. */
	while (len) {
		const char *nl = memchr(data, '\n', len);
		size_t n = nl ? (size_t)(nl - data) + 1 : len;

		oops_feed(w->oops, data, n, t_ns);
		line_feed(&w->lines, data, n, t_ns, watch_line, w);
		data += n;
		len -= n;
		offset += n;
		w->offset = offset;
	}
	w->st.incident_open = oops_is_open(w->oops);
}

void watch_tick(struct watch *w, int64_t t_ns)
{
	w->t_ns = t_ns;
	oops_tick(w->oops, t_ns);
	w->st.incident_open = oops_is_open(w->oops);
}

static void forget_attempt(struct watch *w)
{
	struct watch_state *st = &w->st;

	st->attempt_boots = st->resets = st->reboot_in_s = 0;
	st->kernel_seen = st->says_reboot = st->panicked = st->nonce_seen = false;
	st->fatal_id = -1;
	st->fatal_kind = INCIDENT_OTHER;
	st->fatal_title[0] = st->other_label[0] = st->loaded_dtb[0] = '\0';
	w->boots_since_goal = 0;
	w->loop_reported = false;
	w->in_boot_with_kernel = false;
	watch_forget_resets(w);
}

/* Until it is switched on, the board's last words are those of the attempt before. */
static void attempt_begins(struct watch *w, const json_t *action)
{
	w->attempt = (uint32_t)json_get_int(action, "n", w->attempt + 1);
	w->tests_cut = false;
	w->before_power = true;
	forget_attempt(w);
}

static void power_moves(struct watch *w, const json_t *action)
{
	const char *what = json_get_str(action, "what", "");
	bool is_off = strcmp(what, "off") == 0;

	stage_commanded(&w->stages, is_off, w->t_ns);
	w->commanded = true;
	w->restart_word = NULL;
	w->st.firmware_fault = NULL;
	w->in_boot_with_kernel = false;
	if (is_off)
		w->st.stage = STAGE_OFF;
	if (!is_off && w->before_power) {
		line_flush(&w->lines, watch_line, w);
		oops_end(w->oops);
		w->before_power = false;
		forget_attempt(w);
	}
}

static void prompt_reached(struct watch *w, const json_t *action)
{
	const char *what = json_get_str(action, "what", "");

	if (strcmp(what, "login") != 0 && strcmp(what, "prompt") != 0)
		return;
	stage_reached_userspace(&w->stages, w->offset, w->t_ns, watch_stage_seen, w);
	w->in_boot_with_kernel = true;
	if (!w->in_recovery)
		w->st.kernel_seen = true;
	if (strcmp(what, "prompt") == 0)
		w->boots_since_goal = 0;
}

/* The action itself is an event too, so that the result is a fold over events alone. */
static void pass_on(struct watch *w, const json_t *action, const char *what)
{
	json_t *e = watch_event(w->t_ns, w->offset, what);
	const char *key;
	json_t *value;

	json_object_foreach(
		(json_t *)(uintptr_t)action, key,
		value) if (strcmp(key, "t") != 0 && strcmp(key, "offset") != 0 &&
			   strcmp(key, "do") != 0) json_put(e, key, json_incref(value));
	watch_emit(w, e);
}

/* What was loaded to be summed is not yet what boots. */
static void forget_loaded_dtb(struct watch *w)
{
	w->st.loaded_dtb[0] = w->stages.transfer_file[0] = '\0';
}

static void report_no_boot(struct watch *w, const json_t *action)
{
	const char *blame = json_get_str(action, "blame", NULL);

	if (blame) {
		w->more = json_object();
		json_put(w->more, "blame", json_lossy_str(blame));
	}
	watch_report_own(w, INCIDENT_NO_BOOT, "no boot: %s",
			 json_get_str(action, "reason", ""));
	json_decref(w->more);
	w->more = NULL;
}

void watch_action(struct watch *w, const json_t *action)
{
	const char *what = json_get_str(action, "do", "");

	watch_tick(w, sane_time(json_get_int(action, "t", w->t_ns)));
	w->offset = (uint64_t)json_get_int(action, "offset", (int64_t)w->offset);
	if (strcmp(what, "recovery") == 0)
		w->in_recovery = json_get_bool(action, "running", false);
	pass_on(w, action, what);
	if (strcmp(what, "attempt") == 0)
		attempt_begins(w, action);
	else if (strcmp(what, "phase") == 0)
		snprintf(w->phase, sizeof(w->phase), "%s",
			 json_get_str(action, "name", ""));
	else if (strcmp(what, "under-test") == 0)
		w->tests_cut = json_get_bool(action, "cut", false);
	else if (strcmp(what, "power") == 0)
		power_moves(w, action);
	else if (strcmp(what, "reached") == 0)
		prompt_reached(w, action);
	else if (strcmp(what, "staged") == 0)
		staged(w, action);
	else if (strcmp(what, "detection") == 0)
		oops_set_enabled(w->oops, json_get_bool(action, "enabled", true));
	else if (strcmp(what, "capture") == 0 || strcmp(what, "sysrq") == 0)
		watch_capture_action(w, what, action);
	else if (strcmp(what, "run") == 0) {
		w->loop_boots = (uint32_t)json_get_int(action, "loop_boots", 3);
	} else if (strcmp(what, "ram") == 0)
		forget_loaded_dtb(w);
	else if (strcmp(what, "silence") == 0)
		watch_report_own(
			w, INCIDENT_SILENCE, "silence in %s",
			json_get_str(action, "stage", stage_to_str(w->st.stage)));
	else if (strcmp(what, "no-boot") == 0)
		report_no_boot(w, action);
}

void watch_end(struct watch *w)
{
	line_flush(&w->lines, watch_line, w);
	oops_end(w->oops);
	test_parser_end(w->tests);
	w->st.incident_open = false;
}

size_t watch_unfinished(const struct watch *w, const char **text)
{
	*text = w->lines.buf;
	return w->lines.len;
}

const struct watch_state *watch_state(const struct watch *w)
{
	return &w->st;
}
