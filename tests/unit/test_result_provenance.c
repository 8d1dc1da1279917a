// SPDX-License-Identifier: GPL-2.0-or-later
/* Each attempt says whether what ran is what was staged, and what it could not show. */
#include "folding.h"

#define ID "0123456789abcdef0123456789abcdef01234567"
#define OTHER "fedcba9876543210fedcba9876543210fedcba98"
#define BANNER "Linux version 6.12.1 (me@x) (gcc) #7 SMP today"
#define STAGED                                                                           \
	"{'t':0,'type':'run','id':'r','expect':null}\n"                                  \
	"{'t':1,'type':'staged','label':'v2c','nonce':'5f','release':'6.12.1',"          \
	"'banner':'" BANNER "','build_ids':['" ID "'],'files':["                         \
	"{'role':'kernel','name':'Image','path':'b/bootrig-r1/Image','sha256':'a',"      \
	"'size':100},"                                                                   \
	"{'role':'dtb','name':'board.dtb','path':'b/bootrig-r1/board.dtb','sha256':'d'," \
	"'size':7}]}\n"
#define VERIFIED "{'t':1,'type':'verified','server':'s','files':[],'bytes':107}\n"
#define BEGIN(n) "{'t':2,'type':'attempt','n':" n "}\n"
#define LOADED(file, n) "{'t':3,'type':'transfer','bytes':" n ",'file':'" file "'}\n"
#define LOADED_ALL                                                                       \
	LOADED("bootrig-r1/Image", "100") LOADED("/b/bootrig-r1/board.dtb", "7")
#define SEEN "{'t':4,'type':'kernel','banner':'" BANNER "','release':'6.12.1'}\n"
#define PHASE "{'t':5,'type':'phase','name':'provenance'}\n"
#define NONCE "{'t':5,'type':'nonce','where':'cmdline'}\n"
#define KERNEL_ID(id)                                                                    \
	"{'t':5,'type':'build-id','of':'kernel','name':'kernel','seen':" id "}\n"
#define MODULE(seen, staged)                                                             \
	"{'t':6,'type':'build-id','of':'module','name':'videobuf2_common','seen':" seen  \
	",'staged':" staged "}\n"
#define DONE(n)                                                                          \
	"{'t':9,'type':'attempt-end','n':" n ",'outcome':'ok','reason':'',"              \
	"'kernel_started':true}\n"
#define END                                                                              \
	"{'t':9,'type':'self-check','ok':true,'reason':''}\n"                            \
	"{'t':10,'type':'end','wall':'w','console_bytes':7,'power':'off'}\n"
#define ALL_BUT_IDS STAGED VERIFIED BEGIN("1") LOADED_ALL SEEN PHASE NONCE

static json_t *provenance_of(const char *events, size_t attempt)
{
	_cleanup_json_ json_t *r = fold_lines(events);
	json_t *a = json_array_get(json_object_get(r, "attempts"), attempt);

	CHECK(json_is_object(json_object_get(a, "provenance")));
	return json_incref(json_object_get(a, "provenance"));
}

static void check_why(const char *events, const char *only)
{
	_cleanup_json_ json_t *p = provenance_of(events, 0);
	const json_t *why = json_object_get(p, "why");

	CHECK(!json_get_bool(p, "proven", true));
	CHECK(json_is_null(json_object_get(p, "fault")));
	if (json_array_size(why) != 1 ||
	    !strstr(json_string_value(json_array_get(why, 0)), only))
		tap_fail(__FILE__, __LINE__, "%s, want only \"%s\"", json_dumps(why, 0),
			 only);
}

static void check_fault(const char *events, const char *reason)
{
	_cleanup_json_ json_t *r = fold_lines(events);
	const json_t *v = json_object_get(r, "verdict");

	CHECK_STR(json_get_str(v, "status", ""), "lab");
	CHECK_EQ(json_get_int(r, "exit_code", 0), 125);
	if (!strstr(json_get_str(v, "reason", ""), reason))
		tap_fail(__FILE__, __LINE__, "\"%s\", want \"%s\"",
			 json_get_str(v, "reason", ""), reason);
}

