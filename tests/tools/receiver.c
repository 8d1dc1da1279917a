// SPDX-License-Identifier: GPL-2.0-or-later
/* A small receiver of results for the demo and the tests: stores each body once, and can
 * misbehave in the ways that real receivers do. It knows HTTP (libmicrohttpd) and two
 * members of a body, "id" and the Idempotency-Key; nothing else of bootrig.
 *
 *     receiver --port 0 --port-file F --dir D [--token T] [--script 500,503@2,ok]
 *
 * D/<id>.json is the newest body of that run (KCIDB bodies: D/<key>.json), D/keys/<hash>
 * remembers the keys, D/log has one line per request. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "report/result_read.h"
#include "util/hash.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum { BODY_MAX = 64 << 20, HUGE_BYTES = 8 << 20 };

enum behaviour {
	DO_STATUS,   /* answer with step.status; 200 stores */
	DO_GARBAGE,  /* bytes that are no HTTP, then close */
	DO_CLOSE,    /* close without a word, body not stored */
	DO_LOST_OK,  /* store it, then close without a word: the answer is lost */
	DO_HALF,     /* store it, answer 200, close in the middle of the answer's body */
	DO_HUGE,     /* store it, answer 200 with 8 MiB */
	DO_SLOW,     /* never answer */
	DO_ERROR_OK, /* 200 whose body says "error", as a KCIDB receiver may */
};

struct step {
	enum behaviour does;
	unsigned int status;
	unsigned int retry_after_s; /* 0: not said */
};

static struct {
	const char *token; /* NULL: anybody may post */
	int dirfd, keys_dirfd, log_fd, listen_fd;
	struct step steps[64];
	size_t n_steps, at; /* the last step repeats */
	struct step accepting;
	struct MHD_Daemon *daemon;
} rx;

NORETURN PRINTF(1, 2) static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("receiver: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static struct step parse_step(const char *s)
{
	static const struct {
		const char *word;
		enum behaviour does;
	} words[] = {
		{ "garbage", DO_GARBAGE },  { "close", DO_CLOSE },
		{ "lostok", DO_LOST_OK },   { "half", DO_HALF },
		{ "huge", DO_HUGE },        { "slow", DO_SLOW },
		{ "errorok", DO_ERROR_OK },
	};
	unsigned int status, after = 0;

	if (strcmp(s, "ok") == 0)
		return (struct step){ .does = DO_STATUS, .status = 200 };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(s, words[i].word) == 0)
			return (struct step){ .does = words[i].does, .status = 200 };
	if (sscanf(s, "%u@%u", &status, &after) < 1 || status < 100 || status > 599)
		die("what is \"%s\"?", s);
	return (struct step){ .status = status, .retry_after_s = after };
}

static void parse_script(const char *script)
{
	_cleanup_free_ char *copy = xstrdup(script);
	char *save = NULL;

	rx.n_steps = 0;
	for (char *w = strtok_r(copy, ", ", &save); w; w = strtok_r(NULL, ", ", &save)) {
		if (rx.n_steps == ARRAY_SIZE(rx.steps))
			die("too many steps");
		rx.steps[rx.n_steps++] = parse_step(w);
	}
	if (!rx.n_steps)
		die("the script is empty");
}

static struct step next_step(void)
{
	struct step s = rx.steps[rx.at];

	if (rx.at + 1 < rx.n_steps)
		rx.at++;
	return s;
}

static void log_request(const char *what, const char *url, const char *key,
			const char *auth, const char *stored)
{
	_cleanup_free_ char *line =
		xasprintf("%s %s key=%s auth=%s %s\n", what, url, key, auth, stored);

	if (io_write_all(rx.log_fd, line, strlen(line)))
		die("cannot write the log");
}

struct request {
	struct strbuf body;
	struct step step;
	bool is_too_big;
};

/* How the token came: "none" (and none is wanted or it is missing), "bearer", "raw",
 * "bad". Never the token itself. */
