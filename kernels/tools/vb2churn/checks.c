// SPDX-License-Identifier: GPL-2.0-or-later OR MIT
/* Owns what is expected of the fences. Knows nothing of who prints it. */
#include "checks.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "clock.h"

enum {
	LONG_JOB_MS = 300,   /* time enough to look, also on an emulated machine */
	APPEAR_MS = 200,     /* a job that can run was started by then */
	NEVER_MS = 50,       /* what has not appeared by now will not */
	JOB_LIMIT_MS = 5000, /* a job that takes longer hangs */
	AT_ONCE_MS = 1000,
};

/* One context, streaming, with one buffer on each side. */
struct rig {
	const char *device;
	struct m2m m;
	int dmabuf;
};

static struct verdict broken(const char *what, int error)
{
	return not_ok("%s: %s", what, strerror(-error));
}

static struct verdict open_rig(struct rig *r, const char *device, int dmabuf)
{
	int ret = m2m_open(&r->m, device);

	r->device = device;
	r->dmabuf = dmabuf;
	if (ret)
		return broken("open", ret);
	if (!r->m.has_job_time)
		return skip("jobs of this device are too short to look into");
	ret = m2m_set_job_ms(&r->m, LONG_JOB_MS);
	if (!ret)
		ret = m2m_request(&r->m, 1);
	if (!ret)
		ret = m2m_start(&r->m);
	return ret ? broken("start", ret) : passed();
}

static struct verdict new_rig(struct rig *r, const struct bench *b)
{
	int dmabuf = dmabuf_new(&b->exporter);

	r->m.fd = -1;
	return dmabuf < 0 ? broken("no dma-buf", dmabuf) : open_rig(r, b->device, dmabuf);
}

static int run_job(struct rig *r)
{
	int ret = m2m_queue_capture(&r->m, 0, r->dmabuf);

	return ret ? ret : m2m_queue_output(&r->m, 0);
}

/* 0: the buffer came back, and without an error. */
static int finish_job(struct rig *r)
{
	bool failed = false;
	int ret;

	if (!m2m_wait_capture(&r->m, JOB_LIMIT_MS))
		return -ETIMEDOUT;
	ret = m2m_take_capture(&r->m, &failed);
	if (ret >= 0 && !failed)
		ret = m2m_take_output(&r->m);
	return ret < 0 ? ret : failed ? -EIO : 0;
}

static bool becomes_busy(int dmabuf, int limit_ms)
{
	for (int ms = 0; ms <= limit_ms; ms += 5, sleep_ms(5))
		if (dmabuf_status(dmabuf) == 0)
			return true;
	return false;
}

/* The fence of the job that is now started; below 0: there is none. */
static int start_and_get_fence(struct rig *r)
{
	int ret = run_job(r);

	if (ret)
		return ret;
	return becomes_busy(r->dmabuf, APPEAR_MS) ? dmabuf_write_fence(r->dmabuf)
						  : -ENOENT;
}

static struct verdict no_fence(int error)
{
	return error == -ENOENT ? skip("no fence while a job runs")
				: broken("job", error);
}

/* ---- before the churn ---- */

static struct verdict fence_while_job_runs(struct rig *r)
{
	int before = dmabuf_status(r->dmabuf), ret = run_job(r);
	bool during;

	if (ret)
		return broken("queue", ret);
	during = becomes_busy(r->dmabuf, APPEAR_MS);
	ret = finish_job(r);
	if (ret)
		return broken("the job", ret);

	int after = dmabuf_status(r->dmabuf);

	if (before == 1 && during && after == 1)
		return passed();
	return not_ok("write fence: %s before, %s during, %s after the job",
		      before ? "none" : "one", during ? "one" : "none",
		      after ? "none" : "one");
}

static struct verdict fence_signals_on_completion(struct rig *r)
{
	int fence = start_and_get_fence(r), status;
	bool in_time;

	if (fence < 0)
		return no_fence(fence);
	in_time = fence_wait(fence, JOB_LIMIT_MS);
	status = fence_status(fence);
	close(fence);
	if (!in_time)
		return not_ok("still pending %d ms after a job of %d ms", JOB_LIMIT_MS,
			      LONG_JOB_MS);
	if (!m2m_wait_capture(&r->m, AT_ONCE_MS))
		return not_ok("signalled, and the buffer is not done");
	return status == 1
		       ? passed()
		       : not_ok("signalled with error %d by a job that was done", status);
}

static struct verdict poll_waits_for_job(struct rig *r)
{
	int ret = run_job(r);

	if (ret)
		return broken("queue", ret);
	becomes_busy(r->dmabuf, APPEAR_MS);
	if (dmabuf_wait(r->dmabuf, 0))
		return not_ok("poll() for reading does not wait while the device writes");
	if (!dmabuf_wait(r->dmabuf, JOB_LIMIT_MS))
		return not_ok("poll() does not wake up when the job is done");
	return m2m_wait_capture(&r->m, AT_ONCE_MS)
		       ? passed()
		       : not_ok("poll() woke up before the job was done");
}

static struct verdict no_fence_before_job_can_run(struct rig *r)
{
	int ret = m2m_queue_capture(&r->m, 0, r->dmabuf);