TEST(a_boot_whose_witnesses_all_agree_is_proven)
{
	_cleanup_json_ json_t *p =
		provenance_of(ALL_BUT_IDS KERNEL_ID("'" ID "'")
				      MODULE("'" OTHER "'", "'" OTHER "'") DONE("1") END,
			      0);
	const json_t *image = json_array_get(json_object_get(p, "files"), 0);

	CHECK(json_get_bool(p, "proven", false));
	CHECK_EQ(json_array_size(json_object_get(p, "why")), 0);
	CHECK_STR(json_get_str(json_object_get(p, "label"), "seen", ""), "v2c");
	CHECK_STR(json_get_str(json_object_get(p, "nonce"), "seen", ""), "cmdline");
	CHECK_STR(json_get_str(json_object_get(p, "build_id"), "seen", ""), ID);
	CHECK_STR(json_get_str(image, "served_sha256", ""), "a");
	CHECK_EQ(json_get_int(image, "transferred_bytes", 0), 100);
}

TEST(what_could_not_be_shown_is_told)
{
	check_why(ALL_BUT_IDS DONE("1") END, "running kernel's build id was not read");
	check_why(ALL_BUT_IDS KERNEL_ID("'" ID "'") MODULE("null", "'" ID "'") DONE("1")
			  END,
		  "videobuf2_common: no build id on the board");
	check_why(ALL_BUT_IDS KERNEL_ID("'" ID "'") MODULE("'" ID "'", "null") DONE("1")
			  END,
		  "videobuf2_common: no .ko file of this run");
	check_why(STAGED BEGIN("1") LOADED_ALL SEEN PHASE NONCE KERNEL_ID("'" ID "'")
			  DONE("1") END,
		  "not fetched back");
	check_why(STAGED VERIFIED BEGIN("1") LOADED_ALL SEEN KERNEL_ID("'" ID "'")
			  DONE("1") END,
		  "nonce of this boot was not seen");
	check_why(BEGIN("1") DONE("1") END, "nothing was staged");
}

#define OTHER_LABEL(where)                                                               \
	"{'t':4,'type':'nonce','where':'" where "','label':'vanilla'}\n"

TEST(a_label_that_was_not_chosen_is_the_labs_and_named)
{
	check_fault(STAGED VERIFIED BEGIN("1") LOADED_ALL OTHER_LABEL("u-boot") DONE("1")
			    END,
		    "U-Boot booted the label vanilla, not v2c");
	check_fault(STAGED VERIFIED BEGIN("1") LOADED_ALL SEEN OTHER_LABEL("console")
			    PHASE NONCE DONE("1") END,
		    "U-Boot booted the label vanilla, not v2c");
}

TEST(another_label_before_the_chosen_one_ran_or_after_it_failed_is_no_fault)
{
	_cleanup_json_ json_t *before = provenance_of(
		ALL_BUT_IDS OTHER_LABEL("u-boot") KERNEL_ID("'" ID "'") DONE("1") END, 0);
	_cleanup_json_ json_t *after = provenance_of(
		ALL_BUT_IDS "{'t':6,'type':'incident','incident':{'id':0,'kind':'panic',"
			    "'fatal':true,'title':'t'}}\n" OTHER_LABEL("cmdline")
				    DONE("1") END,
		0);

	CHECK_STR(json_get_str(json_object_get(before, "label"), "seen", ""), "v2c");
	CHECK_STR(json_get_str(json_object_get(after, "label"), "seen", ""), "v2c");
}

TEST(a_file_that_arrives_with_another_size_is_the_labs_and_named)
{
	check_fault(STAGED VERIFIED BEGIN("1") LOADED("bootrig-r1/Image", "99")
			    LOADED("bootrig-r1/board.dtb", "7") SEEN DONE("1") END,
		    "transferred 99 bytes of Image, staged were 100");
	/* Not even when another file happens to have the right size. */
	check_fault(STAGED VERIFIED BEGIN("1") LOADED("bootrig-r1/Image", "100")
			    LOADED("bootrig-r1/other.dtb", "7") SEEN DONE("1") END,
		    "did not transfer board.dtb");
}

