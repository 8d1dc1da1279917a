// SPDX-License-Identifier: GPL-2.0-or-later
#include "tap.h"

#include "parse/stage.h"
#include "util/strbuf.h"

static void note(void *arg, const struct stage_event *e)
{
	strbuf_addf(arg, "%s%s%s ", e->is_boot ? "boot:" : "", stage_to_str(e->stage),
		    e->is_unexpected ? "!" : "");
}

static void ignore(void *arg, const struct stage_event *e)
{
}

/* What the tracker says to the lines of text; until the next call. */
static const char *feed(struct stage_tracker *t, const char *text)
{
	static struct strbuf said;

	strbuf_reset(&said);
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");
		const struct line l = { .text = p, .len = n, .number = 1 };

		stage_feed(t, &l, note, &said);
		p += n + (p[n] == '\n');
	}
	return strbuf_str(&said);
}

static struct stage_tracker started(void)
{
	struct stage_tracker t;

	stage_init(&t);
	return t;
}

static const char rk3588[] = "DDR 9fffbe1e78 cym 24/02/04-10:09:20,fwver: v1.16\n"
			     "LPDDR4X, 2112MHz\n"
			     "U-Boot SPL 2024.10 (Oct 01 2024)\n"
			     "Trying to boot from MMC1\n"
			     "NOTICE:  BL31: v2.3():v2.3-645,fwver: v1.45\n"
			     "NOTICE:  BL31: Built : 10:11:12\n"
			     "I/TC: OP-TEE version: 3.13.0-1\n"
			     "U-Boot 2024.10 (Oct 01 2024)\n"
			     "Starting kernel ...\n"
			     "[    0.000000] Booting Linux on physical CPU 0x0000000000\n"
			     "[    0.000000] Linux version 6.12.0 (x@y)\n";

TEST(one_boot_is_counted_once_for_all_its_banners)
{
	struct stage_tracker t = started();

	CHECK_STR(feed(&t, rk3588),
		  "boot:ddr spl bl31 op-tee u-boot starting-kernel kernel ");
	CHECK_EQ(t.boot, 1);
}

TEST(a_firmware_banner_after_the_kernel_ran_is_unexpected)
{
	struct stage_tracker t = started();

	feed(&t, rk3588);
	CHECK_STR(feed(&t, "\xe9\xb3\xa7"
			   "DR ff1a08bde6 typ 23/05/04-10:11:12,fwver: v1.11\n"),
		  "boot:ddr! ");
}

TEST(a_vendor_boot_with_noise_before_its_first_words_has_the_same_stages)
{
	static const char vendor[] =
		"\xff\x80\\DDR V1.11 ff1a08bde6 typ 23/05/04-10:11:12\n"
		"LPDDR4X, 2112MHz\n"
		"change to F0: 2112MHz\n"
		"U-Boot SPL board init\n"
		"U-Boot SPL 2017.09-gc060f28d70-220414 (Apr 18 2022 - 18:13:34)\n"
		"unknown raw ID 0 0 0\n"
		"Trying to boot from MMC2\n"
		"INFO:    Preloader serial: 2\n"
		"NOTICE:  BL31: v2.3():v2.3-405-gb52c2eadd:derrick.huang\n"
		"I/TC: OP-TEE version: 3.13.0-652-g4542e1efd #derrick.huang (gcc)\n"
		"U-Boot 2017.09 (Jun 03 2022 - 02:15:04 +0000)\n"
		"Starting kernel ...\n"
		"[    0.000000] Booting Linux on physical CPU 0x0000000000\n";
	struct stage_tracker t = started();

	CHECK_STR(feed(&t, vendor),
		  "boot:ddr spl bl31 op-tee u-boot starting-kernel kernel ");
	CHECK_EQ(t.boot, 1);
}

TEST(a_board_with_tf_a_before_u_boot_has_its_own_stages)
{
	struct stage_tracker t = started();

	CHECK_STR(
		feed(&t,
		     "NOTICE:  BL1: v2.8(release):v2.8\nNOTICE:  BL2: v2.8(release):v2.8\n"
		     "NOTICE:  BL31: v2.8(release):v2.8\nU-Boot 2023.01 (Jan)\n"),
		"boot:bl2 bl31 u-boot ");
	CHECK_EQ(t.boot, 1);
}

TEST(a_commanded_reset_is_expected)
{
	struct stage_tracker t = started();

	feed(&t, rk3588);
	stage_commanded(&t, true, 0);
	CHECK_EQ(t.stage, STAGE_OFF);
	CHECK_STR(feed(&t, rk3588),
		  "boot:ddr spl bl31 op-tee u-boot starting-kernel kernel ");
	CHECK_EQ(t.boot, 2);
}

