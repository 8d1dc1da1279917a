// SPDX-License-Identifier: GPL-2.0-or-later
/* A campaign is found again, and only the one that is meant. */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "campaign/boot.h"
#include "campaign/state.h"
#include "tap.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

static json_t *plan(const char *job_text, const char *cell)
{
	char name[] = "soak me", path[] = "a/job.yaml", board_name[] = "fake";
	_cleanup_free_ char *text = xstrdup(job_text);
	const struct job_spec job = {
		.job_name = name, .path = path, .text = text, .text_len = strlen(text)
	};
	const struct board_spec board = { .board = board_name };

	return campaign_plan("matrix", &job, &board, json_pack("[s]", cell));
}

static struct campaign open_one(const char *resume, bool is_new, const json_t *p)
{
	struct campaign c;
	struct err err = ERR_INIT;

	if (campaign_open(tap_tmpdir(), resume, is_new, p, &c, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return c;
}

TEST(an_unfinished_campaign_of_the_same_plan_goes_on)
{
	_cleanup_json_ json_t *p = plan("job", "v1");
	struct campaign a = open_one(NULL, false, p);
	_cleanup_free_ char *id = xstrdup(a.dir.id);

	CHECK(!a.is_resumed);
	CHECK_EQ(campaign_session(&a), 1);
	campaign_release(&a);
	struct campaign b = open_one(NULL, false, p);
	CHECK(b.is_resumed);
	CHECK_STR(b.dir.id, id);
	CHECK_EQ(campaign_session(&b), 2);
	campaign_release(&b);
}

TEST(another_job_another_cell_or_an_explicit_new_begin_a_new_one)
{
	_cleanup_json_ json_t *p = plan("job", "v1");
	_cleanup_json_ json_t *other_job = plan("job, changed", "v1");
	_cleanup_json_ json_t *other_cell = plan("job", "v2");
	struct campaign first = open_one(NULL, false, p), c;

	campaign_release(&first);
	c = open_one(NULL, false, other_job);
	CHECK(!c.is_resumed);
	campaign_release(&c);
	c = open_one(NULL, false, other_cell);
	CHECK(!c.is_resumed);
	campaign_release(&c);
	c = open_one(NULL, true, p);
	CHECK(!c.is_resumed);
	campaign_release(&c);
}

TEST(a_finished_campaign_goes_on_only_when_it_is_named)
{
	_cleanup_json_ json_t *p = plan("job", "v1");
	struct campaign c = open_one(NULL, false, p);
	_cleanup_free_ char *path = xstrdup(c.dir.path);
	struct err err = ERR_INIT;

	json_put(c.state, "finished", json_true());
	CHECK_EQ(campaign_save(&c, &err), 0);
	campaign_release(&c);
	c = open_one(NULL, false, p);
	CHECK(!c.is_resumed);
	campaign_release(&c);
	c = open_one(path, false, p);
	CHECK(c.is_resumed);
	CHECK(!json_get_bool(c.state, "finished", true));
	campaign_release(&c);
}

TEST(a_named_campaign_of_another_job_is_refused)
{
	_cleanup_json_ json_t *p = plan("job", "v1");
	_cleanup_json_ json_t *other = plan("job, changed", "v1");
	struct campaign c = open_one(NULL, false, p);
	_cleanup_free_ char *path = xstrdup(c.dir.path);
	struct err err = ERR_INIT;

	campaign_release(&c);
	CHECK_EQ(campaign_open(tap_tmpdir(), path, false, other, &c, &err), -EINVAL);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "the job was changed");
	campaign_release(&c);
}

TEST(two_processes_do_not_run_one_campaign)
{
	_cleanup_json_ json_t *p = plan("job", "v1");
	struct campaign a = open_one(NULL, false, p), b;
	struct err err = ERR_INIT;

	CHECK_EQ(campaign_open(tap_tmpdir(), a.dir.path, false, p, &b, &err), -EBUSY);
	CHECK_CONTAINS(err.msg, "another process runs it");
	campaign_release(&b);
	campaign_release(&a);
}

/* Adds n boots, one each time that it has the campaign. */
static void take_turns(const json_t *p, const char *path, int n)
{
	while (n) {
		struct err err = ERR_INIT;
		struct campaign c;

		if (!campaign_open(tap_tmpdir(), path, false, p, &c, &err)) {
			json_push(campaign_boots(&c), json_integer(n--));
			if (campaign_save(&c, &err))
				_exit(1);
		}
		campaign_release(&c);
	}
}

TEST(processes_that_take_turns_see_what_the_other_wrote)
{
	enum { EACH = 100 };
	_cleanup_json_ json_t *p = plan("job", "v1");
	struct campaign c = open_one(NULL, false, p);
	_cleanup_free_ char *path = xstrdup(c.dir.path);
	int status;

	campaign_release(&c);
	pid_t other = fork();
	take_turns(p, path, EACH);
	if (other == 0)
		_exit(0);
	CHECK_EQ(waitpid(other, &status, 0), other);
	CHECK_EQ(status, 0);
	c = open_one(path, false, p);
	CHECK_EQ(json_array_size(campaign_boots(&c)), 2 * EACH);
	CHECK_EQ(campaign_session(&c), 2 * EACH + 2);
	campaign_release(&c);
}

TEST(a_state_that_is_none_is_told)
{
	static const char *const bad[] = { "", "{", "[]", "{\"schema\": \"x\"}",
					   "{\"schema\": \"bootrig.campaign/1\"}" };
	_cleanup_json_ json_t *p = plan("job", "v1");
	struct campaign c = open_one(NULL, false, p);
	_cleanup_free_ char *path = xstrdup(c.dir.path);
	_cleanup_free_ char *file = xasprintf("%s/campaign.json", path);

	campaign_release(&c);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = ERR_INIT;

		CHECK_EQ(io_atomic_write(file, bad[i], strlen(bad[i])), 0);
		CHECK_EQ(campaign_open(tap_tmpdir(), path, false, p, &c, &err), -EINVAL);
		CHECK_EQ(err.class, ERR_LAB);
		CHECK_CONTAINS(err.msg, "campaign.json");
		campaign_release(&c);
	}
}

