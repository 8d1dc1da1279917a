// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/dnsmasq.h"

#include <errno.h>

#include "board_text.h"

static struct err err;
static struct strbuf text = STRBUF_INIT;
static struct netif lab0 = {
	.name = "lab0", .is_up = true, .address = 0xc0a82a01, .mask = 0xffffff00
};

/* A board with that `boot:`, NULL = without. */
static struct board_spec *board(const char *name, const char *boot)
{
	_cleanup_free_ char *yaml = xasprintf("board: %s\n"
					      "console: {transport: tcp, device: 'a:1'}\n"
					      "power: {backend: none}\n%s%s%s",
					      name, boot ? "boot: {" : "",
					      boot ? boot : "", boot ? "}\n" : "");

	return board_at("/b.yaml", yaml);
}

static int format(struct board_spec *const *boards, size_t n)
{
	const struct dnsmasq_config c = {
		.netif = &lab0, .boards = boards, .n_boards = n, .single_port = true
	};

	err = (struct err)ERR_INIT;
	strbuf_reset(&text);
	return dnsmasq_format(&c, &text, &err);
}

static void refuses(int code, const char *words)
{
	CHECK_EQ(format(NULL, 0), code);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, words);
	CHECK_EQ(text.len, 0);
}

TEST(it_serves_one_interface_and_no_names)
{
	CHECK_EQ(format(NULL, 0), 0);
	CHECK_CONTAINS(strbuf_str(&text),
		       "\nport=0\ninterface=lab0\nexcept-interface=lo\n");
	CHECK_CONTAINS(strbuf_str(&text), "\nenable-tftp=lab0\ntftp-root=/srv/tftp\n");
	CHECK_CONTAINS(strbuf_str(&text),
		       "\ndhcp-range=192.168.42.127,192.168.42.252,255.255.255.0,1h\n");
	strbuf_release(&text);
}

TEST(boards_with_a_mac_get_an_address_and_nobody_else_does)
{
	struct board_spec *b[2] = {
		board("one", "mac: '52:54:00:00:00:01', tftp: {root: /t, subdir: a/b}"),
		board("two", "mac: '52:54:00:00:00:02', tftp: {root: /t}"),
	};

	CHECK_EQ(format(b, 2), 0);
	CHECK_CONTAINS(strbuf_str(&text),
		       "dhcp-host=52:54:00:00:00:01,set:board0,192.168.42.127,one\n"
		       "dhcp-boot=tag:board0,a/b/pxe\n"
		       "dhcp-host=52:54:00:00:00:02,set:board1,192.168.42.128,two\n"
		       "dhcp-boot=tag:board1,pxe\n");
	CHECK_CONTAINS(strbuf_str(&text),
		       "dhcp-range=192.168.42.0,static,255.255.255.0\n");
	board_spec_free(b[0]);
	board_spec_free(b[1]);
	strbuf_release(&text);
}

TEST(two_boards_with_one_mac_are_refused)
{
	struct board_spec *b[2] = {
		board("one", "mac: '52:54:00:00:00:0A', tftp: {root: /t, subdir: one}"),
		board("two", "mac: '52-54-00-00-00-0a', tftp: {root: /t, subdir: two}"),
	};

	CHECK_EQ(format(b, 2), -EEXIST);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "same boot.mac, 52:54:00:00:00:0a");
	CHECK_EQ(text.len, 0);
	board_spec_free(b[0]);
	board_spec_free(b[1]);
}

/* `ip link add 'lab0,eth0' type dummy` works. */
TEST(an_interface_whose_name_would_mean_others_is_refused)
{
	static const char *const names[] = { "lab0,eth0", "lab0#", "lab*", "\"lab0" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(lab0.name, sizeof(lab0.name), "%s", names[i]);
		CHECK_EQ(format(NULL, 0), -EINVAL);
		CHECK_CONTAINS(err.msg, names[i]);
		CHECK_EQ(text.len, 0);
	}
}

TEST(no_board_gets_the_servers_own_address)
{
	struct board_spec *b[2] = {
		board("one", "mac: '52:54:00:00:00:01', tftp: {root: /t}"),
		board("two", "mac: '52:54:00:00:00:02', tftp: {root: /t}"),
	};

	lab0.address = 0xc0a82a7f; /* 192.168.42.127 */
	CHECK_EQ(format(b, 2), 0);
	CHECK_CONTAINS(strbuf_str(&text), ",192.168.42.128,one\n");
	CHECK_CONTAINS(strbuf_str(&text), ",192.168.42.129,two\n");
	board_spec_free(b[0]);
	board_spec_free(b[1]);
	strbuf_release(&text);
}

