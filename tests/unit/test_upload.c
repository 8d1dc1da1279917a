// SPDX-License-Identifier: GPL-2.0-or-later
/* The receiver of harvested files, and peers that are not the board. */
#include "session/upload.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tap.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/strbuf.h"

struct bench {
	char dir[32];
	int dirfd;
	struct upload *u;
	char *url;
	unsigned int port;
	const char *path; /* in url */
};

static void set_up(struct bench *b)
{
	struct err err = ERR_INIT;

	snprintf(b->dir, sizeof(b->dir), "/tmp/brupload-XXXXXX");
	CHECK(mkdtemp(b->dir) != NULL);
	b->dirfd = open(b->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_EQ(upload_open("127.0.0.1", 0, b->dirfd, &b->u, &err), 0);
	b->url = upload_url(b->u, 1);
	CHECK_EQ(sscanf(b->url, "http://127.0.0.1:%u/", &b->port), 1);
	b->path = strchr(b->url + 7, '/');
}

static void tear_down(struct bench *b)
{
	upload_close(b->u);
	unlinkat(b->dirfd, "upload-1", 0);
	close(b->dirfd);
	rmdir(b->dir);
	free(b->url);
}

static int client(const struct bench *b)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)b->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK_EQ(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void put(int fd, const char *path, const char *body)
{
	_cleanup_free_ char *text =
		xasprintf("PUT %s HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n%s",
			  path, strlen(body), body);

	CHECK_EQ(io_write_all(fd, text, strlen(text)), 0);
}

static void serve(struct bench *b, int times)
{
	for (int i = 0; i < times; i++)
		upload_serve(b->u);
}

TEST(a_file_put_to_its_path_arrives_whole)
{
	_cleanup_strbuf_ struct strbuf got = STRBUF_INIT;
	struct bench b;

	set_up(&b);
	int fd = client(&b);
	put(fd, b.path, "pstore");
	serve(&b, 3);
	CHECK(upload_has(b.u, 1));
	CHECK_EQ(io_read_file_at(b.dirfd, "upload-1", 100, &got), 0);
	CHECK_STR(strbuf_str(&got), "pstore");
	close(fd);
	tear_down(&b);
}

TEST(a_path_that_nobody_was_told_takes_nothing)
{
	struct bench b;

	set_up(&b);
	int fd = client(&b);
	put(fd, "/00000000000000000000000000000000/1", "evil");
	serve(&b, 3);
	CHECK(!upload_has(b.u, 1));
	CHECK_EQ(faccessat(b.dirfd, "upload-1", F_OK, 0), -1);
	close(fd);
	tear_down(&b);
}

TEST(a_peer_that_says_nothing_makes_room_for_the_board)
{
	struct bench b;
	int64_t now = clock_now_ns();

	set_up(&b);
	int mute = client(&b);
	clock_pin_ns(now);
	serve(&b, 1);
	int fd = client(&b);
	put(fd, b.path, "pstore");
	serve(&b, 3);
	CHECK(!upload_has(b.u, 1));
	clock_pin_ns(now + INT64_C(3000000000));
	serve(&b, 3);
	CHECK(upload_has(b.u, 1));
	clock_pin_ns(0);
	close(mute);
	close(fd);
	tear_down(&b);
}

TESTS(T(a_file_put_to_its_path_arrives_whole),
      T(a_path_that_nobody_was_told_takes_nothing),
      T(a_peer_that_says_nothing_makes_room_for_the_board))