TEST(uboot_alone_counts_each_of_its_banners)
{
	struct stage_tracker t = started();

	CHECK_STR(
		feed(&t,
		     "U-Boot 2023.01 (Jan)\nStarting kernel ...\nU-Boot 2023.01 (Jan)\n"),
		"boot:u-boot starting-kernel boot:u-boot! ");
}

TEST(a_quiet_kernel_is_starting_until_it_speaks)
{
	struct stage_tracker t = started();

	feed(&t, "U-Boot 2023.01 (Jan)\nStarting kernel ...\n");
	CHECK_EQ(t.stage, STAGE_STARTING);
	stage_reached_userspace(&t, 0, 0, ignore, NULL);
	CHECK_EQ(t.stage, STAGE_USERSPACE);
	feed(&t, "[   99.000000] usb 1-1: new device\n");
	CHECK_EQ(t.stage, STAGE_USERSPACE);
}

TEST(a_dmesg_that_repeats_the_banner_is_no_boot)
{
	struct stage_tracker t = started();

	feed(&t, rk3588);
	stage_reached_userspace(&t, 0, 0, ignore, NULL);
	feed(&t, "[    0.000000] Booting Linux on physical CPU 0x0\n");
	feed(&t, "[    0.000000] Linux version 6.12.0 (x@y)\n");
	CHECK_EQ(t.boot, 1);
}

TEST(a_variable_that_names_uboot_is_no_banner)
{
	struct stage_tracker t = started();

	feed(&t, rk3588);
	feed(&t, "ver=U-Boot 2024.10 (Oct 01 2024)\n# U-Boot 2024.10\n");
	CHECK_EQ(t.boot, 1);
}

TEST(transfers_are_followed_and_measured)
{
	struct stage_tracker t = started();

	CHECK_STR(
		feed(&t,
		     "U-Boot 2023.01 (Jan)\nTFTP from server 10.0.2.2; our IP address is 10.0.2.15\n"
		     "Loading: ####\nBytes transferred = 4096 (1000 hex)\n"),
		"boot:u-boot tftp u-boot ");
	CHECK_EQ(t.last_transfer_bytes, 4096);
	CHECK_STR(t.transfer_file, "");
}

TEST(a_transfer_has_the_name_that_uboot_gave_it)
{
	struct stage_tracker t = started();

	feed(&t, "U-Boot 2024.01\nTFTP from server 10.0.0.1; our IP address is x\n"
		 "Filename 'bootrig-r1/Image'.\nLoading: ###\n"
		 "Bytes transferred = 4096 (1000 hex)\n");
	CHECK_STR(t.transfer_file, "bootrig-r1/Image");
	CHECK_EQ(t.n_transfers, 1);
	feed(&t, "TFTP from server 10.0.0.1; our IP address is x\n"
		 "Bytes transferred = 4096 (1000 hex)\n");
	CHECK_STR(t.transfer_file, "");
	CHECK_EQ(t.n_transfers, 2);
}

TEST(the_label_is_the_last_one_that_uboot_went_for)
{
	struct stage_tracker t = started();

	feed(&t, "1:\tbefore U-Boot\nU-Boot 2024.01\n1:\tbootrig\n2:\trescue disk \n");
	CHECK_STR(t.label, "rescue disk");
	CHECK_EQ(t.n_labels, 2);
	feed(&t, "3: \tno label\n4:none\n:\tnone\n5:\t\n12345:\tnone\n");
	CHECK_EQ(t.n_labels, 2);
	feed(&t, "Starting kernel ...\n7:\tof a program\n");
	CHECK_EQ(t.n_labels, 2);
}

TEST(a_log_that_starts_in_the_kernel_is_boot_one)
{
	struct stage_tracker t = started();

	CHECK_STR(feed(&t, "[  100.000000] usb 1-1: x\n[  101.000000] y\n"),
		  "boot:kernel ");
}

TESTS(T(one_boot_is_counted_once_for_all_its_banners),
      T(a_firmware_banner_after_the_kernel_ran_is_unexpected),
      T(a_vendor_boot_with_noise_before_its_first_words_has_the_same_stages),
      T(a_board_with_tf_a_before_u_boot_has_its_own_stages),
      T(a_commanded_reset_is_expected), T(uboot_alone_counts_each_of_its_banners),
      T(a_quiet_kernel_is_starting_until_it_speaks),
      T(a_dmesg_that_repeats_the_banner_is_no_boot),
      T(a_variable_that_names_uboot_is_no_banner), T(transfers_are_followed_and_measured),
      T(a_transfer_has_the_name_that_uboot_gave_it),
      T(the_label_is_the_last_one_that_uboot_went_for),
      T(a_log_that_starts_in_the_kernel_is_boot_one))
