// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/fetch.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "kernel/transfer.h"
#include "loopback.h"
#include "make_archive.h"

static struct err err;
static struct fetched got = FETCHED_INIT;
static struct task task = TASK_INIT;

static int fetch_with(struct fetch f)
{
	_cleanup_close_ int dirfd =
		open(tap_tmpdir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	f.tmp_dirfd = dirfd;
	err = (struct err)ERR_INIT;
	fetched_release(&got);
	int r = fetch_open(&f, &task, &got, &err);
	CHECK_EQ(r, err.code);
	CHECK_EQ(r ? got.fd : 0, r ? -1 : 0);
	return r;
}

static int fetch(const char *url)
{
	return fetch_with((struct fetch){ .url = url });
}

static void check_content(const char *want)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	CHECK_EQ(io_read_fd(got.fd, 1 << 20, &text), 0);
	CHECK_STR(strbuf_str(&text), want);
	CHECK_EQ(got.size, strlen(want));
	CHECK_STR(got.sha256.str, sha256_of(want, strlen(want)).str);
	fetched_release(&got);
}

TEST(a_file_url_is_opened_where_it_lies)
{
	_cleanup_free_ char *path = write_file("a b", "hello", 5);
	static const char *const forms[] = { "file://%s", "file:%s", "file://localhost%s",
					     "%s" };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		_cleanup_strbuf_ struct strbuf url = STRBUF_INIT;
		const char *at = strchr(forms[i], '%');

		strbuf_add(&url, forms[i], (size_t)(at - forms[i]));
		strbuf_addstr(&url, path);
		CHECK_EQ(fetch(url.buf), 0);
		CHECK(got.in_place);
		check_content("hello");
	}
}

TEST(a_percent_is_taken_literally_first)
{
	_cleanup_free_ char *literal = write_file("a%20b", "literal", 7);
	_cleanup_free_ char *url = xasprintf("file://%s", literal);

	CHECK_EQ(fetch(url), 0);
	check_content("literal");
	CHECK_EQ(unlink(literal), 0);
	free(write_file("a b", "decoded", 7));
	CHECK_EQ(fetch(url), 0);
	check_content("decoded");
}

TEST(a_missing_file_is_the_job_s_fault_and_is_named)
{
	CHECK_EQ(fetch("file:///nowhere/Image"), -ENOENT);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "file:///nowhere/Image");
}

TEST(directories_and_pipes_are_no_files_and_block_nobody)
{
	_cleanup_free_ char *fifo = tmp_path("fifo");

	CHECK_EQ(fetch(tap_tmpdir()), -EISDIR);
	CHECK_EQ(mkfifo(fifo, 0600), 0);
	CHECK_EQ(fetch(fifo), -EINVAL);
	CHECK_CONTAINS(err.msg, "not a regular file");
}

TEST(other_schemes_and_hosts_are_refused)
{
	static const char *const bad[] = { "ftp://x/y", "file://other/y", "tftp://x/y",
					   "javascript:1", "HTTPX://y" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(fetch(bad[i]), -EPROTONOSUPPORT);
		CHECK_EQ(err.class, ERR_JOB);
	}
}

TEST(the_checksum_is_checked_in_either_case)
{
	_cleanup_free_ char *path = write_file("a", "hello", 5);
	struct fetch f = {
		.url = path,
		.sha256sum =
			"2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824"
	};

	CHECK_EQ(fetch_with(f), 0);
	f.sha256sum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9825";
	CHECK_EQ(fetch_with(f), -EBADMSG);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "the job says 2cf24dba");
}

TEST(a_file_above_the_limit_is_refused)
{
	_cleanup_free_ char *path = write_file("a", "hello", 5);

	CHECK_EQ(fetch_with((struct fetch){ .url = path, .max_bytes = 5 }), 0);
	CHECK_EQ(fetch_with((struct fetch){ .url = path, .max_bytes = 4 }), -EFBIG);
	CHECK_EQ(err.class, ERR_JOB);
}

TEST(a_file_that_changes_while_it_is_read_is_noticed)
{
	_cleanup_free_ char *path = write_file("a", "hello", 5);

	CHECK_EQ(fetch(path), 0);
	CHECK_EQ(fetched_recheck(&got, path, &err), 0);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	CHECK_EQ(io_write_all(fd, "!", 1), 0);
	CHECK_EQ(fetched_recheck(&got, path, &err), -ESTALE);
	CHECK_EQ(err.class, ERR_JOB);
	fetched_release(&got);
}

TEST(passwords_stay_out_of_messages)
{
	_cleanup_free_ char *a = url_masked("https://me:secret@host/x@y");
	_cleanup_free_ char *b = url_masked("https://host/x@y");
	_cleanup_free_ char *c = url_masked("file:a@b");

	CHECK_STR(a, "https://***@host/x@y");
	CHECK_STR(b, "https://host/x@y");
	CHECK_STR(c, "file:a@b");
}

/* ---- a real HTTP server on the loopback device, with canned answers ---- */