#define CONFIG                                                                           \
	"{'t':0,'type':'run','id':'r','expect':null}\n"                                  \
	"{'t':1,'type':'staged','nonce':'5f','files':[{'role':'config',"                 \
	"'name':'01-52-54-00-12-34-56','path':'pxelinux.cfg/01-52-54-00-12-34-56',"      \
	"'sha256':'c','size':90}]}\n"

TEST(the_loaders_configuration_is_a_file_like_others_where_the_loader_asked_for_it)
{
	check_fault(CONFIG VERIFIED BEGIN("1") LOADED("pxelinux.cfg/01-52-54-00-12-34-56",
						      "91") SEEN DONE("1") END,
		    "transferred 91 bytes of the loader's configuration, staged were 90");
	/* Typed file by file, U-Boot has no use for it. */
	_cleanup_json_ json_t *p = provenance_of(
		CONFIG VERIFIED BEGIN("1") LOADED("Image", "5") SEEN DONE("1") END, 0);
	const json_t *file = json_array_get(json_object_get(p, "files"), 0);
	CHECK(json_is_null(json_object_get(p, "fault")));
	CHECK(json_is_null(json_object_get(file, "transferred_bytes")));
	CHECK_STR(json_get_str(file, "served_sha256", ""), "c");
}

#define LABEL(name) "{'t':3,'type':'label','name':'" name "'}\n"
#define STARTED "{'t':3,'type':'stage','stage':'starting-kernel','boot':1}\n"

TEST(another_label_than_the_staged_one_is_the_labs)
{
	check_fault(STAGED VERIFIED BEGIN("1") LABEL("v2c") LOADED_ALL LABEL("rescue")
			    STARTED SEEN DONE("1") END,
		    "U-Boot booted the label rescue, not v2c");
	/* The nonce knows better than a title in U-Boot's menu, */
	check_why(STAGED VERIFIED BEGIN("1") LABEL("my title")
			  LOADED_ALL STARTED SEEN PHASE NONCE DONE("1") END,
		  "running kernel's build id was not read");
	/* and what U-Boot boots by itself after the kernel fell does not count. */
	_cleanup_json_ json_t *p =
		provenance_of(STAGED VERIFIED BEGIN("1") LABEL("v2c")
				      LOADED_ALL STARTED SEEN LABEL("own") DONE("1") END,
			      0);
	CHECK(json_is_null(json_object_get(p, "fault")));
	CHECK_STR(json_get_str(json_object_get(p, "label"), "seen", ""), "v2c");
}

TEST(another_kernel_than_the_staged_one_is_the_labs_with_its_likely_cause)
{
	static const char other[] =
		"{'t':4,'type':'kernel','banner':'Linux version 5.10 (me@x) (gcc) #1 SMP',"
		"'release':'5.10'}\n";
	static const char older[] =
		"{'t':4,'type':'kernel','banner':'Linux version 6.12.1 (me@x) (gcc) #6 SMP "
		"today','release':'6.12.1'}\n";
	_cleanup_free_ char *one =
		xasprintf("%s%s%s", STAGED VERIFIED BEGIN("1"), other, DONE("1") END);
	_cleanup_free_ char *two =
		xasprintf("%s%s%s", STAGED VERIFIED BEGIN("1"), older, DONE("1") END);

	check_fault(one, "the kernel that ran is 5.10, staged was 6.12.1: another label");
	check_fault(two,
		    "is build #6 SMP today, staged was build #7 SMP today: an older");
	check_fault(ALL_BUT_IDS KERNEL_ID("'" OTHER "'") DONE("1") END,
		    "build id " OTHER ", which is not in the staged one: an Image");
}

