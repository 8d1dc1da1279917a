// SPDX-License-Identifier: GPL-2.0-or-later
/* A telnet server that says anything: the console's bytes do not depend on how the
 * network cuts them, answers stay bounded, and what is typed comes out of the other
 * side's decoder as it was. */
#include <stdlib.h>

#include "hw/telnet.h"
#include "util/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* From [data, n) in pieces whose sizes come from the data. */
static struct strbuf decode(struct telnet *t, const uint8_t *data, size_t n,
			    bool in_pieces)
{
	struct strbuf out = STRBUF_INIT;
	size_t at = 0;

	while (at < n) {
		size_t want = in_pieces ? (size_t)data[at] % 5 + 1 : n;
		size_t len = want < n - at ? want : n - at;
		_cleanup_free_ char *piece = xmalloc(len);

		memcpy(piece, data + at, len);
		size_t left = telnet_decode(t, piece, len);
		if (left > len)
			BUG("more came out than went in");
		strbuf_add(&out, piece, left);
		if (t->sb_len > TELNET_SB_MAX + 1)
			BUG("a subnegotiation without bound");
		if (t->out.len > 40000)
			BUG("answers without bound");
		at += len;
	}
	return out;
}

static void check_same(const struct strbuf *a, const struct strbuf *b, const char *what)
{
	if (a->len != b->len || (a->len && memcmp(a->buf, b->buf, a->len) != 0))
		BUG("%s differ", what);
}

/* Both in text mode or both in binary: what one types, the other one reads. */
static void check_typed(const uint8_t *data, size_t size, bool is_binary)
{
	struct telnet from, to;

	telnet_init(&from, false);
	telnet_init(&to, false);
	from.spoke = to.spoke = true;
	from.us[0].on = to.him[0].on = is_binary;
	telnet_encode(&from, data, size);
	struct strbuf got = decode(&to, (const uint8_t *)strbuf_str(&from.out),
				   from.out.len, size & 1);
	struct strbuf want = STRBUF_INIT;
	strbuf_add(&want, data, size);
	check_same(&got, &want, "typed bytes");
	strbuf_release(&got);
	strbuf_release(&want);
	telnet_release(&from);
	telnet_release(&to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct telnet whole, pieces;

	if (!size)
		return 0;
	telnet_init(&whole, data[0] & 1);
	telnet_init(&pieces, data[0] & 1);
	struct strbuf a = decode(&whole, data, size, false);
	struct strbuf b = decode(&pieces, data, size, true);
	check_same(&a, &b, "bytes of the console");
	check_same(&whole.out, &pieces.out, "answers");
	strbuf_release(&a);
	strbuf_release(&b);
	telnet_release(&whole);
	telnet_release(&pieces);
	check_typed(data, size, data[0] & 2);
	return 0;
}
