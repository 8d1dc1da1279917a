// SPDX-License-Identifier: GPL-2.0-or-later
/* A client for QEMU's machine protocol. */
#include "hw/qmp.h"

#include <errno.h>
#include <sys/socket.h>

#include "util/io.h"
#include "util/jsonx.h"

enum { REPLY_MAX = 1 << 20 };

void qmp_close(struct qmp *q)
{
	if (q->fd >= 0)
		close(q->fd);
	strbuf_release(&q->in);
	*q = (struct qmp)QMP_INIT;
}

/* The next message, or -EAGAIN. */
static int next_message(struct qmp *q, json_t **msg)
{
	char *nl = q->in.len ? memchr(q->in.buf, '\n', q->in.len) : NULL;

	if (!nl)
		return -EAGAIN;
	size_t len = (size_t)(nl - q->in.buf);
	*msg = json_loadb(q->in.buf, len, 0, NULL);
	strbuf_drop_front(&q->in, len + 1);
	return *msg ? 0 : -EPROTO;
}

static int read_more(struct qmp *q, const struct power_env *env, struct deadline d,
		     struct err *err)
{
	char buf[4096];
	int r = env->wait(env->arg, q->fd, d, err);

	if (r)
		return r;
	ssize_t n = recv(q->fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return err_set(err, ERR_LAB, -errno, "QMP: %s", strerror(errno));
	if (n == 0)
		return err_set(err, ERR_LAB, -EPIPE, "QMP: QEMU closed the connection");
	if (q->in.len + (size_t)n > REPLY_MAX)
		return err_set(err, ERR_LAB, -EPROTO, "QMP: endless reply");
	strbuf_add(&q->in, buf, (size_t)n);
	return 0;
}

/* Wait for the message that has key at its top. */
static int wait_for(struct qmp *q, const char *key, const struct power_env *env,
		    struct deadline d, struct err *err)
{
	for (;;) {
		_cleanup_json_ json_t *msg = NULL;
		int r = next_message(q, &msg);

		if (r == -EAGAIN) {
			r = read_more(q, env, d, err);
			if (r)
				return r;
			continue;
		}
		if (r)
			return err_set(err, ERR_LAB, r, "QMP: no JSON");
		const json_t *e = json_object_get(msg, "error");
		if (e)
			return err_set(err, ERR_LAB, -EREMOTEIO, "QMP: %s",
				       json_get_str(e, "desc", "error"));
		if (json_object_get(msg, key))
			return 0;
	}
}

static int send_command(struct qmp *q, const char *name, json_t *take_arguments,
			struct err *err)
{
	_cleanup_json_ json_t *msg = json_object();

	json_put(msg, "execute", json_string(name));
	if (take_arguments)
		json_put(msg, "arguments", take_arguments);
	size_t len;
	_cleanup_free_ char *line = json_line(msg, &len);
	int r = io_write_all(q->fd, line, len);
	return r ? err_set(err, ERR_LAB, r, "QMP: %s", strerror(-r)) : 0;
}

static int make_ready(struct qmp *q, const struct power_env *env, struct deadline d,
		      struct err *err)
{
	int r = wait_for(q, "QMP", env, d, err);

	if (!r)
		r = send_command(q, "qmp_capabilities", NULL, err);
	if (!r)
		r = wait_for(q, "return", env, d, err);
	q->is_ready = r == 0;
	return r;
}

int qmp_command(struct qmp *q, const char *name, json_t *take_arguments,
		const struct power_env *env, struct deadline d, struct err *err)
{
	_cleanup_json_ json_t *arguments = take_arguments;
	int r = q->is_ready ? 0 : make_ready(q, env, d, err);

	if (!r)
		r = send_command(q, name, TAKE_PTR(arguments), err);
	return r ? r : wait_for(q, "return", env, d, err);
}