static const char *check_auth(struct MHD_Connection *c, bool *ok)
{
	const char *got =
		MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
	bool is_bearer = got && strncmp(got, "Bearer ", 7) == 0;

	*ok = !rx.token;
	if (!got)
		return "none";
	if (rx.token && strcmp(is_bearer ? got + 7 : got, rx.token) != 0)
		return "bad";
	*ok = true;
	return is_bearer ? "bearer" : "raw";
}

/* "new" or "duplicate", or NULL when the body is no JSON object. */
static const char *store(const struct request *rq, const char *key)
{
	_cleanup_json_ json_t *j =
		json_loadb(strbuf_str(&rq->body), rq->body.len, JSON_ALLOW_NUL, NULL);
	struct sha256_hex mark = sha256_of(key, strlen(key));
	const char *id = json_get_str(j, "id", "");
	int r;

	if (!json_is_object(j))
		return NULL;
	if (!run_id_is_valid(id))
		id = run_id_is_valid(key) ? key : mark.str;
	if (*key && !faccessat(rx.keys_dirfd, mark.str, F_OK, 0))
		return "duplicate";
	_cleanup_free_ char *name = xasprintf("%s.json", id);
	r = io_atomic_write_at(rx.dirfd, name, rq->body.buf, rq->body.len);
	if (!r && *key)
		r = io_atomic_write_at(rx.keys_dirfd, mark.str, id, strlen(id));
	if (r)
		die("cannot store %s: %s", name, strerror(-r));
	return "new";
}

static enum MHD_Result answer(struct MHD_Connection *c, const struct step *step,
			      const char *body)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		strlen(body), (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
	char after[16];

	MHD_add_response_header(r, "Content-Type", "application/json");
	MHD_add_response_header(r, "Connection", "close");
	if (step->status >= 300 && step->status < 400)
		MHD_add_response_header(r, "Location", "http://127.0.0.1:1/elsewhere");
	snprintf(after, sizeof(after), "%u", step->retry_after_s);
	if (step->retry_after_s)
		MHD_add_response_header(r, "Retry-After", after);
	enum MHD_Result ret = MHD_queue_response(c, step->status, r);
	MHD_destroy_response(r);
	return ret;
}

static ssize_t half_body(void *arg, uint64_t pos, char *buf, size_t max)
{
	if (pos)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	memset(buf, ' ', max < 10 ? max : 10);
	return (ssize_t)(max < 10 ? max : 10);
}

static ssize_t huge_body(void *arg, uint64_t pos, char *buf, size_t max)
{
	memset(buf, 'x', max);
	return (ssize_t)max;
}

static enum MHD_Result answer_stream(struct MHD_Connection *c, uint64_t size,
				     MHD_ContentReaderCallback read)
{
	struct MHD_Response *r =
		MHD_create_response_from_callback(size, 32768, read, NULL, NULL);
	enum MHD_Result ret = MHD_queue_response(c, 200, r);

	MHD_destroy_response(r);
	return ret;
}

static enum MHD_Result misbehave(struct MHD_Connection *c, const struct step *step)
{
	switch (step->does) {
	case DO_HALF:
		return answer_stream(c, 1000, half_body);
	case DO_HUGE:
		return answer_stream(c, HUGE_BYTES, huge_body);
	case DO_SLOW:
		MHD_suspend_connection(c); /* for good */
		return MHD_YES;
	case DO_ERROR_OK:
		return answer(c, step, "{\"status\":\"error\",\"message\":\"full\"}\n");
	case DO_LOST_OK:
	case DO_CLOSE:
	case DO_GARBAGE:
	case DO_STATUS:
		break;
	}
	return MHD_NO; /* closes the connection */
}

