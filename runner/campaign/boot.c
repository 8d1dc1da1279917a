// SPDX-License-Identifier: GPL-2.0-or-later
/* A child for each boot, and what its run directory says. */
#include "campaign/boot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "campaign/alive.h"
#include "campaign/boot_int.h"
#include "util/child.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum {
	SLICE_MS = 300,
	END_MS = 180000, /* a canceled child powers off, which its board bounds */
	TAIL_MAX = 2000
};

/* What children say on stderr: to a file of the campaign, since those whom they start (a
 * keeper) may live longer than any pipe of ours; and from there to our own stderr. */
struct said {
	int fd;
	int64_t at;         /* read so far; what others said before is not this child's */
	struct strbuf tail; /* of this child, TAIL_MAX bytes */
};

static int open_said(const struct campaign *c, struct said *s, struct err *err)
{
	*s = (struct said){ .tail = STRBUF_INIT };
	s->fd = openat(c->dir.dirfd, "stderr.txt",
		       O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	s->at = s->fd < 0 ? -1 : lseek(s->fd, 0, SEEK_END);
	if (s->at < 0)
		return err_set(err, ERR_LAB, -errno, "%s/stderr.txt: %s", c->dir.path,
			       strerror(errno));
	return 0;
}

static void pass_on(struct said *s)
{
	char buf[4096];
	ssize_t n;

	while ((n = pread(s->fd, buf, sizeof(buf), s->at)) > 0) {
		s->at += n;
		/* Nobody listens: the file has it. */
		if (io_write_all(STDERR_FILENO, buf, (size_t)n)) {
		}
		strbuf_add(&s->tail, buf, (size_t)n);
		if (s->tail.len > TAIL_MAX)
			strbuf_drop_front(&s->tail, s->tail.len - TAIL_MAX);
	}
}

static void add_args(const struct campaign *c, const struct campaign_host *host,
		     const char *cell, const struct strvec *more, struct strvec *argv)
{
	strvec_add(argv, "/proc/self/exe");
	strvec_add(argv, "run");
	strvec_add(argv, host->job_path);
	strvec_add(argv, "--board");
	strvec_add(argv, host->board_path);
	strvec_add(argv, "--runs");
	strvec_addf(argv, "%s/runs", c->dir.path);
	if (cell) {
		strvec_add(argv, "--kernel");
		strvec_add(argv, cell);
	}
	if (host->quiet)
		strvec_add(argv, "--quiet");
	if (host->clear_wedged)
		strvec_add(argv, "--clear-wedged");
	for (size_t i = 0; more && i < more->n; i++)
		strvec_add(argv, more->v[i]);
}

/* Until it ends. A cancel is passed on once, and then the child has END_MS to power off.
 */
static int wait_for_end(struct child *child, struct said *said,
			struct campaign_alive *alive, int cancel_fd, int *status,
			struct err *err)
{
	struct deadline end = DEADLINE_NEVER;
	bool is_canceled = false;
	int r;

	do {
		r = child_wait(child, deadline_min(end, deadline_in_ms(SLICE_MS)),
			       is_canceled ? -1 : cancel_fd, status, err);
		pass_on(said);
		campaign_alive_say(alive);
		if (r == -ECANCELED) {
			kill(child->pid, SIGTERM);
			is_canceled = true;
			end = deadline_in_ms(END_MS);
		}
	} while (r == -ECANCELED || (r == -ETIMEDOUT && !deadline_passed(end)));
	child_kill(child, SIGKILL);
	if (is_canceled)
		return err_set(err, ERR_CANCELED, -ECANCELED, "canceled");
	return r;
}

/* The child's own words are those of `bootrig run: `. */
static char *last_words(const struct said *s)
{
	static const char prefix[] = "bootrig run: ";
	size_t len = s->tail.len;
	const char *text = strbuf_str(&s->tail);

	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	size_t begin = len;
	while (begin && text[begin - 1] != '\n')
		begin--;
	if (strncmp(text + begin, prefix, sizeof(prefix) - 1) == 0)
		begin += sizeof(prefix) - 1;
	return xstrndup(text + begin, len - begin);
}

static int run_child(struct campaign *c, struct campaign_host *host, const char *cell,
		     const struct strvec *more, struct boot_end *end, struct err *err)
{
	_cleanup_strvec_ struct strvec argv = STRVEC_INIT;
	struct child_opts opts = CHILD_OPTS_INIT;
	struct campaign_alive alive;
	struct child child = CHILD_INIT;
	struct said said;
	int r = open_said(c, &said, err);

	campaign_alive_begin(
		c, json_get_int(json_object_get(c->state, "pending"), "n", 0), &alive);
	if (!r) {
		add_args(c, host, cell, more, &argv);
		opts.stdout_fd = host->quiet ? -1 : host->console_fd;
		opts.stderr_fd = said.fd;
		host->clear_wedged = false;
		r = child_spawn(&child, (const char *const *)argv.v, &opts, err);
	}
	if (!r) {
		r = wait_for_end(&child, &said, &alive, host->cancel_fd, &end->status,
				 err);
		end->is_canceled = r == -ECANCELED;
		end->is_known = !r || end->is_canceled;
		end->words = last_words(&said);
	}
	campaign_alive_end(&alive);
	if (said.fd >= 0)
		close(said.fd);
	strbuf_release(&said.tail);
	return r;
}

static int refuse_canceled(const struct campaign_host *host, struct err *err)
{
	struct pollfd p = { .fd = host->cancel_fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0 ? err_set(err, ERR_CANCELED, -ECANCELED, "canceled")
				  : 0;
}

static int set_pending(struct campaign *c, json_t *take_record, struct err *err)
{
	struct wall_time now = clock_wall();

	json_put(take_record, "n",
		 json_integer((json_int_t)json_array_size(campaign_boots(c)) + 1));
	json_put(take_record, "session", json_integer(campaign_session(c)));
	json_put(take_record, "start_time", json_string(now.str));
	json_put(c->state, "pending", take_record);
	return campaign_save(c, err);
}

/* The pending record becomes one of those that are over. */
static int settle(struct campaign *c, const struct boot_end *end,
		  campaign_digest_fn digest, void *arg, const json_t **out,
		  struct err *err)
{
	json_t *record = json_object_get(c->state, "pending");
	_cleanup_json_ json_t *result = NULL;
	int r = boot_fill_record(c, record, end, &result, err);

	if (r)
		return r;
	digest(arg, record, result);
	json_push(campaign_boots(c), json_incref(record));
	json_put(c->state, "pending", json_null());
	*out = json_array_get(campaign_boots(c), json_array_size(campaign_boots(c)) - 1);
	return campaign_save(c, err);
}

int campaign_boot(struct campaign *c, struct campaign_host *host, json_t *take_record,
		  const struct strvec *more, campaign_digest_fn digest, void *arg,
		  const json_t **out, struct err *err)
{
	_cleanup_free_ char *cell = xstrdup(json_get_str(take_record, "cell", ""));
	struct err settled = ERR_INIT;
	struct boot_end end = { 0 };
	int r = refuse_canceled(host, err);

	if (r) {
		json_decref(take_record);
		return r;
	}
	r = set_pending(c, take_record, err);
	if (!r)
		r = run_child(c, host, cell[0] ? cell : NULL, more, &end, err);
	if (!r || r == -ECANCELED) {
		int s = settle(c, &end, digest, arg, out, &settled);

		if (s) {
			*err = settled;
			r = s;
		}
	}
	free(end.words);
	return r;
}

int campaign_settle_pending(struct campaign *c, campaign_digest_fn digest, void *arg,
			    struct err *err)
{
	const struct boot_end unknown = { 0 };
	const json_t *ignored;

	if (!json_is_object(json_object_get(c->state, "pending")))
		return 0;
	return settle(c, &unknown, digest, arg, &ignored, err);
}