static void digest(void *arg, json_t *record, const json_t *result)
{
	json_put(record, "seen", json_boolean(result != NULL));
	++*(int *)arg;
}

static void set_pending(struct campaign *c)
{
	json_t *record = json_object();

	json_put(record, "cell", json_string("v1"));
	json_put(record, "n", json_integer(1));
	json_put(c->state, "pending", record);
}

TEST(a_boot_that_never_made_a_run_is_one_that_broke_off)
{
	_cleanup_json_ json_t *p = plan("job", "v1");
	struct campaign c = open_one(NULL, false, p);
	struct err err = ERR_INIT;
	int n = 0;

	set_pending(&c);
	CHECK_EQ(campaign_settle_pending(&c, digest, &n, &err), 0);
	CHECK_EQ(n, 1);
	const json_t *b = json_array_get(campaign_boots(&c), 0);
	CHECK_STR(json_get_str(b, "status", ""), "lab");
	CHECK(json_get_bool(b, "broke_off", false));
	CHECK(!json_get_bool(b, "seen", true));
	CHECK(json_is_null(json_object_get(c.state, "pending")));
	/* And once only. */
	CHECK_EQ(campaign_settle_pending(&c, digest, &n, &err), 0);
	CHECK_EQ(n, 1);
	campaign_release(&c);
}

TEST(a_run_of_a_boot_that_was_killed_is_found_and_replayed)
{
	static const char actions[] =
		"{\"t\":0,\"offset\":0,\"do\":\"run\",\"id\":\"r1\",\"loop_boots\":3}\n"
		"{\"t\":1000,\"offset\":0,\"do\":\"attempt\",\"n\":1}\n";
	static const char job[] =
		"{job_name: t, timeouts: {job: {minutes: 5}}, priority: medium, "
		"visibility: public, actions: [{boot: {method: minimal, prompts: [a]}}]}";
	_cleanup_json_ json_t *p = plan("job", "v1");
	struct campaign c = open_one(NULL, false, p);
	_cleanup_free_ char *run = xasprintf("%s/runs/r1", c.dir.path);
	struct err err = ERR_INIT;
	int n = 0;

	CHECK_EQ(io_mkdir_p(run), 0);
	_cleanup_close_ int fd = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_EQ(io_atomic_write_at(fd, "actions.jsonl", actions, sizeof(actions) - 1),
		 0);
	CHECK_EQ(io_atomic_write_at(fd, "job.yaml", job, sizeof(job) - 1), 0);
	CHECK_EQ(io_atomic_write_at(fd, "console.raw", "x\n", 2), 0);
	CHECK_EQ(io_atomic_write_at(fd, "console.idx", "", 0), 0);
	set_pending(&c);
	CHECK_EQ(campaign_settle_pending(&c, digest, &n, &err), 0);
	const json_t *b = json_array_get(campaign_boots(&c), 0);
	CHECK_STR(json_get_str(b, "run", ""), "runs/r1");
	CHECK_STR(json_get_str(b, "status", ""), "lab");
	CHECK_CONTAINS(json_get_str(b, "reason", ""), "broke off");
	CHECK(json_get_bool(b, "seen", false));
	CHECK_EQ(faccessat(fd, "result.json", F_OK, 0), 0);
	CHECK_EQ(faccessat(fd, "junit.xml", F_OK, 0), 0);
	_cleanup_json_ json_t *again = campaign_result_of(&c, b);
	CHECK(again);
	campaign_release(&c);
}

TEST(two_runs_that_no_record_knows_are_not_guessed_about)
{
	_cleanup_json_ json_t *p = plan("job", "v1");
	struct campaign c = open_one(NULL, false, p);
	_cleanup_free_ char *a = xasprintf("%s/runs/a", c.dir.path);
	_cleanup_free_ char *b = xasprintf("%s/runs/b", c.dir.path);
	struct err err = ERR_INIT;
	int n = 0;

	CHECK_EQ(io_mkdir_p(a), 0);
	CHECK_EQ(io_mkdir_p(b), 0);
	set_pending(&c);
	CHECK_EQ(campaign_settle_pending(&c, digest, &n, &err), -ENOTUNIQ);
	CHECK_CONTAINS(err.msg, "move those away");
	campaign_release(&c);
}

TESTS(T(an_unfinished_campaign_of_the_same_plan_goes_on),
      T(another_job_another_cell_or_an_explicit_new_begin_a_new_one),
      T(a_finished_campaign_goes_on_only_when_it_is_named),
      T(a_named_campaign_of_another_job_is_refused),
      T(two_processes_do_not_run_one_campaign),
      T(processes_that_take_turns_see_what_the_other_wrote),
      T(a_state_that_is_none_is_told),
      T(a_boot_that_never_made_a_run_is_one_that_broke_off),
      T(a_run_of_a_boot_that_was_killed_is_found_and_replayed),
      T(two_runs_that_no_record_knows_are_not_guessed_about))