static const struct {
	const char *path, *answer;
} answers[] = {
	{ "/good", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
	{ "/gone", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" },
	{ "/secret", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n" },
	{ "/ill", "HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n" },
	{ "/short", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello" },
	{ "/moved", "HTTP/1.1 302 Found\r\nLocation: /good\r\n"
		    "Content-Length: 0\r\n\r\n" },
	{ "/trap", "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n"
		   "Content-Length: 0\r\n\r\n" },
	{ "/loop", "HTTP/1.1 302 Found\r\nLocation: /loop\r\n"
		   "Content-Length: 0\r\n\r\n" },
	{ "/big", "HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\nx" },
	{ "/endless", "HTTP/1.1 200 OK\r\n\r\n0123456789" },
};

static int request_seen_fd = -1; /* written to when /silent was asked for; -1 = do not */

static void answer_one(int fd)
{
	char request[2048], path[64] = "";
	size_t len = 0;

	while (len < sizeof(request) - 1) {
		ssize_t n = read(fd, request + len, sizeof(request) - 1 - len);

		if (n <= 0)
			return;
		len += (size_t)n;
		request[len] = '\0';
		if (strstr(request, "\r\n\r\n"))
			break;
	}
	if (sscanf(request, "GET %63s ", path) != 1)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (strcmp(path, answers[i].path) == 0 &&
		    io_write_all(fd, answers[i].answer, strlen(answers[i].answer)))
			return;
	if (strcmp(path, "/silent") == 0 &&
	    (request_seen_fd < 0 || write(request_seen_fd, "x", 1) == 1))
		pause();
}

NORETURN static void serve(int listen_fd, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0); /* the case is over already */
	for (;;) {
		int fd = accept(listen_fd, NULL, NULL);

		if (fd < 0)
			_exit(0);
		answer_one(fd);
		close(fd);
	}
}

static uint16_t server_port;

static void start_server(void)
{
	int fd = bind_to_loopback(SOCK_STREAM, &server_port);

	CHECK_EQ(listen(fd, 8), 0);
	unsetenv("http_proxy");
	fflush(NULL);
	pid_t parent = getpid();
	if (fork() == 0)
		serve(fd, parent);
	close(fd);
}

static int fetch_http(const char *path)
{
	_cleanup_free_ char *url =
		xasprintf("http://me:secret@127.0.0.1:%d%s", server_port, path);
	int r = fetch_with((struct fetch){ .url = url, .max_bytes = 1 << 20 });

	if (r)
		CHECK_CONTAINS(err.msg, path);
	CHECK(!strstr(err.msg, "secret@"));
	return r;
}

TEST(http_is_downloaded_and_redirects_are_followed)
{
	start_server();
	CHECK_EQ(fetch_http("/good"), 0);
	CHECK(!got.in_place);
	check_content("hello");
	CHECK_EQ(fetch_http("/moved"), 0);
	check_content("hello");
}

TEST(what_http_says_decides_whose_fault_it_is)
{
	static const struct {
		const char *path;
		int code;
		enum err_class class;
	} table[] = {
		{ "/gone", -ENOENT, ERR_JOB }, { "/secret", -EACCES, ERR_JOB },
		{ "/ill", -EIO, ERR_LAB },     { "/short", -EIO, ERR_LAB },
		{ "/nothing", -EIO, ERR_LAB }, { "/big", -EFBIG, ERR_JOB },
		{ "/loop", -EIO, ERR_LAB },    { "/trap", -EPROTONOSUPPORT, ERR_JOB },
	};

	start_server();
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		CHECK_EQ(fetch_http(table[i].path), table[i].code);
		CHECK_EQ(err.class, table[i].class);
	}
}

TEST(a_body_without_length_is_bounded_too)
{
	start_server();
	_cleanup_free_ char *url = xasprintf("http://127.0.0.1:%d/endless", server_port);

	CHECK_EQ(fetch_with((struct fetch){ .url = url, .max_bytes = 9 }), -EFBIG);
	CHECK_EQ(fetch_with((struct fetch){ .url = url, .max_bytes = 10 }), 0);
	fetched_release(&got);
}

TEST(a_silent_server_is_left_at_the_deadline_or_when_canceled)
{
	int fds[2];

	start_server();
	task.deadline = deadline_in_ms(100);
	CHECK_EQ(fetch_http("/silent"), -ETIMEDOUT);
	CHECK_EQ(err.class, ERR_LAB);
	task = (struct task)TASK_INIT;
	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	request_seen_fd = fds[1];
	start_server();
	task.cancel_fd = fds[0];
	CHECK_EQ(fetch_http("/silent"), -ECANCELED);
	CHECK_EQ(err.class, ERR_CANCELED);
}

TEST(nobody_listening_is_the_lab_s_fault)
{
	start_server();
	_cleanup_close_ int fd = bind_to_loopback(SOCK_STREAM, &server_port);

	CHECK(fd >= 0); /* and no listen() */
	CHECK_EQ(fetch_http("/x"), -ECONNREFUSED);
	CHECK_EQ(err.class, ERR_LAB);
}

TESTS(T(a_file_url_is_opened_where_it_lies), T(a_percent_is_taken_literally_first),
      T(a_missing_file_is_the_job_s_fault_and_is_named),
      T(directories_and_pipes_are_no_files_and_block_nobody),
      T(other_schemes_and_hosts_are_refused), T(the_checksum_is_checked_in_either_case),
      T(a_file_above_the_limit_is_refused),
      T(a_file_that_changes_while_it_is_read_is_noticed),
      T(passwords_stay_out_of_messages), T(http_is_downloaded_and_redirects_are_followed),
      T(what_http_says_decides_whose_fault_it_is),
      T(a_body_without_length_is_bounded_too),
      T(a_silent_server_is_left_at_the_deadline_or_when_canceled),
      T(nobody_listening_is_the_lab_s_fault))
