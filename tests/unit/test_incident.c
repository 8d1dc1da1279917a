// SPDX-License-Identifier: GPL-2.0-or-later
#include "tap.h"

#include "parse/incident.h"
#include "util/jsonx.h"
#include "util/mem.h"

TEST(every_kind_has_a_name_that_leads_back_to_it)
{
	for (int k = 0; k < INCIDENT_N_KINDS; k++) {
		enum incident_kind back;

		CHECK_EQ(incident_kind_from_str(
				 incident_kind_to_str((enum incident_kind)k), &back),
			 0);
		CHECK_EQ(back, k);
	}

	enum incident_kind unused;

	CHECK(incident_kind_from_str("no-such-kind", &unused) < 0);
}

TEST(warnings_are_recorded_and_crashes_are_fatal)
{
	CHECK(!incident_kind_is_fatal(INCIDENT_WARN));
	CHECK(!incident_kind_is_fatal(INCIDENT_OOM));
	CHECK(incident_kind_is_fatal(INCIDENT_NULL_DEREF));
	CHECK(incident_kind_is_fatal(INCIDENT_RESET));
}

TEST(unknown_fields_are_null_and_addresses_are_strings)
{
	struct incident *in = incident_new(INCIDENT_NULL_DEREF);
	_cleanup_json_ json_t *o = NULL;

	in->title = xstrdup("bytes \xff that are no UTF-8");
	in->has_fault_address = true;
	in->fault_address = 0x20;
	in->has_esr = true;
	in->esr = 0x96000044;
	o = incident_to_json(in);
	incident_free(in);
	CHECK_STR(json_get_str(o, "kind", ""), "null-deref");
	CHECK_STR(json_get_str(o, "fault_address", ""), "0x20");
	CHECK(json_is_null(json_object_get(o, "function")));
	CHECK(json_is_null(json_object_get(o, "cpu")));
	CHECK_CONTAINS(json_get_str(o, "title", ""), "\xef\xbf\xbd");

	const json_t *esr = json_object_get(o, "esr");

	CHECK_EQ(json_get_int(esr, "ec", 0), 0x25);
	CHECK_EQ(json_get_int(esr, "dfsc", 0), 4);
	CHECK(json_get_bool(esr, "wnr", false));
}

static struct incident *full_incident(void)
{
	struct incident *in = incident_new(INCIDENT_NULL_DEREF);

	in->title = xstrdup("NULL dereference in f");
	in->truncated = in->panicked = true;
	in->confidence = 0.5;
	in->line = 7;
	in->offset = 90;
	in->t_ns = 1234567891;
	in->boot = 2;
	in->function = xstrdup("f");
	in->module = xstrdup("m");
	in->has_fault_address = in->has_esr = in->has_pstate = true;
	in->fault_address = 0xffff800000000020;
	in->esr = 0x96000006;
	in->pstate = 0x60400009;
	in->pc = xstrdup("f+0x10/0x20 [m]");
	in->lr = xstrdup("g+0x8/0x20");
	in->regs = xcalloc(2, sizeof(*in->regs));
	in->n_regs = 2;
	snprintf(in->regs[0].name, sizeof(in->regs[0].name), "x19");
	snprintf(in->regs[1].name, sizeof(in->regs[1].name), "x0");
	in->regs[1].value = UINT64_MAX;
	in->frames = xcalloc(2, sizeof(*in->frames));
	in->n_frames = 2;
	in->frames[0] = (struct incident_frame){ .function = xstrdup("f"),
						 .module = xstrdup("m"),
						 .offset = 0x10,
						 .size = 0x20,
						 .reliable = true };
	in->frames[1] = (struct incident_frame){ .function = xstrdup("g") };
	strvec_add(&in->modules, "m");
	in->cpu = 3;
	in->pid = 0;
	in->comm = xstrdup("sh");
	in->banner = xstrdup("Linux version 6.12");
	in->build_id = xstrdup("abcd");
	in->code = xcalloc(2, sizeof(*in->code));
	in->n_code = 2;
	in->code[0] = 0xf9401262;
	in->code_faulting = 0;
	in->has_real_range = true;
	in->real_first = 0x20;
	in->real_last = 0x27;
	in->has_kaslr_offset = true;
	in->owner_comm = xstrdup("o");
	in->owner_pid = 9;
	in->object = (struct incident_object){ .sort = INCIDENT_OBJECT_SLAB,
					       .name = xstrdup("kmalloc-8k"),
					       .state = xstrdup("freed"),
					       .has_address = true,
					       .address = 0xffff000001000000,
					       .has_size = true,
					       .size = 0x2000,
					       .cache_size = 0x2000,
					       .has_offset = true,
					       .offset = -8,
					       .pointer_tag = 0xf4,
					       .memory_tag = 0 };
	in->tracks[INCIDENT_FREED] =
		(struct incident_track){ .is_told = true,
					 .function = xstrdup("h"),
					 .pid = 0,
					 .cpu = 2,
					 .at_s = 1.5,
					 .frames = xcalloc(1,
							   sizeof(struct incident_frame)),
					 .n_frames = 1 };
	in->tracks[INCIDENT_FREED].frames[0].function = xstrdup("kfree");
	in->evidence = xcalloc(1, sizeof(*in->evidence));
	in->n_evidence = 1;
	in->evidence[0] = (struct incident_evidence){ 7, xstrdup("Unable to handle") };
	in->n_secondary = 1;
	return in;
}

