// SPDX-License-Identifier: GPL-2.0-or-later
/* What lines of the console say, as events: stages, tests, the kernel's banner, the
 * nonce, U-Boot's transfers and label. */
#include "session/watch_int.h"

#include "parse/prefix.h"
#include "util/jsonx.h"

enum { MAX_BANNER = 512 };

void watch_stage_seen(void *arg, const struct stage_event *e)
{
	struct watch *w = arg;

	w->st.stage = e->stage;
	if (w->before_power)
		return;
	if (e->is_boot)
		watch_new_boot(w, e);
	if (e->stage == STAGE_STARTING || e->stage == STAGE_KERNEL ||
	    e->stage == STAGE_USERSPACE) {
		w->in_boot_with_kernel = true;
		if (!w->in_recovery)
			w->st.kernel_seen = true;
	}
	if (e->stage == e->from && !e->is_boot)
		return;
	json_t *j = watch_event(e->t_ns, e->offset, "stage");
	json_put(j, "stage", json_string(stage_to_str(e->stage)));
	json_put(j, "boot", json_integer(w->st.boots));
	watch_emit(w, j);
}

void watch_test_seen(void *arg, const struct test_event *e)
{
	struct watch *w = arg;
	json_t *j;

	if (w->in_recovery)
		return;
	if (e->kind == TEST_EVENT_RAISE) {
		w->st.raised = true;
		snprintf(w->st.raise_message, sizeof(w->st.raise_message), "%.*s",
			 (int)sizeof(w->st.raise_message) - 1, e->name);
		j = watch_event(e->t_ns, e->offset, "raise");
		json_put(j, "message", json_lossy_str(e->name));
		watch_emit(w, j);
		return;
	}
	if (e->kind != TEST_EVENT_CASE && e->kind != TEST_EVENT_PLAN_SHORT)
		return;
	if (e->kind == TEST_EVENT_PLAN_SHORT && w->tests_cut)
		return;
	j = watch_event(e->t_ns, e->offset, "test");
	json_put(j, "source", json_string(e->source));
	json_put(j, "suite", json_lossy_str(w->phase));
	json_put(j, "name", json_lossy_str(e->name));
	if (e->set[0])
		json_put(j, "set", json_lossy_str(e->set));
	if (e->kind == TEST_EVENT_PLAN_SHORT) {
		json_put(j, "result", json_string("unknown"));
		json_put(j, "missing", json_integer(e->n_missing));
	} else {
		json_put(j, "result", json_string(test_result_to_str(e->result)));
	}
	if (e->measurement[0])
		json_put(j, "measurement", json_lossy_str(e->measurement));
	if (e->units[0])
		json_put(j, "units", json_lossy_str(e->units));
	json_put(j, "attempt", json_integer(w->attempt));
	watch_emit(w, j);
}

/* The release is the third word of "Linux version RELEASE (…". */
static void banner_seen(struct watch *w, const struct line *l, const char *text)
{
	static const char key[] = "Linux version ";
	const char *release = text + sizeof(key) - 1;
	json_t *j = watch_event(l->t_ns, l->offset, "kernel");

	json_put(j, "banner", json_lossy_str(text));
	json_put(j, "release", json_lossy(release, strcspn(release, " ")));
	json_put(j, "boot", json_integer(w->st.boots));
	watch_emit(w, j);
}

/* label NULL: the chosen one. */
static void nonce_seen(struct watch *w, const struct line *l, const char *label)
{
	bool said_by_kernel = memmem(l->text, l->len, "ommand line:", 12) != NULL;
	bool in_loader = w->st.stage == STAGE_UBOOT || w->st.stage == STAGE_TFTP;
	const char *where = said_by_kernel ? "console" : in_loader ? "u-boot" : "cmdline";
	json_t *j = watch_event(l->t_ns, l->offset, "nonce");

	json_put(j, "where", json_string(where));
	if (label)
		json_put(j, "label", json_lossy_str(label));
	json_put(j, "boot", json_integer(w->st.boots));
	watch_emit(w, j);
	if (label)
		snprintf(w->st.other_label, sizeof(w->st.other_label), "%s", label);
	else if (strcmp(where, "u-boot") != 0)
		w->st.nonce_seen = true;
	w->nonce_done = strcmp(where, "cmdline") == 0;
}