TEST(a_stale_module_is_the_labs_even_when_a_test_failed)
{
	check_fault(ALL_BUT_IDS KERNEL_ID("'" ID "'") MODULE(
			    "'" OTHER "'",
			    "'" ID "'") "{'t':7,'type':'test','suite':'s','name':'n',"
					"'result':'fail','attempt':1}\n" DONE("1") END,
		    "the module videobuf2_common that was loaded has build id " OTHER);
}

TEST(a_module_that_a_test_loads_is_asked_again_and_the_last_answer_counts)
{
	const char *events = ALL_BUT_IDS KERNEL_ID("'" ID "'") MODULE("null", "'" ID "'")
		MODULE("'" ID "'", "'" ID "'") DONE("1") END;
	_cleanup_json_ json_t *p = provenance_of(events, 0);

	CHECK(json_get_bool(p, "proven", false));
	CHECK_EQ(json_array_size(json_object_get(p, "modules")), 1);
	check_fault(ALL_BUT_IDS KERNEL_ID("'" ID "'") MODULE("null", "'" ID "'")
			    MODULE("'" OTHER "'", "'" ID "'") DONE("1") END,
		    "the module videobuf2_common that was loaded");
}

TEST(each_attempt_has_its_own_proof)
{
	const char *events = STAGED VERIFIED BEGIN("1") LOADED("bootrig-r1/Image", "99")
		SEEN DONE("1") BEGIN("2")
			LOADED_ALL SEEN PHASE NONCE KERNEL_ID("'" ID "'") DONE("2") END;
	_cleanup_json_ json_t *first = provenance_of(events, 0),
			      *second = provenance_of(events, 1), *r = fold_lines(events);

	CHECK(strstr(json_get_str(first, "fault", ""), "99 bytes"));
	CHECK(json_get_bool(second, "proven", false));
	CHECK_STR(json_get_str(json_array_get(json_object_get(r, "attempts"), 0),
			       "status", ""),
		  "lab");
	CHECK_STR(json_get_str(json_object_get(r, "verdict"), "status", ""), "pass");
}

#define SUMMED(file, seen, as_booted)                                                    \
	"{'t':3,'type':'ram','path':'b/bootrig-r1/" file "','address':'0x1',"            \
	"'staged':'00000001','seen':'" seen "','as_booted':" as_booted "}\n"
#define ASKED_RAM                                                                        \
	STAGED "{'t':1,'type':'staged','label':'v2c','nonce':'5f','release':'6.12.1',"   \
	       "'verify_ram':true,'banner':'" BANNER "','build_ids':['" ID "'],"         \
	       "'files':[{'role':'kernel','name':'Image','path':'b/bootrig-r1/Image',"   \
	       "'sha256':'a','size':100}]}\n" VERIFIED BEGIN("1")
#define BOOTED SEEN PHASE NONCE KERNEL_ID("'" ID "'") DONE("1") END
#define IMAGE LOADED("bootrig-r1/Image", "100")

TEST(what_was_summed_in_ram_is_told_and_another_sum_is_the_labs)
{
	_cleanup_json_ json_t *p = provenance_of(
		ASKED_RAM IMAGE SUMMED("Image", "00000001", "true") BOOTED, 0);
	const json_t *ram = json_object_get(
		json_array_get(json_object_get(p, "files"), 0), "ram_crc32");

	CHECK(json_get_bool(p, "proven", false));
	CHECK_STR(json_get_str(ram, "seen", ""), "00000001");
	CHECK_STR(json_get_str(ram, "address", ""), "0x1");
	CHECK(json_get_bool(ram, "as_booted", false));
	check_fault(ASKED_RAM IMAGE SUMMED("Image", "00000002", "true") BOOTED,
		    "RAM did not hold Image as it was staged: crc32 00000002, staged was "
		    "00000001");
	check_why(ASKED_RAM IMAGE BOOTED, "not asked for its sum of Image");
}