	if (ret)
		return broken("queue", ret);
	if (becomes_busy(r->dmabuf, NEVER_MS))
		return not_ok(
			"a fence is pending, and only user space can make it signal");
	return passed();
}

static struct verdict stop_signals_waiting(struct rig *r)
{
	int ret = m2m_queue_capture(&r->m, 0, r->dmabuf), fence, status;

	if (ret)
		return broken("queue", ret);
	becomes_busy(r->dmabuf, NEVER_MS);
	fence = dmabuf_write_fence(r->dmabuf);
	if (fence < 0)
		return broken("sync_file", fence);

	bool was_pending = fence_status(fence) == 0;

	ret = m2m_stop(&r->m);
	status = fence_status(fence);
	close(fence);
	if (ret)
		return broken("stop", ret);
	if (status == 0)
		return not_ok("still pending after VIDIOC_STREAMOFF");
	if (was_pending && status > 0)
		return not_ok("signalled without an error, and nothing was written");
	return was_pending ? passed() : ok("a buffer that waits has no fence to signal");
}

/* The driver may end the job early or wait for it: the fence must say the same as the
 * buffer. */
static struct verdict stop_signals_running(struct rig *r)
{
	int fence = start_and_get_fence(r), index, ret, status;
	bool failed = false;

	if (fence < 0)
		return no_fence(fence);
	ret = m2m_stop_output(&r->m);
	index = m2m_take_capture(&r->m, &failed);
	if (!ret)
		ret = m2m_stop(&r->m);
	status = fence_status(fence);
	close(fence);
	if (ret)
		return broken("stop", ret);
	if (status == 0)
		return not_ok("still pending after VIDIOC_STREAMOFF");

	bool written = index >= 0 && !failed;

	if (written != (status == 1))
		return not_ok("the buffer was %s, the fence says %d",
			      written ? "written" : "canceled", status);
	return ok("the driver %s",
		  written ? "completes a running job" : "cancels a running job");
}

static struct verdict one_dmabuf_in_two_queues(struct rig *first)
{
	struct rig second;
	struct verdict v = open_rig(&second, first->device, first->dmabuf);
	bool in_first, in_second, idle;
	int ret;

	if (v.outcome != OUTCOME_OK)
		return v;
	ret = run_job(first);
	if (!ret)
		ret = run_job(&second);
	in_first = becomes_busy(first->dmabuf, APPEAR_MS);
	if (!ret)
		ret = finish_job(first);
	in_second = becomes_busy(first->dmabuf, APPEAR_MS);
	if (!ret)
		ret = finish_job(&second);

	idle = dmabuf_status(first->dmabuf) == 1;
	if (ret)
		return broken("the jobs", ret);
	if (in_first && in_second && idle)
		return passed();
	return not_ok("write fence: %s in the first job, %s in the second, %s after both",
		      in_first ? "one" : "none", in_second ? "one" : "none",
		      idle ? "none" : "one");
}

/* ---- behind the churn ---- */

static struct verdict fence_again_after_stop(struct rig *r)
{
	int ret = m2m_queue_capture(&r->m, 0, r->dmabuf);

	if (!ret)
		ret = m2m_stop(&r->m);
	if (!ret)
		ret = m2m_start(&r->m);
	return ret ? broken("stop and start", ret) : fence_while_job_runs(r);
}

/* The buffers are freed, their fences stay in the dma-buf. */
static struct verdict fence_again_after_free(struct rig *r)
{
	int ret = run_job(r);

	if (!ret)
		ret = finish_job(r);
	if (!ret)
		ret = m2m_stop(&r->m);
	if (!ret)
		ret = m2m_request(&r->m, 0);
	if (!ret)
		ret = m2m_request(&r->m, 1);
	if (!ret)
		ret = m2m_start(&r->m);
	return ret ? broken("job, stop and VIDIOC_REQBUFS", ret)
		   : fence_while_job_runs(r);
}

static struct verdict close_leaves_nothing(struct rig *r)
{
	int ret = run_job(r);

	if (ret)
		return broken("queue", ret);
	becomes_busy(r->dmabuf, APPEAR_MS);
	m2m_close(&r->m);
	return dmabuf_status(r->dmabuf) == 0 ? not_ok("a fence is still pending")
					     : passed();
}

/* ---- table ---- */

const struct check checks[] = {
	{ "fence-while-job-runs", false, fence_while_job_runs },
	{ "fence-signals-on-completion", false, fence_signals_on_completion },
	{ "poll-waits-for-job", false, poll_waits_for_job },
	{ "no-fence-before-job-can-run", false, no_fence_before_job_can_run },
	{ "stop-signals-waiting", false, stop_signals_waiting },
	{ "stop-signals-running", false, stop_signals_running },
	{ "one-dmabuf-in-two-queues", false, one_dmabuf_in_two_queues },
	{ "fence-again-after-stop", true, fence_again_after_stop },
	{ "fence-again-after-free", true, fence_again_after_free },
	{ "close-leaves-nothing", true, close_leaves_nothing },
};
const size_t n_checks = sizeof(checks) / sizeof(checks[0]);

struct verdict check_run(const struct check *c, const struct bench *b)
{
	struct rig r;
	struct verdict v = new_rig(&r, b);

	return v.outcome == OUTCOME_OK ? c->run(&r) : v;
}
