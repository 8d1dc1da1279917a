// SPDX-License-Identifier: GPL-2.0-or-later
/* What runs is what was staged: the nonce on its command line, the build ids of the
 * kernel and of modules that the job or the board names. Records what the board says; who
 * compares is report/result_kernel.c, so that a replay can. */
#include <errno.h>
#include <fcntl.h>

#include "diagnose/build_id.h"
#include "kernel/module_ids.h"
#include "parse/build_note.h"
#include "parse/module_name.h"
#include "session/label.h"
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
	const struct watch_state *st = watch_state(s->watch);
	if (!r && !st->nonce_seen && st->other_label[0])
		return err_set(
			err, ERR_LAB, -ESTALE,
			"U-Boot booted the label %s, not %s: it takes the next one without a word when one fails",
			st->other_label, label_name(&s->staged));
	if (!r && !st->nonce_seen)
		return err_set(
			err, ERR_LAB, -ESTALE,
			"the kernel that runs is not the one that was chosen: its command line lacks bootrig.nonce=%s",
			s->nonce);
	return r;
}

/* Where the fence of a queued buffer lives; asked for where the kernel has it as a
 * module.
 */
static const char *const vb2_modules[] = { "videobuf2_common", "videobuf2_v4l2",
					   "v4l2_mem2mem" };

static void add_new(struct strvec *names, const char *name)
{
	if (!strvec_has(names, name))
		strvec_add(names, name);
}

void session_module_names(const struct session *s, struct strvec *names)
{
	const struct strvec *asked[] = { &s->board->boot.provenance_modules,
					 &s->job->provenance_modules };

	for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
		for (size_t k = 0; k < asked[i]->n; k++)
			add_new(names, asked[i]->v[k]);
	for (size_t i = 0; i < ARRAY_SIZE(vb2_modules); i++)
		add_new(names, vb2_modules[i]);
}

/* The build that should run: of the .ko file that the job gave for this module, else of
 * the one among the kernel's modules. */
static char *staged_id(const struct session *s, const char *module)
{
	const char *id = module_ids_find(&s->staged.module_ids, module);

	for (size_t i = 0; i < s->job->modules.n; i++) {
		_cleanup_free_ char *name = module_name_of_path(s->job->modules.v[i]);

		if (strcmp(name, module) == 0)
			return build_id_of_file(s->job->modules.v[i]);
	}
	return xstrdup_or_null(id);
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

/* By the job or the board; then that it is not loaded is told, too. */
static bool is_asked(const struct session *s, const char *name)
{
	return strvec_has(&s->board->boot.provenance_modules, name) ||
	       strvec_has(&s->job->provenance_modules, name);
}

static int record_id(struct session *s, const char *what, const char *name,
		     const char *file, const char *staged, struct deadline d,
		     struct err *err)
{
	struct build_note note;
	int r = read_note(s, name, file, &note, d, err);

	if (r && r != -ETIMEDOUT)
		return r;
	if (!note.hex[0] && strcmp(what, "module") == 0) {
		strvec_add(&s->modules_unseen, name);
		if (!is_asked(s, name))
			return 0;
	}
	json_t *m = json_object();
	json_put(m, "of", json_string(what));
	json_put(m, "name", json_string(name));
	json_put(m, "seen", json_lossy_str(note.hex[0] ? note.hex : NULL));
	json_put(m, "staged", json_lossy_str(staged));
	journal_action_json(s->journal, "build-id", m);
	return 0;
}

static int read_module(struct session *s, const char *name, struct deadline d,
		       struct err *err)
{
	_cleanup_free_ char *staged = staged_id(s, name);
	_cleanup_free_ char *file =
		xasprintf("/sys/module/%s/notes/.note.gnu.build-id", name);

	return record_id(s, "module", name, file, staged, d, err);
}

/* What nobody asked for only where it is among the kernel's modules. */
static int read_modules(struct session *s, const struct strvec *names, struct deadline d,
			struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < names->n && !r; i++)
		if (is_asked(s, names->v[i]) ||
		    module_ids_find(&s->staged.module_ids, names->v[i]))
			r = read_module(s, names->v[i], d, err);
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
	struct strvec names = { .n = 0 };
	bool has_shell = true;
	int r = 0;

	session_module_names(s, &names);
	strvec_release(&s->modules_unseen);
	s->n_proved = 0;
	if (s->is_staged) {
		session_phase(s, "provenance");
		r = prove_nonce(s, d, &has_shell, err);
	}
	if (!r && has_shell && s->is_staged && s->staged.image.n_build_ids)
		r = record_id(s, "kernel", "kernel", "/sys/kernel/notes", NULL, d, err);
	if (!r && has_shell)
		r = read_modules(s, &names, d, err);
	if (!r && has_shell && s->is_staged)
		r = session_fingerprint(s, d, err);
	strvec_release(&names);
	return r;
}
