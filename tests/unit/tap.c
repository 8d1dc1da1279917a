// SPDX-License-Identifier: GPL-2.0-or-later
/* A small TAP harness: a process and a time limit for each case. */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "util/io.h"

#ifdef __SANITIZE_ADDRESS__
enum { LIMIT_S = 120 };
#else
enum { LIMIT_S = 30 };
#endif

enum { EXIT_FAIL = 1, EXIT_SKIP = 77 };

static char reason[1024];
static int reason_fd = -1;
static char tmpdir[64];

static void say_reason(void)
{
	if (write(reason_fd, reason, strlen(reason)) < 0)
		_exit(EXIT_FAIL);
}

void tap_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(reason, sizeof(reason), "%s:%d: ", file, line);

	va_start(ap, fmt);
	vsnprintf(reason + n, sizeof(reason) - (size_t)n, fmt, ap);
	va_end(ap);
	say_reason();
	fflush(NULL);
	_exit(EXIT_FAIL);
}

void tap_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	say_reason();
	_exit(EXIT_SKIP);
}

const char *tap_tmpdir(void)
{
	return tmpdir;
}

static void print_reason(const char *text)
{
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");

		printf("# %.*s\n", (int)n, p);
		p += n + (p[n] == '\n');
	}
}

static int run_case(const struct tap_case *c, size_t number)
{
	char text[1024] = "";
	int fds[2], status;

	snprintf(tmpdir, sizeof(tmpdir), "/tmp/bootrig-test-XXXXXX");
	if (!mkdtemp(tmpdir) || pipe2(fds, O_CLOEXEC)) {
		printf("Bail out! %s\n", strerror(errno));
		exit(EXIT_FAIL);
	}
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		reason_fd = fds[1];
		alarm(LIMIT_S);
		c->run();
		exit(0); /* with exit handlers, so that leaks are reported */
	}
	close(fds[1]);
	size_t len = 0;
	for (ssize_t n; len < sizeof(text) - 1 &&
			((n = read(fds[0], text + len, sizeof(text) - 1 - len)) > 0 ||
			 (n < 0 && errno == EINTR));)
		len += n > 0 ? (size_t)n : 0;
	close(fds[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	int r = io_remove_tree_at(AT_FDCWD, tmpdir);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && !r) {
		printf("ok %zu - %s\n", number, c->name);
		return 0;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIP) {
		printf("ok %zu - %s # SKIP %s\n", number, c->name, text);
		return 0;
	}
	printf("not ok %zu - %s\n", number, c->name);
	print_reason(text);
	if (WIFSIGNALED(status))
		printf("# died by signal %d%s\n", WTERMSIG(status),
		       WTERMSIG(status) == SIGALRM ? " (time limit)" : "");
	else if (!text[0])
		printf("# exit status %d\n", WEXITSTATUS(status));
	return 1;
}

int tap_main(int argc, char **argv, const struct tap_case *cases, size_t n_cases)
{
	int failed = 0;

	printf("1..%zu\n", n_cases);
	for (size_t i = 0; i < n_cases; i++) {
		if (argc > 1 && !strstr(cases[i].name, argv[1])) {
			printf("ok %zu - %s # SKIP not asked for\n", i + 1,
			       cases[i].name);
			continue;
		}
		failed += run_case(&cases[i], i + 1);
	}
	return failed ? EXIT_FAIL : 0;
}
