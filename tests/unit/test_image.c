// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/image.h"

#include "make_archive.h"

static struct image_info probe_head(const void *data, size_t len)
{
	struct image_info info;

	image_probe_head(data, len, len, &info);
	return info;
}

static struct image_info probe(const void *data, size_t len)
{
	_cleanup_close_ int fd = memfile(data, len);
	struct image_info info;
	struct err err = ERR_INIT;

	CHECK_EQ(image_probe(fd, &info, &err), 0);
	return info;
}

TEST(an_arm64_image_says_its_size_and_pages)
{
	uint8_t image[4096];

	make_arm64(image, sizeof(image));
	struct image_info info = probe(image, sizeof(image));
	CHECK_EQ(info.kind, IMAGE_ARM64);
	CHECK(info.is_efi);
	CHECK(!info.is_big_endian);
	CHECK_EQ(info.page_kib, 4);
	CHECK_EQ(info.memory_size, 0x1000);
	CHECK_EQ(info.size, 4096);
	CHECK_STR(image_kind_to_str(info.kind), "arm64 Image");
}

TEST(every_kind_is_known_by_its_magic)
{
	static const struct {
		const char *bytes;
		size_t len, at;
		enum image_kind kind;
		const char *compression;
	} table[] = {
		{ "\x18\x28\x6f\x01", 4, 36, IMAGE_ZIMAGE, "" },
		{ "\x27\x05\x19\x56", 4, 0, IMAGE_UIMAGE, "" },
		{ "\xd0\x0d\xfe\xed", 4, 0, IMAGE_FIT, "" },
		{ "\x7f\x45LF", 4, 0, IMAGE_ELF, "" },
		{ "\x1f\x8b\x08", 3, 0, IMAGE_COMPRESSED, "gz" },
		{ "\xfd\x37zXZ", 6, 0, IMAGE_COMPRESSED, "xz" },
		{ "\x28\xb5\x2f\xfd", 4, 0, IMAGE_COMPRESSED, "zst" },
		{ "\x02\x21\x4c\x18", 4, 0, IMAGE_COMPRESSED, "lz4" },
		{ "hello", 5, 0, IMAGE_UNKNOWN, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		uint8_t head[128] = { 0 };

		memcpy(head + table[i].at, table[i].bytes, table[i].len);
		struct image_info info = probe_head(head, sizeof(head));
		CHECK_EQ(info.kind, table[i].kind);
		CHECK_STR(info.compression, table[i].compression);
		/* Cut off before its magic, it is nothing. */
		CHECK_EQ(probe_head(head, table[i].at + 1).kind, IMAGE_UNKNOWN);
	}
	CHECK_EQ(probe_head("", 0).kind, IMAGE_UNKNOWN);
}

TEST(a_zboot_image_offers_its_payload_only_when_it_is_there)
{
	uint8_t head[128] = "MZ\0\0zimg";

	head[8] = 100; /* offset */
	head[12] = 28; /* size: ends with the file */
	memcpy(head + 24, "gzip", 5);
	struct image_info info = probe_head(head, sizeof(head));
	CHECK_EQ(info.kind, IMAGE_EFI_ZBOOT);
	CHECK_EQ(info.payload_offset, 100);
	CHECK_EQ(info.payload_size, 28);
	CHECK_STR(info.compression, "gz");
	head[12] = 29;
	CHECK_EQ(probe_head(head, sizeof(head)).payload_size, 0);
	memset(head + 8, 0xff, 8);
	CHECK_EQ(probe_head(head, sizeof(head)).payload_size, 0);
}

TEST(a_uimage_that_claims_more_than_the_file_has_no_payload)
{
	uint8_t head[128] = { 0x27, 0x05, 0x19, 0x56 };

	head[15] = 64;
	CHECK_EQ(probe_head(head, sizeof(head)).payload_size, 64);
	head[15] = 65;
	CHECK_EQ(probe_head(head, sizeof(head)).payload_size, 0);
}

static const char banner[] =
	"Linux version 6.1.0-56-arm64 (x@y) (gcc 12) #1 SMP Debian 6.1.192-2\n";

TEST(the_banner_is_found_wherever_the_pieces_part_it)
{
	char text[2000];

	memset(text, 'z', sizeof(text));
	memcpy(text + 1000, banner, sizeof(banner) - 1);
	for (size_t cut = 990; cut < 1080; cut++) {
		struct image_info info = { .kind = IMAGE_ARM64 };
		struct image_scan scan = { .info = &info };

		image_scan_feed(&scan, (const uint8_t *)text, cut);
		image_scan_feed(&scan, (const uint8_t *)text + cut, sizeof(text) - cut);
		image_scan_end(&scan);
		CHECK_STR(info.release, "6.1.0-56-arm64");
		CHECK_CONTAINS(info.banner, "#1 SMP Debian 6.1.192-2");
	}
}

TEST(the_banner_is_found_when_it_comes_byte_by_byte)
{
	struct image_info info = { .kind = IMAGE_ARM64 };
	struct image_scan scan = { .info = &info };

	for (size_t i = 0; i < sizeof(banner); i++)
		image_scan_feed(&scan, (const uint8_t *)banner + i, 1);
	image_scan_end(&scan);
	CHECK_STR(info.release, "6.1.0-56-arm64");
}

TEST(the_format_string_and_the_unnumbered_copy_are_not_the_banner)
{
	static const char text[] =
		"....Linux version %s (%s)\n"
		"Linux version 6.1.0 (x) # SMP Debian\nLinux version 6.1.0 (x) #7 SMP\n"
		"Linux version 9.9.9 (later) # SMP\n";
	struct image_info info = probe(text, sizeof(text));

	CHECK_STR(info.banner, "Linux version 6.1.0 (x) #7 SMP");
	CHECK_STR(info.release, "6.1.0");
}

TEST(an_endless_banner_is_none)
{
	char text[4096];

	memset(text, 'a', sizeof(text));
	memcpy(text, "Linux version 6", 15);
	CHECK_STR(probe(text, sizeof(text)).banner, "");
}

TEST(build_ids_are_listed_in_order_and_bounded)
{
	static const char note[] = "\4\0\0\0\x14\0\0\0\3\0\0\0GNU";
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	for (int i = 0; i < 12; i++) {
		strbuf_addstr(&text, "....");
		strbuf_add(&text, note, sizeof(note));
		for (int k = 0; k < 20; k++)
			strbuf_addch(&text, (char)(i * 16 + k));
	}
	struct image_info info = probe(text.buf, text.len);
	CHECK_EQ(info.n_build_ids, IMAGE_MAX_BUILD_IDS);
	CHECK_STR(info.build_ids[0], "000102030405060708090a0b0c0d0e0f10111213");
	CHECK_STR(info.build_ids[1], "101112131415161718191a1b1c1d1e1f20212223");
}

TEST(an_empty_file_is_unknown)
{
	struct image_info info = probe("", 0);

	CHECK_EQ(info.kind, IMAGE_UNKNOWN);
	CHECK_EQ(info.size, 0);
}

TESTS(T(an_arm64_image_says_its_size_and_pages), T(every_kind_is_known_by_its_magic),
      T(a_zboot_image_offers_its_payload_only_when_it_is_there),
      T(a_uimage_that_claims_more_than_the_file_has_no_payload),
      T(the_banner_is_found_wherever_the_pieces_part_it),
      T(the_banner_is_found_when_it_comes_byte_by_byte),
      T(the_format_string_and_the_unnumbered_copy_are_not_the_banner),
      T(an_endless_banner_is_none), T(build_ids_are_listed_in_order_and_bounded),
      T(an_empty_file_is_unknown))
