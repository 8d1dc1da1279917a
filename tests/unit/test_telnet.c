// SPDX-License-Identifier: GPL-2.0-or-later
/* Telnet and RFC 2217, byte by byte. What a real server makes of it:
 * tests/bench/ser2net.t. */
#include "hw/telnet.h"

#include "tap.h"

#define BYTES(...)                                                                       \
	(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static struct telnet telnet(bool has_port)
{
	struct telnet t;

	telnet_init(&t, has_port);
	return t;
}

static void check_bytes(const char *what, const void *got, size_t n, const void *want,
			size_t len)
{
	struct strbuf hex = STRBUF_INIT;

	for (size_t i = 0; i < n; i++)
		strbuf_addf(&hex, " %02x", ((const uint8_t *)got)[i]);
	if (n != len || (n && memcmp(got, want, n) != 0))
		tap_fail(__FILE__, __LINE__, "%s:%s", what, strbuf_str(&hex));
	strbuf_release(&hex);
}

/* The same in one piece and byte by byte. */
static void check_console(struct telnet *t, const uint8_t *in, size_t n, const void *want,
			  size_t len)
{
	uint8_t whole[512], single[512];
	struct telnet copy = *t;
	size_t m = 0;

	copy.out = (struct strbuf)STRBUF_INIT;
	strbuf_add(&copy.out, t->out.buf ? t->out.buf : "", t->out.len);
	memcpy(whole, in, n);
	check_bytes("console", whole, telnet_decode(t, whole, n), want, len);
	for (size_t i = 0; i < n; i++) {
		single[m] = in[i];
		m += telnet_decode(&copy, single + m, 1);
	}
	check_bytes("console, in single bytes", single, m, want, len);
	check_bytes("answers, in single bytes", copy.out.buf, copy.out.len, t->out.buf,
		    t->out.len);
	telnet_release(&copy);
}

static void check_out(struct telnet *t, const uint8_t *want, size_t n)
{
	check_bytes("sent", t->out.buf, t->out.len, want, n);
	strbuf_reset(&t->out);
}

TEST(a_server_that_says_nothing_gets_nothing_but_what_is_typed)
{
	struct telnet t = telnet(false);

	check_out(&t, NULL, 0);
	check_console(&t, BYTES('=', '>', ' ', 0, '\r', 0, 0xfe),
		      BYTES('=', '>', ' ', 0, '\r', 0, 0xfe));
	telnet_encode(&t, "a\r\n", 3);
	check_out(&t, BYTES('a', '\r', '\n'));
	telnet_release(&t);
}

TEST(a_byte_255_is_doubled_both_ways)
{
	struct telnet t = telnet(false);

	check_console(&t, BYTES('a', 255, 255, 'b', 255, 255), BYTES('a', 255, 'b', 255));
	telnet_encode(&t, "\xff!\xff", 3);
	check_out(&t, BYTES(255, 255, '!', 255, 255));
	telnet_release(&t);
}

TEST(the_first_word_of_a_server_makes_the_line_binary)
{
	struct telnet t = telnet(false);

	/* ser2net 4.3: WILL SGA, DO SGA, WILL ECHO, DONT ECHO, DO BINARY, WILL BINARY */
	check_console(&t,
		      BYTES(255, 251, 3, 'x', 255, 253, 3, 255, 251, 1, 255, 254, 1, 255,
			    253, 0, 255, 251, 0, 'y'),
		      BYTES('x', 'y'));
	check_out(&t,
		  BYTES(255, 253, 3, 255, 251, 0, 255, 253, 0, 255, 251, 3, 255, 253, 1));
	check_console(&t, BYTES('\r', 0), BYTES('\r', 0));
	telnet_encode(&t, "\r", 1);
	check_out(&t, BYTES('\r'));
	telnet_release(&t);
}

TEST(without_binary_a_carriage_return_travels_with_a_nul)
{
	struct telnet t = telnet(false);

	check_console(&t, BYTES(255, 254, 0, '\r', 0, 'x', '\r', '\n', 0),
		      BYTES('\r', 'x', '\r', '\n', 0));
	strbuf_reset(&t.out);
	telnet_encode(&t, "a\r\n", 3);
	check_out(&t, BYTES('a', '\r', 0, '\n'));
	telnet_release(&t);
}

TEST(options_that_we_do_not_know_are_refused_and_no_answer_is_answered)
{
	struct telnet t = telnet(false);

	check_console(&t, BYTES(255, 253, 24, 255, 251, 99, 255, 252, 99, 255, 254, 24),
		      NULL, 0);
	check_out(&t, BYTES(255, 252, 24, 255, 251, 0, 255, 253, 0, 255, 253, 3, 255, 254,
			    99));
	/* Said again, what was agreed is not said again. */
	check_console(&t, BYTES(255, 253, 0, 255, 253, 0, 255, 251, 0), NULL, 0);
	check_out(&t, NULL, 0);
	/* Taken back, it is given up. */
	check_console(&t, BYTES(255, 254, 0), NULL, 0);
	CHECK(!t.us[0].on);
	telnet_release(&t);
}

TEST(a_port_is_asked_for_its_rate_and_8n1_and_its_answers_are_kept)
{
	struct telnet t = telnet(true);

	check_out(&t, BYTES(255, 251, 0, 255, 253, 0, 255, 253, 3, 255, 251, 44));
	telnet_ask_port(&t, 1500000);
	check_out(&t, BYTES(255, 250, 44, 11, 0, 255, 240, 255, 250, 44, 10, 14, 255, 240,
			    255, 250, 44, 5, 1, 255, 240, 255, 250, 44, 2, 8, 255, 240,
			    255, 250, 44, 3, 1, 255, 240, 255, 250, 44, 4, 1, 255, 240,
			    255, 250, 44, 1, 0, 0x16, 0xe3, 0x60, 255, 240));
	check_console(&t,
		      BYTES('a', 255, 250, 44, 101, 0, 255, 255, 0xe3, 0x60, 255, 240,
			    'b', 255, 250, 44, 102, 8, 255, 240, 255, 250, 44, 103, 1,
			    255, 240, 255, 250, 44, 104, 1, 255, 240),
		      BYTES('a', 'b'));
	CHECK_EQ(t.port.baud, 0xffe360);
	CHECK_EQ(t.port.bits, 8);
	CHECK_EQ(t.port.parity, 1);
	CHECK_EQ(t.port.stop, 1);
	CHECK(!t.port.refused);
	telnet_release(&t);
}

TEST(a_server_without_the_com_port_option_refuses_it)
{
	struct telnet t = telnet(true);

	check_console(&t, BYTES(255, 254, 44), NULL, 0);
	CHECK(t.port.refused);
	telnet_release(&t);
	/* Nobody asked: not ours to want. */
	t = telnet(false);
	check_console(&t, BYTES(255, 253, 44, 255, 250, 44, 101, 0, 0, 0, 1, 255, 240),
		      NULL, 0);
	CHECK_EQ(t.port.baud, 0);
	CHECK(memmem(t.out.buf, t.out.len, "\xff\xfc\x2c", 3) != NULL);
	telnet_release(&t);
}

/* RFC 1143's loop: asked again after each no, the two would talk for ever. */
TEST(a_server_that_refuses_an_option_is_not_asked_for_it_again)
{
	struct telnet t = telnet(true);

	strbuf_reset(&t.out);
	check_console(&t, BYTES(255, 254, 0, 255, 252, 0, 255, 252, 3, 255, 254, 44),
		      NULL, 0);
	check_out(&t, NULL, 0);
	/* Its own wish counts all the same. */
	check_console(&t, BYTES(255, 253, 0), NULL, 0);
	check_out(&t, BYTES(255, 251, 0));
	telnet_release(&t);
}

TEST(line_errors_that_the_server_notices_are_counted)
{
	struct telnet t = telnet(true);

	check_console(&t,
		      BYTES(255, 250, 44, 106, 2, 255, 240, 255, 250, 44, 106, 14, 255,
			    240, 255, 250, 44, 106, 0x60, 255, 240),
		      NULL, 0);
	CHECK_EQ(t.port.overrun, 2);
	CHECK_EQ(t.port.frame, 1);
	CHECK_EQ(t.port.parity_errors, 1);
	telnet_release(&t);
}

TEST(a_break_is_a_command_or_the_ports_condition)
{
	struct telnet t = telnet(false);

	telnet_send_break(&t);
	check_out(&t, BYTES(255, 243));
	telnet_set_break(&t, true);
	telnet_set_break(&t, false);
	check_out(&t, BYTES(255, 250, 44, 5, 5, 255, 240, 255, 250, 44, 5, 6, 255, 240));
	telnet_release(&t);
}

TEST(broken_and_endless_commands_cost_no_more_than_their_bytes)
{
	static const uint8_t ask[] = { 255, 253, 77 };
	struct telnet t = telnet(true);
	char buf[3000];

	/* A subnegotiation that never ends, and then one that is cut by a command. */
	telnet_decode(&t, memcpy(buf, "\xff\xfa\x2c\x65", 4), 4);
	memset(buf, 'z', sizeof(buf));
	CHECK_EQ(telnet_decode(&t, buf, sizeof(buf)), 0);
	CHECK(t.sb_len <= TELNET_SB_MAX + 1);
	check_console(
		&t,
		BYTES(255, 240, 'a', 255, 250, 44, 101, 1, 255, 241, 'b', 255, 246, 'c'),
		BYTES('a', 'b', 'c'));
	CHECK_EQ(t.port.baud, 0);
	/* A server that asks without end is not answered without end. */
	for (size_t i = 0; i < 100000; i++)
		telnet_decode(&t, memcpy(buf, ask, sizeof(ask)), sizeof(ask));
	CHECK(t.out.len <= 20000);
	telnet_release(&t);
}

TESTS(T(a_server_that_says_nothing_gets_nothing_but_what_is_typed),
      T(a_byte_255_is_doubled_both_ways),
      T(the_first_word_of_a_server_makes_the_line_binary),
      T(without_binary_a_carriage_return_travels_with_a_nul),
      T(options_that_we_do_not_know_are_refused_and_no_answer_is_answered),
      T(a_port_is_asked_for_its_rate_and_8n1_and_its_answers_are_kept),
      T(a_server_without_the_com_port_option_refuses_it),
      T(a_server_that_refuses_an_option_is_not_asked_for_it_again),
      T(line_errors_that_the_server_notices_are_counted),
      T(a_break_is_a_command_or_the_ports_condition),
      T(broken_and_endless_commands_cost_no_more_than_their_bytes))