TEST(a_board_without_a_mac_gets_an_address_of_the_pool_and_its_own_directory)
{
	struct board_spec *b[2] = {
		board("one", "mac: '52:54:00:00:00:01', tftp: {root: /t}"),
		board("two", "tftp: {root: /t, subdir: two}"),
	};

	CHECK_EQ(format(b, 2), 0);
	CHECK_CONTAINS(strbuf_str(&text), "\ndhcp-boot=two/pxe\n");
	CHECK_CONTAINS(strbuf_str(&text), "dhcp-range=192.168.42.128,");
	board_spec_free(b[0]);
	board_spec_free(b[1]);
	strbuf_release(&text);
}

TEST(the_interface_with_the_default_route_is_refused)
{
	lab0.has_default_route = true;
	refuses(-EPERM, "default route");
}

TEST(an_interface_that_cannot_serve_is_refused)
{
	lab0.is_up = false;
	refuses(-ENETDOWN, "ip link set lab0 up");
	lab0.is_up = true;
	lab0.address = 0;
	refuses(-EADDRNOTAVAIL, "no IPv4 address");
	lab0.address = 0xc0a82a01;
	lab0.mask = 0xfffffffc;
	refuses(-ENOSPC, "take a /24");
	lab0.mask = 0xffffffff;
	refuses(-ENOSPC, "take a /24");
	lab0.is_loopback = true;
	refuses(-EINVAL, "loopback");
}

TEST(boards_that_do_not_fit_together_are_refused)
{
	static const char *const pairs[][3] = {
		{ "tftp: {root: /t}", "tftp: {root: /u}", "different TFTP roots" },
		{ "tftp: {root: /t, subdir: a}", "tftp: {root: /t, subdir: b}",
		  "need boot.mac" },
		{ "tftp: {root: /t}", NULL, "has no `boot.tftp`" },
		{ "tftp: {root: '/t,/etc'}", "tftp: {root: '/t,/etc'}", "cannot stand" },
		{ "tftp: {root: '/t#x'}", "tftp: {root: '/t#x'}", "cannot stand" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct board_spec *b[2] = { board("one", pairs[i][0]),
					    board("two", pairs[i][1]) };

		CHECK_EQ(format(b, 2), -EINVAL);
		CHECK_EQ(err.class, ERR_JOB);
		CHECK_CONTAINS(err.msg, pairs[i][2]);
		board_spec_free(b[0]);
		board_spec_free(b[1]);
	}
	strbuf_release(&text);
}

TEST(a_board_that_the_network_has_no_room_for_is_refused)
{
	struct board_spec *b[3];

	for (size_t i = 0; i < 3; i++) {
		_cleanup_free_ char *boot =
			xasprintf("mac: '52:54:00:00:00:0%zu', tftp: {root: /t}", i);

		b[i] = board("b", boot);
	}
	lab0.mask = 0xfffffff8;
	CHECK_EQ(format(b, 3), -ENOSPC);
	CHECK_CONTAINS(err.msg, "not enough addresses");
	for (size_t i = 0; i < 3; i++)
		board_spec_free(b[i]);
	strbuf_release(&text);
}

TEST(dnsmasq_itself_takes_what_was_written_and_refuses_what_was_not)
{
	if (system("PATH=$PATH:/usr/sbin; command -v dnsmasq >/dev/null"))
		SKIP("dnsmasq is not installed");
	CHECK_EQ(format(NULL, 0), 0);
	CHECK_EQ(dnsmasq_test(strbuf_str(&text), &err), 0);
	CHECK_EQ(dnsmasq_test("no-such-word=1\n", &err), -EINVAL);
	CHECK_EQ(err.class, ERR_BUG);
	CHECK_CONTAINS(err.msg, "bad option");
	strbuf_release(&text);
}

TEST(only_a_route_to_everywhere_is_a_default_route)
{
	static const char routes[] =
		"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\n"
		"eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
		"lab0\t002AA8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
		"vpn0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n";

	CHECK(netif_is_default(routes, "eth0"));
	CHECK(!netif_is_default(routes, "eth"));
	CHECK(!netif_is_default(routes, "lab0"));
	CHECK(!netif_is_default("", "eth0"));
	CHECK(!netif_is_default("Iface\n\n\nx", "x"));
}

TESTS(T(it_serves_one_interface_and_no_names),
      T(boards_with_a_mac_get_an_address_and_nobody_else_does),
      T(two_boards_with_one_mac_are_refused),
      T(an_interface_whose_name_would_mean_others_is_refused),
      T(no_board_gets_the_servers_own_address),
      T(a_board_without_a_mac_gets_an_address_of_the_pool_and_its_own_directory),
      T(the_interface_with_the_default_route_is_refused),
      T(an_interface_that_cannot_serve_is_refused),
      T(boards_that_do_not_fit_together_are_refused),
      T(a_board_that_the_network_has_no_room_for_is_refused),
      T(dnsmasq_itself_takes_what_was_written_and_refuses_what_was_not),
      T(only_a_route_to_everywhere_is_a_default_route))
