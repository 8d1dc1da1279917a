// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/tftp.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "boot/tftpd.h"
#include "loopback.h"
#include "make_archive.h"

enum { IMAGE_SIZE = 200 * TFTP_BLKSIZE }; /* ends with an empty block */

static struct err err;
static struct staged s = STAGED_INIT;
static struct tftp_report report;
static struct task task = TASK_INIT;
static char *root;

static void need_server(void)
{
	if (system("command -v atftpd >/dev/null && command -v setpriv >/dev/null"))
		SKIP("atftpd is not installed");
}

static void stage(void)
{
	static const struct member init = { "init", "#!/bin/sh\n", 10, NULL };
	_cleanup_free_ uint8_t *image = xmalloc(IMAGE_SIZE);
	_cleanup_strbuf_ struct strbuf rd = STRBUF_INIT;
	struct extlinux_label l = { .name = "a", .kernel = "I", .append = "x" };
	struct extlinux x = { .default_label = "a", .labels = &l, .n_labels = 1 };

	make_arm64(image, IMAGE_SIZE);
	pack(&rd, "newc", "gzip", &init, 1);
	root = tmp_path("root");
	struct job_file kernel = { .url = write_file("Image", image, IMAGE_SIZE) };
	struct job_file ramdisk = { .url = write_file("rd", rd.buf, rd.len) };
	struct stage_request req = { .tftp_root = root,
				     .tftp_subdir = "sub",
				     .run = "r1",
				     .kernel = &kernel,
				     .ramdisk = &ramdisk,
				     .cache_dir = "",
				     .task = TASK_INIT };
	CHECK_EQ(stage_files(&req, &s, &err), 0);
	CHECK_EQ(stage_config(&s, "52:54:00:12:34:56", &x, &err), 0);
	free(kernel.url);
	free(ramdisk.url);
}

static void done(void)
{
	tftp_report_release(&report);
	staged_release(&s);
	free(root);
}

static int verify_with(struct board_boot boot)
{
	err = (struct err)ERR_INIT;
	tftp_report_release(&report);
	int r = tftp_verify(&boot, &s, &task, &report, &err);
	CHECK_EQ(r, err.code);
	return r;
}

static int verify(void)
{
	return verify_with((struct board_boot){ .tftp_verify_local = true });
}

TEST(what_was_staged_comes_back_byte_by_byte)
{
	need_server();
	stage();
	CHECK_EQ(verify(), 0);
	CHECK_EQ(report.n_checks, 3);
	CHECK_STR(report.checks[0].tftp_path, "sub/pxelinux.cfg/01-52-54-00-12-34-56");
	CHECK_STR(report.checks[2].tftp_path, "sub/bootrig-r1/Image");
	CHECK_EQ(report.checks[2].bytes, IMAGE_SIZE);
	CHECK_EQ(report.bytes, s.config.size + s.ramdisk.size + s.kernel.size);
	CHECK(report.miss_ns > 0);
	CHECK_CONTAINS(report.server, "atftpd on 127.0.0.1:");
	CHECK_EQ(waitpid(-1, NULL, WNOHANG), -1); /* the server is gone and reaped */
	done();
}

TEST(a_server_that_is_named_is_asked_and_the_slash_may_be_missing)
{
	struct tftpd t;

	need_server();
	stage();
	CHECK_EQ(tftpd_start(&t, root, &err), 0);
	_cleanup_free_ char *url = xasprintf("tftp://127.0.0.1:%d", t.port);
	CHECK_EQ(verify_with((struct board_boot){ .tftp_url = url }), 0);
	CHECK_EQ(report.n_checks, 3);
	_cleanup_free_ char *slash = xasprintf("%s/", url);
	CHECK_STR(report.server, slash);
	tftpd_stop(&t);
	done();
}

static char *staged_path(const char *name)
{
	return xasprintf("%s/sub/bootrig-r1/%s", root, name);
}

TEST(one_wrong_byte_is_found_and_the_file_is_named)
{
	need_server();
	stage();
	_cleanup_free_ char *path = staged_path("Image");
	CHECK_EQ(chmod(path, 0644), 0);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK_EQ(pwrite(fd, "!", 1, IMAGE_SIZE - 1), 1);
	CHECK_EQ(verify(), -EIO);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "sub/bootrig-r1/Image is not what was staged");
	done();
}