TEST(what_was_written_reads_back_the_same)
{
	for (int full = 0; full < 2; full++) {
		struct incident *in =
			full ? full_incident() : incident_new(INCIDENT_SILENCE);
		_cleanup_json_ json_t *first = incident_to_json(in);
		_cleanup_free_ char *text = json_line(first, NULL);
		_cleanup_json_ json_t *read = json_loads(text, 0, NULL);
		struct incident *back = incident_from_json(read);
		_cleanup_json_ json_t *second = incident_to_json(back);
		_cleanup_free_ char *again = json_line(second, NULL);

		CHECK_STR(again, text);
		incident_free(in);
		incident_free(back);
	}
}

TEST(a_hostile_object_gives_a_bounded_incident)
{
	static const char *const texts[] = {
		"[]",
		"{\"kind\": \"no-such\", \"registers\": [1], \"call_trace\": {}, \"code\": 3}",
		"{\"kind\": \"bug\", \"registers\": {\"a-name-too-long\": \"0x1\", \"x1\": \"zz\"},"
		" \"code\": {\"words\": [\"f9401262\", 5], \"faulting\": 1}, \"cpu\": 1e300,"
		" \"line\": -4, \"call_trace\": [1, {\"offset\": \"0x1\"}, null],"
		" \"object\": [1], \"freed_by\": {\"pid\": -3, \"call_trace\": 7},"
		" \"allocated_by\": 4,"
		" \"real_range\": [\"0x1\"], \"time_s\": -1, \"evidence\": [{\"line\": 2}]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_json_ json_t *j = json_loads(texts[i], 0, NULL);
		struct incident *in = incident_from_json(j);

		CHECK(j);
		CHECK_EQ(in->kind, i == 2 ? INCIDENT_BUG : INCIDENT_OTHER);
		CHECK_EQ(in->n_regs + in->n_frames + in->n_code + in->n_evidence, 0);
		CHECK_EQ(in->code_faulting, -1);
		CHECK_EQ(in->cpu, -1);
		CHECK_EQ(in->line, 0);
		CHECK(!in->has_real_range);
		CHECK_EQ(in->object.sort, INCIDENT_NO_OBJECT);
		CHECK(!in->tracks[INCIDENT_ALLOCATED].is_told);
		CHECK_EQ(in->tracks[INCIDENT_FREED].pid, -1);
		CHECK_EQ(in->tracks[INCIDENT_FREED].n_frames, 0);
		incident_free(in);
	}

	_cleanup_json_ json_t *many = json_object();
	json_t *trace = json_array(), *regs = json_object();
	_cleanup_free_ char *long_text = xcalloc(1, 100001);

	memset(long_text, 'a', 100000);
	for (int i = 0; i < 1000; i++) {
		char name[8];

		snprintf(name, sizeof(name), "r%u", (unsigned)i % 10000);
		json_put(regs, name, json_string("0x1"));
		json_push(trace, json_pack("{s:s}", "function", "f"));
	}
	json_put(many, "title", json_string(long_text));
	json_put(many, "call_trace", trace);
	json_put(many, "registers", regs);
	struct incident *in = incident_from_json(many);

	CHECK_EQ(in->n_frames, INCIDENT_MAX_FRAMES);
	CHECK_EQ(in->n_regs, INCIDENT_MAX_REGS);
	CHECK(strlen(in->title) < 5000);
	incident_free(in);
}

TESTS(T(every_kind_has_a_name_that_leads_back_to_it),
      T(warnings_are_recorded_and_crashes_are_fatal),
      T(unknown_fields_are_null_and_addresses_are_strings),
      T(what_was_written_reads_back_the_same),
      T(a_hostile_object_gives_a_bounded_incident))
