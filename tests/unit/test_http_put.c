// SPDX-License-Identifier: GPL-2.0-or-later
#include "parse/http_put.h"

#include "tap.h"
#include "util/strbuf.h"

static int parse(const char *text, struct http_put *p)
{
	return http_put_parse(text, strlen(text), "t0ken", p);
}

TEST(what_curl_sends_is_read)
{
	static const char text[] =
		"PUT /t0ken/12 HTTP/1.1\r\nHost: 10.0.0.1:4000\r\n"
		"User-Agent: curl/7.88.1\r\nAccept: */*\r\n"
		"content-length: 1048577\r\nExpect: 100-continue\r\n\r\nBODY";
	struct http_put p;

	CHECK_EQ(parse(text, &p), 0);
	CHECK_EQ(p.number, 12);
	CHECK_EQ(p.length, 1048577);
	CHECK(p.wants_100);
	CHECK_EQ(p.head_len, sizeof(text) - 1 - 4);
}

TEST(what_busybox_wget_posts_is_read)
{
	struct http_put p;

	CHECK_EQ(parse("POST /t0ken/0 HTTP/1.1\r\nContent-Length: 0\r\n\r\n", &p), 0);
	CHECK_EQ(p.number, 0);
	CHECK_EQ(p.length, 0);
	CHECK(!p.wants_100);
}

TEST(anything_else_has_its_status)
{
	static const struct {
		const char *text;
		int status;
	} all[] = {
		{ "PUT /t0ken/1 HTTP/1.1\r\nContent-Length: 1\r\n", 1 },
		{ "", 1 },
		{ "GET /t0ken/1 HTTP/1.1\r\n\r\n", 405 },
		{ "nonsense\r\n\r\n", 400 },
		{ "PUT\r\n\r\n", 400 },
		{ "PUT /other/1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n", 404 },
		{ "PUT /t0ken/../x HTTP/1.1\r\nContent-Length: 1\r\n\r\n", 404 },
		{ "PUT /t0ken/1234567 HTTP/1.1\r\nContent-Length: 1\r\n\r\n", 404 },
		{ "PUT /t0ken/1 HTTP/1.1\r\n\r\n", 411 },
		{ "PUT /t0ken/1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411 },
		{ "PUT /t0ken/1 HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400 },
		{ "PUT /t0ken/1 HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		  400 },
	};
	struct http_put p;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		CHECK_EQ(parse(all[i].text, &p), all[i].status);
}

TEST(a_head_without_end_is_refused)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct http_put p;

	strbuf_addstr(&sb, "PUT /t0ken/1 HTTP/1.1\r\n");
	while (sb.len < HTTP_PUT_MAX_HEAD)
		strbuf_addstr(&sb, "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n");
	CHECK_EQ(parse(sb.buf, &p), 431);
}

TESTS(T(what_curl_sends_is_read), T(what_busybox_wget_posts_is_read),
      T(anything_else_has_its_status), T(a_head_without_end_is_refused))
