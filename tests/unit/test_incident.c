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

TESTS(T(every_kind_has_a_name_that_leads_back_to_it),
      T(warnings_are_recorded_and_crashes_are_fatal),
      T(unknown_fields_are_null_and_addresses_are_strings))
