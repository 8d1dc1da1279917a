// SPDX-License-Identifier: GPL-2.0-or-later
#include "parse/loader_fault.h"

#include "tap.h"

static const struct loader_fault *find(const char *line)
{
	return loader_fault_find(line, strlen(line));
}

static const char *blame(const char *line)
{
	const struct loader_fault *f = find(line);

	return f ? loader_blame_to_str(f->blame) : "(nobody)";
}

TEST(who_has_to_act_is_told_from_u_boots_words)
{
	CHECK_STR(blame("ARP Retry count exceeded; starting again"), "network");
	CHECK_STR(blame("Retry time exceeded; starting again"), "network");
	CHECK_STR(blame("*** ERROR: `serverip' not set"), "network");
	CHECK_STR(blame("TFTP error: 'File not found' (1)"), "server");
	CHECK_STR(blame("Retry count exceeded; starting again"), "server");
	CHECK_STR(blame("Config file not found"), "server");
	CHECK_STR(blame("Bad Linux ARM64 Image magic!"), "file");
	CHECK_STR(blame("Wrong Image Format for bootm command"), "file");
	CHECK_STR(blame("   Bad Data CRC"), "file");
	CHECK_STR(blame("ERROR: Did not find a cmdline Flattened Device Tree"), "file");
	CHECK_STR(blame("libfdt fdt_check_header(): FDT_ERR_BADMAGIC"), "file");
	CHECK_STR(blame("No ethernet found."), "board");
	CHECK_STR(blame("** Unable to read file /extlinux/extlinux.conf **"), "board");
	CHECK_STR(blame("Unknown command 'bootdev' - try 'help'"), "board");
	CHECK_STR(blame("resetting ..."), "board");
	CHECK_STR(blame("TFTP error: trying to overwrite reserved memory..."), "board");
}

TEST(words_of_a_good_boot_blame_nobody)
{
	CHECK_STR(blame("Bytes transferred = 20193792 (1342200 hex)"), "(nobody)");
	CHECK_STR(blame("Loading: *#################"), "(nobody)");
	CHECK_STR(blame("missing environment variable: pxeuuid"), "(nobody)");
	CHECK_STR(blame("DHCP client bound to address 10.0.2.15 (3 ms)"), "(nobody)");
	CHECK_STR(blame(""), "(nobody)");
}

static enum loader_then end_of(const char *line)
{
	return find(line)->then;
}

TEST(what_nothing_comes_after_is_told_from_what_u_boot_goes_on_after)
{
	CHECK_EQ(end_of("PANIC in EL3."), LOADER_CRASHES);
	CHECK_EQ(end_of("Unhandled Exception in EL3."), LOADER_CRASHES);
	CHECK_EQ(end_of("Bad mode in \"Irq\" handler, esr 0x1"), LOADER_CRASHES);
	CHECK_EQ(end_of("\"Synchronous Abort\" handler, esr 0x96000044"), LOADER_CRASHES);
	CHECK_EQ(end_of("SPL: failed to boot from all boot devices (err=-6)"),
		 LOADER_CRASHES);
	CHECK_EQ(end_of("### ERROR ### Please RESET the board ###"), LOADER_HANGS);
	CHECK_EQ(end_of("resetting ..."), LOADER_STAYS);
	CHECK_EQ(end_of("Retry count exceeded; starting again"), LOADER_MAY_PASS);
	CHECK(loader_fault_is_end(find("PANIC in EL3.")));
	CHECK(loader_fault_is_end(find("### ERROR ### Please RESET the board ###")));
	CHECK(!loader_fault_is_end(find("resetting ...")));
}

TEST(the_table_has_no_text_that_an_earlier_one_hides)
{
	for (size_t i = 0; i < n_loader_faults; i++) {
		const struct loader_fault *f = &loader_faults[i];

		if (find(f->text) != f)
			tap_fail(__FILE__, __LINE__, "\"%s\" is never reached", f->text);
		CHECK(f->means[0] && f->source[0]);
		CHECK(!strstr(f->text, "\\E")); /* it goes into a pattern as it is */
	}
}

TESTS(T(what_nothing_comes_after_is_told_from_what_u_boot_goes_on_after),
      T(who_has_to_act_is_told_from_u_boots_words), T(words_of_a_good_boot_blame_nobody),
      T(the_table_has_no_text_that_an_earlier_one_hides))