static bool has_text(const struct line *l, const char *text)
{
	return text[0] && memmem(l->text, l->len, text, strlen(text));
}

static void read_nonce(struct watch *w, const struct line *l)
{
	const json_t *label;
	size_t i;

	if (has_text(l, w->nonce)) {
		nonce_seen(w, l, NULL);
		return;
	}
	if (!w->labels || !has_text(l, "bootrig.nonce="))
		return;
	json_array_foreach(w->labels, i, label)
	{
		if (!has_text(l, json_get_str(label, "nonce", "")))
			continue;
		nonce_seen(w, l, json_get_str(label, "name", "?"));
		return;
	}
}

static void read_line_text(struct watch *w, const struct line *l)
{
	char text[MAX_BANNER + 1];
	const char *p = NULL;

	/* Cheap looks at the raw line first: this runs for every line of the console. */
	if (w->nonce[0] && !w->nonce_done)
		read_nonce(w, l);
	watch_read_reset_words(w, l);
	if (w->banner_done || !w->in_boot_with_kernel ||
	    !memmem(l->text, l->len, "Linux version ", 14))
		return;
	line_clean(l->text, l->len, text, sizeof(text));
	p = strstr(text, "Linux version ");
	w->banner_done = p != NULL;
	if (p && !w->in_recovery)
		banner_seen(w, l, p);
}

const char *watch_asked_dtb(const struct watch *w)
{
	const char *at = w->dtbs[0] ? strstr(w->stages.transfer_file, w->dtbs) : NULL;

	return at ? at + strlen(w->dtbs) : NULL;
}

static void transfer_seen(struct watch *w, const struct line *l)
{
	json_t *j = watch_event(l->t_ns, l->offset, "transfer");
	const char *dtb = watch_asked_dtb(w);

	if (dtb)
		snprintf(w->st.loaded_dtb, sizeof(w->st.loaded_dtb), "%s", dtb);

	w->st.last_transfer_bytes = w->stages.last_transfer_bytes;
	json_put(j, "bytes", json_integer((json_int_t)w->st.last_transfer_bytes));
	if (w->stages.transfer_file[0])
		json_put(j, "file", json_lossy_str(w->stages.transfer_file));
	watch_emit(w, j);
}

static void label_seen(struct watch *w, const struct line *l)
{
	json_t *j = watch_event(l->t_ns, l->offset, "label");

	json_put(j, "name", json_lossy_str(w->stages.label));
	watch_emit(w, j);
}

/* A loader's own dialogue hears this too; a board that nobody talks to is only watched.
 * A stamp is a kernel's. */
static void read_firmware_end(struct watch *w, const char *text, size_t len,
			      bool has_stamp)
{
	const struct loader_fault *f;

	if (w->st.stage >= STAGE_STARTING || has_stamp || w->st.firmware_fault)
		return;
	f = loader_fault_find(text, len);
	if (!f || !loader_fault_is_end(f))
		return;
	w->st.firmware_fault = f;
	snprintf(w->st.firmware_words, sizeof(w->st.firmware_words), "%.*s", (int)len,
		 text);
}

/* As far as the stages look into a line. */
enum { STAGE_TEXT_MAX = 511 };

void watch_line(void *arg, const struct line *l)
{
	struct watch *w = arg;
	uint32_t n_transfers = w->stages.n_transfers, n_labels = w->stages.n_labels;
	char text[TEST_TEXT_MAX];
	size_t len = line_clean(l->text, l->len, text, sizeof(text));
	size_t stage_len = len < STAGE_TEXT_MAX ? len : STAGE_TEXT_MAX;
	struct prefix p;

	w->offset = l->offset;
	prefix_parse(text, len, &p);
	if (len && stage_len >= p.text)
		stage_feed_text(&w->stages, text + p.text, stage_len - p.text,
				p.has_stamp, l->offset, l->t_ns, watch_stage_seen, w);
	if (w->before_power)
		return;
	read_firmware_end(w, text, len, p.has_stamp);
	if (w->stages.n_transfers != n_transfers)
		transfer_seen(w, l);
	if (w->stages.n_labels != n_labels)
		label_seen(w, l);
	if (w->capture) {
		sysrq_feed(w->capture, l);
		w->st.capture_answer = sysrq_answer(w->capture);
		return;
	}
	read_line_text(w, l);
	test_parser_feed_text(w->tests, text, len, p.text, l->offset, l->t_ns);
}