static enum MHD_Result respond(struct MHD_Connection *c, const char *url,
			       struct request *rq)
{
	const char *key =
		MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Idempotency-Key");
	bool is_allowed, stores = rq->step.does == DO_LOST_OK ||
				  rq->step.does == DO_HALF || rq->step.does == DO_HUGE ||
				  (rq->step.does == DO_STATUS && rq->step.status < 300);
	const char *auth = check_auth(c, &is_allowed), *stored = "not-stored";
	char what[16];

	key = key ? key : "";
	if (!is_allowed) {
		log_request("401", url, key, auth, stored);
		return answer(c, &(struct step){ .status = 401 },
			      "{\"status\":\"error\",\"message\":\"token\"}\n");
	}
	if (rq->is_too_big || (stores && !(stored = store(rq, key)))) {
		log_request("400", url, key, auth, "not-stored");
		return answer(c, &(struct step){ .status = 400 },
			      "{\"status\":\"error\",\"message\":\"no JSON\"}\n");
	}
	snprintf(what, sizeof(what), "%u", rq->step.status);
	if (rq->step.does != DO_STATUS) {
		log_request("odd", url, key, auth, stored);
		return misbehave(c, &rq->step);
	}
	log_request(what, url, key, auth, stored);
	if (rq->step.status >= 300)
		return answer(c, &rq->step, "{\"status\":\"error\"}\n");
	_cleanup_json_ json_t *j =
		json_pack("{s:s,s:s,s:s}", "id", key, "status", "ok", "stored", stored);
	_cleanup_free_ char *text = json_line(j, NULL);
	return answer(c, &rq->step, text);
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *c, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *data_len, void **per_request)
{
	struct request *rq = *per_request;

	if (!rq) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

		rq = xcalloc(1, sizeof(*rq));
		rq->step = *(struct step *)info->socket_context;
		*per_request = rq;
		return MHD_YES;
	}
	if (*data_len) {
		rq->is_too_big |= rq->body.len + *data_len > BODY_MAX;
		if (!rq->is_too_big)
			strbuf_add(&rq->body, data, *data_len);
		*data_len = 0;
		return MHD_YES;
	}
	if (strcmp(method, "POST") != 0)
		return answer(c, &(struct step){ .status = 405 }, "{}\n");
	return respond(c, url, rq);
}

static void end_request(void *arg, struct MHD_Connection *c, void **per_request,
			enum MHD_RequestTerminationCode why)
{
	struct request *rq = *per_request;

	if (!rq)
		return;
	strbuf_release(&rq->body);
	free(rq);
}

/* A connection behaves as the script says at the moment it is accepted. */
static void on_connection(void *arg, struct MHD_Connection *c, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		struct step *s = xmalloc(sizeof(*s));

		*s = rx.accepting;
		*context = s;
	} else {
		free(*context);
	}
}

/* What libmicrohttpd would not do: talk nonsense. */
static void talk_nonsense(int fd)
{
	static const char nonsense[] = "\x00\xff\xfeSSH-2.0-OpenSSH\r\n\x01\x02";
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[4096];

	if (poll(&p, 1, 2000) > 0 && read(fd, buf, sizeof(buf)) > 0 &&
	    io_write_all(fd, nonsense, sizeof(nonsense) - 1))
		return; /* the client has gone */
	shutdown(fd, SHUT_WR);
	while (poll(&p, 1, 2000) > 0 && read(fd, buf, sizeof(buf)) > 0)
		;
}

static void accept_one(void)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int fd = accept4(rx.listen_fd, (struct sockaddr *)&addr, &len,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	rx.accepting = next_step();
	if (rx.accepting.does == DO_GARBAGE || rx.accepting.does == DO_CLOSE) {
		log_request("odd", "-", "-", "-", "not-stored");
		if (rx.accepting.does == DO_GARBAGE)
			talk_nonsense(fd);
		close(fd);
		return;
	}
	if (MHD_add_connection(rx.daemon, fd, (struct sockaddr *)&addr, len) != MHD_YES)
		die("MHD_add_connection failed");
}

