// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns why a new boot began: what the board was told to do, what was said before the
 * reset, and what firmware says of it after. Knows the texts by parse/reset_words.h. */
#include "parse/reset_words.h"
#include "session/watch_int.h"
#include "util/jsonx.h"

static const char supply_words[] = "the supply resets the board (USB-C PD, brown-out?)";

/* A kernel that says nothing may have hung until a watchdog bit; without a kernel and
 * without a word only the supply is left. */
static const char *reset_cause(const struct watch *w)
{
	if (w->commanded)
		return "commanded";
	if (w->in_boot_with_kernel && (w->st.panicked || w->st.says_reboot))
		return "panic";
	if (w->restart_word)
		return w->restart_word;
	if (!w->in_boot_with_kernel)
		return "supply";
	return w->st.fatal_id >= 0 ? "watchdog-or-panic" : "unknown";
}

static void count_cause(struct watch *w, const char *cause, int by)
{
	if (strcmp(cause, "supply") == 0)
		w->n_supply += (uint32_t)by;
}

/* Before any kernel a loop is not the kernel's. */
static void report_loop(struct watch *w)
{
	bool by_supply = w->n_uncommanded && w->n_supply == w->n_uncommanded;

	w->loop_reported = true;
	w->st.supply_loop = by_supply;
	if (w->st.fatal_id >= 0 && !watch_is_consequence(w->st.fatal_kind))
		return;
	if (by_supply)
		watch_report_own(w, INCIDENT_BOOT_LOOP, "boot loop: %s", supply_words);
	else
		watch_report_own(w, INCIDENT_BOOT_LOOP, "boot loop%s",
				 w->st.kernel_seen ? "" : " before any kernel started");
}

void watch_new_boot(struct watch *w, const struct stage_event *e)
{
	struct watch_state *st = &w->st;
	json_t *j = watch_event(e->t_ns, e->offset, "boot");
	bool is_reset = e->is_unexpected && w->in_boot_with_kernel;

	st->starts++;
	st->start_offset = e->offset;
	st->firmware_fault = NULL;
	w->boot_cause = reset_cause(w);
	if (!w->in_recovery) {
		st->boots++;
		st->attempt_boots++;
		w->boots_since_goal++;
		if (!w->commanded)
			w->n_uncommanded++;
		count_cause(w, w->boot_cause, 1);
	}
	json_put(j, "boot", json_integer(st->boots));
	json_put(j, "cause", json_string(w->boot_cause));
	json_put(j, "after", json_string(stage_to_str(e->from)));
	watch_emit(w, j);
	w->in_boot_with_kernel = false;
	w->banner_done = w->nonce_done = false;
	w->restart_word = NULL;
	w->commanded = false;
	if (w->in_recovery)
		return;
	if (is_reset) {
		st->resets++;
		if (st->fatal_id < 0)
			watch_report_own(
				w, INCIDENT_RESET,
				"reset: the board started again while its kernel ran");
	}
	if (w->loop_boots && w->boots_since_goal >= w->loop_boots && !w->loop_reported &&
	    st->attempt_boots > 1)
		report_loop(w);
}

/* Firmware reads the registers of the reset that was: better than a guess. */
static void read_told(struct watch *w, const struct line *l)
{
	const char *told = reset_told(l->text, l->len);
	const char *cause = told ? reset_cause_of(w->boot_cause, told) : NULL;

	if (!cause || cause == w->boot_cause)
		return;
	if (!w->in_recovery) {
		count_cause(w, w->boot_cause, -1);
		count_cause(w, cause, 1);
	}
	json_t *j = watch_event(l->t_ns, l->offset, "reset-cause");
	char text[128];

	line_clean(l->text, l->len, text, sizeof(text));
	json_put(j, "boot", json_integer(w->st.boots));
	json_put(j, "cause", json_string(cause));
	json_put(j, "said", json_lossy_str(text));
	w->boot_cause = cause;
	watch_emit(w, j);
}

void watch_read_reset_words(struct watch *w, const struct line *l)
{
	bool in_loader = w->st.stage == STAGE_UBOOT || w->st.stage == STAGE_TFTP;
	const char *word;

	if (w->st.stage >= STAGE_DDR && w->st.stage <= STAGE_TFTP && w->boot_cause)
		read_told(w, l);
	/* Cheap: this is asked of every line. */
	if (!in_loader && matcher_find(&w->restart_words, l->text, l->len, 0) == l->len)
		return;
	word = reset_announced(l->text, l->len, in_loader);
	/* Protection is followed by an orderly "Power down". */
	if (word && !(w->restart_word && strcmp(w->restart_word, "thermal") == 0))
		w->restart_word = word;
}

void watch_forget_resets(struct watch *w)
{
	w->n_uncommanded = w->n_supply = 0;
	w->st.supply_loop = false;
	w->boot_cause = NULL;
}
