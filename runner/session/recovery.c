// SPDX-License-Identifier: GPL-2.0-or-later
/* The recovery ladder: each rung starts the board in its own way, is proven by a prompt,
 * and harvests what the crash left. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "session/state.h"
#include "util/hash.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum {
	HARVEST_MS = 60000,
	FRESH_PROMPT_MS = 3000,
	MAX_HARVEST = 64,
};

static void record_harvest(struct session *s, const char *command, const char *file,
			   int status)
{
	_cleanup_free_ char *path = xasprintf("artifacts/%s", file);
	_cleanup_close_ int fd = openat(s->dir->dirfd, path, O_RDONLY | O_CLOEXEC);
	struct sha256_hex sha = { "" };
	uint64_t size = 0;
	json_t *m = json_object();

	if (fd >= 0 && sha256_of_fd(fd, &sha, &size))
		sha.str[0] = '\0';
	json_put(m, "command", json_lossy_str(command));
	json_put(m, "file", json_string(path));
	json_put(m, "bytes", json_integer((json_int_t)size));
	json_put(m, "sha256", json_string(sha.str));
	json_put(m, "exit", json_integer(status));
	journal_action_json(s->journal, "harvest", m);
}

/* Old news in a channel where detection is off. */
static int harvest(struct session *s, const struct board_rung *rung,
		   const struct strvec *cmds, struct deadline ladder, size_t *number,
		   struct err *err)
{
	int r = 0;

	journal_action(s->journal, "detection", "{s:b}", "enabled", 0);
	for (size_t i = 0; i < cmds->n && !r && *number < MAX_HARVEST; i++) {
		_cleanup_free_ char *file =
			xasprintf("%s-%zu.txt", rung->name, ++*number);
		int status = 0;

		r = shell_capture(s, cmds->v[i], file,
				  deadline_min(ladder, deadline_in_ms(HARVEST_MS)),
				  &status, err);
		if (!r)
			record_harvest(s, cmds->v[i], file, status);
	}
	journal_action(s->journal, "detection", "{s:b}", "enabled", 1);
	return r;
}

static int start_rung(struct session *s, const struct board_rung *rung, struct err *err)
{
	int r;

	if (rung->kind == RUNG_WARM_RESET)
		return session_power(s, "reset", err);
	r = session_power(s, "off", err);
	return r ? r : session_power(s, "on", err);
}

static int boot_known_good(struct session *s, const struct board_rung *rung,
			   struct deadline d, struct err *err)
{
	struct uboot u = session_uboot(s);
	int r;

	if (!rung->commands.n)
		return 0;
	r = uboot_stop_autoboot(&u, d, err);
	/* What was typed at a dead kernel may come out of the UART now. */
	if (!r)
		r = uboot_fresh_prompt(
			&u, deadline_min(d, deadline_in_ms(FRESH_PROMPT_MS)), err);
	for (size_t i = 0; i < rung->commands.n && !r; i++)
		r = i + 1 == rung->commands.n
			    ? uboot_boot(&u, rung->commands.v[i], NULL, d, err)
			    : uboot_command(&u, rung->commands.v[i], d, err);
	return r;
}

static int climb(struct session *s, const struct board_rung *rung, size_t *n_harvested,
		 struct deadline ladder, struct err *err)
{
	struct deadline d = deadline_min(ladder, deadline_in_ms(rung->timeout_ms));
	int r = start_rung(s, rung, err);

	if (!r)
		r = boot_known_good(s, rung, d, err);
	if (!r)
		r = session_login(s, &rung->auto_login, &rung->prompts, d, err);
	if (r)
		return r;
	r = harvest(s, rung, &rung->harvest, ladder, n_harvested, err);
	if (!r && rung->harvest.n)
		r = harvest(s, rung, &s->job->harvest, ladder, n_harvested, err);
	return r;
}

static void record_rung(struct session *s, const struct board_rung *rung, int64_t begin,
			int r, const struct err *err)
{
	json_t *m = json_object();
	char why[64];

	snprintf(why, sizeof(why), "%s",
		 r == -ETIMEDOUT ? "no proof in time" : strerror(r < 0 ? -r : 0));
	json_put(m, "name", json_lossy_str(rung->name));
	json_put(m, "kind",
		 json_string(rung->kind == RUNG_WARM_RESET ? "warm-reset"
							   : "power-cycle"));
	json_put(m, "ok", json_boolean(r == 0));
	json_put(m, "duration_s",
		 json_real((double)((clock_now_ns() - begin) / 1000000) / 1e3));
	if (r)
		json_put(m, "reason", json_lossy_str(err->msg[0] ? err->msg : why));
	journal_action_json(s->journal, "rung-end", m);
}

/* A warm reset only brings evidence: RAM still holds what the crash left. The board is
 * proven to be back by a start from power-off, so the ladder ends with the first power
 * cycle that works. */
void session_recover(struct session *s)
{
	struct deadline ladder = deadline_in_ms(s->board->limits.recovery_ms);
	bool recovered = false;
	size_t n_harvested = 0;
	int r = 0;

	journal_action(s->journal, "recovery", "{s:b}", "running", 1);
	for (size_t i = 0; i < s->board->n_recovery && r != -ECANCELED; i++) {
		const struct board_rung *rung = &s->board->recovery[i];
		int64_t begin = clock_now_ns();
		struct err err = ERR_INIT;

		if (deadline_passed(ladder))
			break;
		session_phase(s, "recovery:%s", rung->name);
		journal_action(s->journal, "rung", "{s:s}", "name", rung->name);
		console_resume(s->console);
		if (rung->kind == RUNG_WARM_RESET && !power_can_reset(s->power))
			r = err_set(&err, ERR_LAB, -EOPNOTSUPP, "the board has no reset");
		else
			r = climb(s, rung, &n_harvested, ladder, &err);
		record_rung(s, rung, begin, r, &err);
		if (!r &&
		    (rung->kind == RUNG_POWER_CYCLE || i + 1 == s->board->n_recovery))
			recovered = true;
		if (recovered)
			break;
	}
	journal_action(s->journal, "recovery", "{s:b, s:b}", "running", 0, "recovered",
		       recovered);
}
