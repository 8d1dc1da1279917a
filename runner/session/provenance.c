// SPDX-License-Identifier: GPL-2.0-or-later
/* What runs is what was staged: the nonce on its command line, the build ids of the
 * kernel and of modules that the job or the board names. Records what the board says; who
 * compares is report/result_kernel.c, so that a replay can. */
#include <errno.h>
#include <fcntl.h>

#include "diagnose/build_id.h"
#include "parse/build_note.h"
#include "session/state.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

/* A soak tests for ever; what is not loaded by then is not of interest. */
enum { PROVENANCE_MS = 20000, MAX_AGAIN = 3 };

static int prove_nonce(struct session *s, struct deadline d, bool *has_shell,
		       struct err *err)
{
	int status = 0;
	int r = shell_run(s, "cat /proc/cmdline",
			  deadline_min(d, deadline_in_ms(PROVENANCE_MS)), &status, err);

	/* No shell behind that prompt; the console may have shown the nonce. */
	*has_shell = r != -ETIMEDOUT;
	if (r == -ETIMEDOUT)
		r = 0;
	if (!r && !watch_state(s->watch)->nonce_seen)
		return err_set(
			err, ERR_LAB, -ESTALE,
			"the kernel that runs is not the one that was chosen: its command line lacks bootrig.nonce=%s",
			s->nonce);
	return r;
}

/* The .ko file that the job gave for this module: its build is the one that should run.
 */
static char *staged_id(const struct session *s, const char *module)
{
	for (size_t i = 0; i < s->job->modules.n; i++) {
		const char *path = s->job->modules.v[i], *base = strrchr(path, '/');
		_cleanup_free_ char *name = xstrdup(base ? base + 1 : path);

		name[strcspn(name, ".")] = '\0';
		for (char *p = name; *p; p++)
			*p = *p == '-' ? '_' : *p;
		if (strcmp(name, module) == 0)
			return build_id_of_file(path);
	}
	return NULL;
}

/* od is in busybox and coreutils; hexdump where od was left out. */
static int read_note(struct session *s, const char *name, const char *file,
		     struct build_note *note, struct deadline d, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_free_ char *artifact =
		s->n_proved
			? xasprintf("notes-%u-%s-%u.txt", s->attempt, name, s->n_proved)
			: xasprintf("notes-%u-%s.txt", s->attempt, name);
	_cleanup_free_ char *path = xasprintf("artifacts/%s", artifact);
	_cleanup_free_ char *command = xasprintf(
		"od -An -v -tx1 %s || hexdump -v -e '/1 \"%%02x \"' %s", file, file);
	int status = 0;
	int r = shell_capture(s, command, artifact,
			      deadline_min(d, deadline_in_ms(PROVENANCE_MS)), &status,
			      err);

	note->hex[0] = '\0';
	if (r)
		return r;
	if (!io_read_file_at(s->dir->dirfd, path, BUILD_NOTE_MAX_DUMP, &text))
		(void)build_note_of_dump(strbuf_str(&text), text.len, note);
	return 0;
}

static int record_id(struct session *s, const char *what, const char *name,
		     const char *file, const char *staged, struct deadline d,
		     struct err *err)
{
	struct build_note note;
	int r = read_note(s, name, file, &note, d, err);

	if (r && r != -ETIMEDOUT)
		return r;
	if (!note.hex[0] && strcmp(what, "module") == 0)
		strvec_add(&s->modules_unseen, name);
	json_t *m = json_object();
	json_put(m, "of", json_string(what));
	json_put(m, "name", json_string(name));
	json_put(m, "seen", json_lossy_str(note.hex[0] ? note.hex : NULL));
	json_put(m, "staged", json_lossy_str(staged));
	journal_action_json(s->journal, "build-id", m);
	return 0;
}

static int read_modules(struct session *s, const struct strvec *names, struct deadline d,
			struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < names->n && !r; i++) {
		_cleanup_free_ char *staged = staged_id(s, names->v[i]);
		_cleanup_free_ char *file =
			xasprintf("/sys/module/%s/notes/.note.gnu.build-id", names->v[i]);

		r = record_id(s, "module", names->v[i], file, staged, d, err);
	}
	return r;
}

int session_prove_again(struct session *s, struct deadline d, struct err *err)
{
	struct strvec names = s->modules_unseen;

	if (!names.n || s->n_proved == MAX_AGAIN || s->shell_gone || deadline_passed(d))
		return 0;
	s->modules_unseen = (struct strvec){ .n = 0 };
	s->n_proved++;
	int r = read_modules(s, &names, d, err);

	strvec_release(&names);
	return r == SHELL_GONE ? 0 : r;
}

int session_prove(struct session *s, struct deadline d, struct err *err)
{
	bool has_shell = true;
	int r = 0;

	strvec_release(&s->modules_unseen);
	s->n_proved = 0;
	if (s->is_staged) {
		session_phase(s, "provenance");
		r = prove_nonce(s, d, &has_shell, err);
	}
	if (!r && has_shell && s->is_staged && s->staged.image.n_build_ids)
		r = record_id(s, "kernel", "kernel", "/sys/kernel/notes", NULL, d, err);
	if (!r && has_shell)
		r = read_modules(s, &s->board->boot.provenance_modules, d, err);
	if (!r && has_shell)
		r = read_modules(s, &s->job->provenance_modules, d, err);
	if (!r && has_shell && s->is_staged)
		r = session_fingerprint(s, d, err);
	return r;
}