TEST(a_transfer_that_was_only_for_the_sum_proves_nothing_of_the_one_that_boots)
{
	_cleanup_json_ json_t *p = provenance_of(
		ASKED_RAM IMAGE SUMMED("Image", "00000001", "false") IMAGE BOOTED, 0);

	CHECK(json_get_bool(p, "proven", false));
	check_why(ASKED_RAM IMAGE SUMMED("Image", "00000001", "false") BOOTED,
		  "did not say that it loaded Image");
	check_fault(ASKED_RAM IMAGE SUMMED("Image", "00000001", "false")
			    LOADED("other", "5") BOOTED,
		    "did not transfer Image with the 100 bytes");
}

#define TREES                                                                            \
	"{'t':0,'type':'run','id':'r','expect':null}\n"                                  \
	"{'t':1,'type':'staged','label':'v2c','nonce':'5f','release':'6.12.1',"          \
	"'banner':'" BANNER "','build_ids':['" ID "'],'files':["                         \
	"{'role':'kernel','name':'Image','path':'b/bootrig-r1/Image','sha256':'a',"      \
	"'size':100}],'fdtdir':{'path':'b/bootrig-r1/dtbs','files':577,'bytes':9,"       \
	"'sha256':'e'}}\n" VERIFIED BEGIN("1") LOADED("bootrig-r1/Image", "100")
#define TAKEN                                                                            \
	"{'t':3,'type':'taken','role':'dtb','name':'dtbs/q/v.dtb',"                      \
	"'path':'b/bootrig-r1/dtbs/q/v.dtb','sha256':'f','size':9}\n"
#define TREE_RUNS SEEN PHASE NONCE KERNEL_ID("'" ID "'") DONE("1") END

TEST(the_device_tree_that_u_boot_chose_is_a_file_like_others)
{
	_cleanup_json_ json_t *p = provenance_of(
		TREES LOADED("bootrig-r1/dtbs/q/v.dtb", "9") TAKEN TREE_RUNS, 0);
	const json_t *files = json_object_get(p, "files");

	CHECK(json_get_bool(p, "proven", false));
	CHECK_EQ(json_array_size(files), 2);
	CHECK_STR(json_get_str(json_array_get(files, 1), "served_sha256", ""), "f");
	CHECK_EQ(json_get_int(json_array_get(files, 1), "transferred_bytes", 0), 9);
	CHECK_EQ(json_get_int(json_object_get(p, "fdtdir"), "files", 0), 577);
	check_fault(TREES LOADED("bootrig-r1/dtbs/q/v.dtb", "8") TAKEN TREE_RUNS,
		    "transferred 8 bytes of dtbs/q/v.dtb, staged were 9");
}

TEST(a_kernel_that_got_another_device_tree_says_nothing)
{
	check_fault(TREES TREE_RUNS, "loaded none of the 577 device trees below "
				     "b/bootrig-r1/dtbs");
}

TESTS(T(what_was_summed_in_ram_is_told_and_another_sum_is_the_labs),
      T(a_transfer_that_was_only_for_the_sum_proves_nothing_of_the_one_that_boots),
      T(a_label_that_was_not_chosen_is_the_labs_and_named),
      T(another_label_before_the_chosen_one_ran_or_after_it_failed_is_no_fault),
      T(a_boot_whose_witnesses_all_agree_is_proven), T(what_could_not_be_shown_is_told),
      T(a_file_that_arrives_with_another_size_is_the_labs_and_named),
      T(the_loaders_configuration_is_a_file_like_others_where_the_loader_asked_for_it),
      T(another_label_than_the_staged_one_is_the_labs),
      T(another_kernel_than_the_staged_one_is_the_labs_with_its_likely_cause),
      T(a_stale_module_is_the_labs_even_when_a_test_failed),
      T(a_module_that_a_test_loads_is_asked_again_and_the_last_answer_counts),
      T(the_device_tree_that_u_boot_chose_is_a_file_like_others),
      T(a_kernel_that_got_another_device_tree_says_nothing),
      T(each_attempt_has_its_own_proof))
