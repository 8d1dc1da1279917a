// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the JSON form of the object that a memory checker saw misused, and of its life:
 * object, allocated_by, freed_by, queued_by (docs/result.md). */
#include "parse/incident.h"

#include "util/jsonx.h"
#include "util/mem.h"

static const char *const sorts[INCIDENT_N_OBJECT_SORTS] = {
#define X(name, str) [INCIDENT_OBJECT_##name] = str,
	INCIDENT_OBJECTS(X)
#undef X
};

static const char *const track_keys[INCIDENT_N_TRACKS] = {
	[INCIDENT_ALLOCATED] = "allocated_by",
	[INCIDENT_FREED] = "freed_by",
	[INCIDENT_QUEUED] = "queued_by",
};

void incident_object_release(struct incident *in)
{
	free(in->object.name);
	free(in->object.module);
	free(in->object.state);
	for (size_t i = 0; i < INCIDENT_N_TRACKS; i++) {
		free(in->tracks[i].function);
		free(in->tracks[i].module);
		incident_frames_free(in->tracks[i].frames, in->tracks[i].n_frames);
	}
}

static json_t *tag_json(int32_t tag)
{
	return tag < 0 ? json_null() : json_hex((uint64_t)tag);
}

static json_t *object_json(const struct incident_object *b)
{
	json_t *o;

	if (b->sort == INCIDENT_NO_OBJECT && b->pointer_tag < 0)
		return json_null();
	o = json_object();
	json_put(o, "sort",
		 b->sort == INCIDENT_NO_OBJECT ? json_null()
					       : json_string(sorts[b->sort]));
	json_put(o, "name", json_lossy_str(b->name));
	json_put(o, "module", json_lossy_str(b->module));
	json_put(o, "state", json_lossy_str(b->state));
	json_put(o, "address", b->has_address ? json_hex(b->address) : json_null());
	json_put(o, "size", b->has_size ? json_hex(b->size) : json_null());
	json_put(o, "cache_size", b->cache_size ? json_hex(b->cache_size) : json_null());
	json_put(o, "offset", b->has_offset ? json_signed_hex(b->offset) : json_null());
	json_put(o, "pointer_tag", tag_json(b->pointer_tag));
	json_put(o, "memory_tag", tag_json(b->memory_tag));
	return o;
}

static json_t *track_json(const struct incident_track *t)
{
	json_t *o;

	if (!t->is_told)
		return json_null();
	o = json_object();
	json_put(o, "function", json_lossy_str(t->function));
	json_put(o, "module", json_lossy_str(t->module));
	json_put(o, "pid", t->pid < 0 ? json_null() : json_integer(t->pid));
	json_put(o, "cpu", t->cpu < 0 ? json_null() : json_integer(t->cpu));
	json_put(o, "time_s", t->at_s < 0 ? json_null() : json_real(t->at_s));
	json_put(o, "call_trace", incident_frames_to_json(t->frames, t->n_frames));
	return o;
}

void incident_object_to_json(const struct incident *in, json_t *o)
{
	json_put(o, "object", object_json(&in->object));
	for (size_t i = 0; i < INCIDENT_N_TRACKS; i++)
		json_put(o, track_keys[i], track_json(&in->tracks[i]));
}

static int32_t small_from(const json_t *j)
{
	uint64_t v;

	return incident_number_from_json(j, &v) && v <= INT32_MAX ? (int32_t)v : -1;
}

static bool offset_from(const json_t *j, int64_t *out)
{
	const char *s = json_string_value(j);
	bool is_negative = s && *s == '-';
	_cleanup_json_ json_t *plain = is_negative ? json_string(s + 1) : NULL;
	uint64_t v;

	if (!incident_number_from_json(plain ? plain : j, &v) || v > INT64_MAX)
		return false;
	*out = is_negative ? -(int64_t)v : (int64_t)v;
	return true;
}

static void read_object(struct incident_object *b, const json_t *o)
{
	const char *sort = json_get_str(o, "sort", "");

	for (int i = INCIDENT_NO_OBJECT + 1; i < INCIDENT_N_OBJECT_SORTS; i++)
		if (strcmp(sort, sorts[i]) == 0)
			b->sort = (enum incident_object_sort)i;
	b->name = incident_text_from_json(o, "name");
	b->module = incident_text_from_json(o, "module");
	b->state = incident_text_from_json(o, "state");
	b->has_address =
		incident_number_from_json(json_object_get(o, "address"), &b->address);
	b->has_size = incident_number_from_json(json_object_get(o, "size"), &b->size);
	(void)incident_number_from_json(json_object_get(o, "cache_size"), &b->cache_size);
	b->has_offset = offset_from(json_object_get(o, "offset"), &b->offset);
	b->pointer_tag = small_from(json_object_get(o, "pointer_tag"));
	b->memory_tag = small_from(json_object_get(o, "memory_tag"));
}

static void read_track(struct incident_track *t, const json_t *o)
{
	const json_t *at = json_object_get(o, "time_s");

	t->is_told = true;
	t->function = incident_text_from_json(o, "function");
	t->module = incident_text_from_json(o, "module");
	t->pid = small_from(json_object_get(o, "pid"));
	t->cpu = small_from(json_object_get(o, "cpu"));
	if (json_is_number(at) && json_number_value(at) >= 0)
		t->at_s = json_number_value(at);
	incident_frames_from_json(json_object_get(o, "call_trace"),
				  INCIDENT_MAX_TRACK_FRAMES, &t->frames, &t->n_frames);
}

void incident_object_from_json(struct incident *in, const json_t *o)
{
	const json_t *object = json_object_get(o, "object");

	if (json_is_object(object))
		read_object(&in->object, object);
	for (size_t i = 0; i < INCIDENT_N_TRACKS; i++) {
		const json_t *track = json_object_get(o, track_keys[i]);

		if (json_is_object(track))
			read_track(&in->tracks[i], track);
	}
}