TEST(a_file_that_grew_or_shrank_is_found)
{
	need_server();
	stage();
	_cleanup_free_ char *path = staged_path("ramdisk");
	CHECK_EQ(chmod(path, 0644), 0);
	CHECK_EQ(truncate(path, 10), 0);
	CHECK_EQ(verify(), -EIO);
	CHECK_CONTAINS(err.msg, "sub/bootrig-r1/ramdisk");
	CHECK_EQ(truncate(path, 100000), 0);
	CHECK_EQ(verify(), -EFBIG);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "sub/bootrig-r1/ramdisk");
	done();
}

TEST(a_file_that_is_not_served_is_the_lab_s_fault)
{
	need_server();
	stage();
	_cleanup_free_ char *path = staged_path("ramdisk");
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(verify(), -ENOENT);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "sub/bootrig-r1/ramdisk: no such file");
	done();
}

TEST(a_file_that_others_may_not_read_is_found)
{
	need_server();
	if (geteuid() != 0)
		SKIP("an ordinary user's server is that user");
	stage();
	_cleanup_free_ char *path = staged_path("Image");
	CHECK_EQ(chmod(path, 0600), 0);
	CHECK(verify() < 0);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "sub/bootrig-r1/Image");
	done();
}

/* A bound port where nobody answers. */
static int mute_server(char **url)
{
	uint16_t port;
	int fd = bind_to_loopback(SOCK_DGRAM, &port);

	*url = xasprintf("tftp://127.0.0.1:%d/", port);
	return fd;
}

TEST(a_mute_server_costs_no_more_than_the_deadline)
{
	_cleanup_free_ char *url = NULL;

	stage();
	_cleanup_close_ int fd = mute_server(&url);
	CHECK(fd >= 0);
	task.deadline = deadline_in_ms(100);
	CHECK_EQ(verify_with((struct board_boot){ .tftp_url = url }), -ETIMEDOUT);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, url);
	done();
}

TEST(cancel_ends_the_wait_for_a_mute_server)
{
	_cleanup_free_ char *url = NULL;
	int fds[2];

	stage();
	_cleanup_close_ int fd = mute_server(&url);
	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	fflush(NULL);
	if (fork() == 0) { /* cancels once the request has come */
		alarm(20);
		char request[600];

		_exit(recv(fd, request, sizeof(request), 0) <= 0 ||
		      write(fds[1], "x", 1) != 1);
	}
	task.cancel_fd = fds[0];
	CHECK_EQ(verify_with((struct board_boot){ .tftp_url = url }), -ECANCELED);
	CHECK_EQ(err.class, ERR_CANCELED);
	done();
}

TEST(a_server_that_dies_is_said_to_have_died)
{
	_cleanup_free_ char *bin = tmp_path("bin");
	_cleanup_free_ char *fake = NULL;

	stage();
	CHECK_EQ(io_mkdir_p(bin), 0);
	fake = write_file("bin/atftpd", "#!/bin/sh\necho no luck >&2\nexit 1\n", 34);
	_cleanup_free_ char *setpriv = write_file("bin/setpriv",
						  "#!/bin/sh\n"
						  "echo no luck >&2\n"
						  "exit 1\n",
						  34);
	CHECK_EQ(chmod(fake, 0755), 0);
	CHECK_EQ(chmod(setpriv, 0755), 0);
	_cleanup_free_ char *path = xasprintf("%s:/bin:/usr/bin", bin);
	setenv("PATH", path, 1);
	CHECK_EQ(verify(), -EPIPE);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "atftpd) ended: no luck");
	done();
}

/* Refuses each request, but takes 2.2 s for it. */
static void refuse_slowly(int fd)
{
	static const char refusal[] = "\0\5\0\1no such file";
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char request[600];

	alarm(30);
	if (recvfrom(fd, request, sizeof(request), 0, (struct sockaddr *)&from, &len) <=
	    0)
		_exit(1);
	(void)poll(NULL, 0, 2200);
	(void)!sendto(fd, refusal, sizeof(refusal), 0, (struct sockaddr *)&from, len);
	_exit(0);
}

TEST(a_server_that_refuses_slowly_is_the_labs_fault_and_says_why)
{
	_cleanup_free_ char *url = NULL;

	stage();
	_cleanup_close_ int fd = mute_server(&url);
	fflush(NULL);
	if (fork() == 0)
		refuse_slowly(fd);
	CHECK_EQ(verify_with((struct board_boot){ .tftp_url = url }), -ETIMEDOUT);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "answers for a missing file only after 2");
	CHECK_CONTAINS(err.msg, "U-Boot asks for up to 13 of them");
	done();
}