static int bind_loopback(uint16_t port, bool listens)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) || (listens && listen(fd, 64)))
		die("cannot listen on port %u: %s", port, strerror(errno));
	return fd;
}

static void write_port(const char *path)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	if (getsockname(rx.listen_fd, (struct sockaddr *)&a, &len))
		die("getsockname: %s", strerror(errno));
	_cleanup_free_ char *text = xasprintf("%u\n", ntohs(a.sin_port));
	if (!path) {
		fputs(text, stdout);
		fflush(stdout);
		return;
	}
	/* Complete as soon as it is there: whoever starts us waits for it. */
	_cleanup_free_ char *tmp = xasprintf("%s.tmp", path);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || io_write_all(fd, text, strlen(text)) || rename(tmp, path))
		die("cannot write %s: %s", path, strerror(errno));
	close(fd);
}

static void open_store(const char *dir)
{
	int r = io_mkdir_p(dir);

	rx.dirfd = r ? r : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rx.dirfd < 0)
		die("cannot open %s", dir);
	if (mkdirat(rx.dirfd, "keys", 0755) && errno != EEXIST)
		die("cannot make %s/keys: %s", dir, strerror(errno));
	rx.keys_dirfd = openat(rx.dirfd, "keys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rx.log_fd =
		openat(rx.dirfd, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (rx.keys_dirfd < 0 || rx.log_fd < 0)
		die("cannot open the log in %s", dir);
}

/* Until SIGTERM or SIGINT. */
static void serve(void)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(rx.daemon, MHD_DAEMON_INFO_EPOLL_FD);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
	for (;;) {
		struct pollfd p[] = { { .fd = rx.listen_fd, .events = POLLIN },
				      { .fd = info->epoll_fd, .events = POLLIN },
				      { .fd = signal_fd, .events = POLLIN } };
		MHD_UNSIGNED_LONG_LONG wait_ms = 1000;

		if (MHD_get_timeout(rx.daemon, &wait_ms) != MHD_YES || wait_ms > 1000)
			wait_ms = 1000;
		if (poll(p, ARRAY_SIZE(p), (int)wait_ms) < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		if (p[2].revents)
			return;
		if (p[0].revents)
			accept_one();
		MHD_run(rx.daemon);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "port-file", required_argument, NULL, 'f' },
		{ "dir", required_argument, NULL, 'd' },
		{ "token", required_argument, NULL, 't' },
		{ "mode", required_argument, NULL, 's' },
		{ "script", required_argument, NULL, 's' },
		{ 0 },
	};
	const char *port_file = NULL, *dir = NULL, *script = "ok";
	long port = 0;

	for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (o == 'p')
			port = strtol(optarg, NULL, 10);
		else if (o == 'f')
			port_file = optarg;
		else if (o == 'd')
			dir = optarg;
		else if (o == 't')
			rx.token = optarg;
		else if (o == 's')
			script = optarg;
		else
			return 129;
	}
	if (!dir || port < 0 || port > 65535 || optind != argc)
		die("usage: receiver --dir DIR [--port N] [--port-file FILE] [--token T] [--script 500,503@2,garbage,close,lostok,half,huge,slow,errorok,ok | down]");
	signal(SIGPIPE, SIG_IGN);
	open_store(dir);
	bool is_down =
		strcmp(script, "down") == 0; /* the port is taken, nobody listens */
	if (!is_down)
		parse_script(script);
	rx.listen_fd = bind_loopback((uint16_t)port, !is_down);
	rx.daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0,
		NULL, NULL, handle, NULL, MHD_OPTION_NOTIFY_COMPLETED, end_request, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL, MHD_OPTION_END);
	if (!rx.daemon)
		die("cannot start libmicrohttpd");
	write_port(port_file);
	if (is_down)
		rx.listen_fd = -1; /* still bound; poll() ignores it */
	serve();
	_exit(0); /* suspended connections never end */
}