static void write_proc(const char *name, const char *text)
{
	_cleanup_close_ int fd = open(name, O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!write(fd, text, strlen(text));
}

/* A network of our own with nothing but the loopback device, so that port 69 is free and
 * ours without being root. */
static void own_network(void)
{
	_cleanup_free_ char *uid = xasprintf("0 %u 1", (unsigned int)geteuid());
	_cleanup_free_ char *gid = xasprintf("0 %u 1", (unsigned int)getegid());
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		SKIP("no user namespaces here");
	write_proc("/proc/self/setgroups", "deny");
	write_proc("/proc/self/uid_map", uid);
	write_proc("/proc/self/gid_map", gid);
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		SKIP("no network namespace of our own");
}

/* Until the port is bound: dnsmasq says nothing about it. */
static void wait_for_port_69(void)
{
	for (int i = 0; i < 500; i++) {
		_cleanup_strbuf_ struct strbuf udp = STRBUF_INIT;

		if (!io_read_file_at(AT_FDCWD, "/proc/self/net/udp", 1 << 16, &udp) &&
		    strstr(strbuf_str(&udp), ":0045 "))
			return;
		(void)poll(NULL, 0, 10);
	}
	tap_fail(__FILE__, __LINE__, "dnsmasq never listened");
}

TEST(dnsmasq_serves_what_was_staged_and_refuses_the_rest_at_once)
{
	struct child_opts opts = CHILD_OPTS_INIT;
	struct child dnsmasq = CHILD_INIT;

	if (system("command -v dnsmasq >/dev/null || test -x /usr/sbin/dnsmasq"))
		SKIP("dnsmasq is not installed");
	stage();
	own_network();
	_cleanup_free_ char *served = xasprintf("--tftp-root=%s", root);
	const char *const argv[] = { "dnsmasq",
				     "--no-daemon",
				     "--conf-file=/dev/null",
				     "--port=0",
				     "--enable-tftp",
				     served,
				     "--user=root",
				     "--log-facility=/dev/null",
				     "--pid-file=",
				     NULL };
	setenv("PATH", "/usr/sbin:/usr/bin:/bin", 1);
	CHECK_EQ(child_spawn(&dnsmasq, argv, &opts, &err), 0);
	wait_for_port_69();
	char url[] = "tftp://127.0.0.1/";
	CHECK_EQ(verify_with((struct board_boot){ .tftp_url = url }), 0);
	CHECK_EQ(report.n_checks, 3);
	CHECK(report.miss_ns < INT64_C(500000000));
	_cleanup_free_ char *path = staged_path("ramdisk");
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(verify_with((struct board_boot){ .tftp_url = url }), -ENOENT);
	CHECK_CONTAINS(err.msg, "sub/bootrig-r1/ramdisk: no such file");
	child_kill(&dnsmasq, SIGKILL);
	done();
}

TEST(a_board_without_a_server_cannot_be_verified)
{
	stage();
	CHECK_EQ(verify_with((struct board_boot){ .tftp_url = NULL }), -EINVAL);
	CHECK_EQ(err.class, ERR_JOB);
	char http[] = "http://127.0.0.1/";
	CHECK_EQ(verify_with((struct board_boot){ .tftp_url = http }), -EINVAL);
	done();
}

TESTS(T(what_was_staged_comes_back_byte_by_byte),
      T(a_server_that_is_named_is_asked_and_the_slash_may_be_missing),
      T(one_wrong_byte_is_found_and_the_file_is_named),
      T(a_file_that_grew_or_shrank_is_found),
      T(a_file_that_is_not_served_is_the_lab_s_fault),
      T(a_file_that_others_may_not_read_is_found),
      T(a_mute_server_costs_no_more_than_the_deadline),
      T(cancel_ends_the_wait_for_a_mute_server),
      T(a_server_that_dies_is_said_to_have_died),
      T(a_server_that_refuses_slowly_is_the_labs_fault_and_says_why),
      T(dnsmasq_serves_what_was_staged_and_refuses_the_rest_at_once),
      T(a_board_without_a_server_cannot_be_verified))
