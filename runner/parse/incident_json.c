// SPDX-License-Identifier: GPL-2.0-or-later
/* The incident's JSON form (docs/result.md), written and read. Reading takes what is
 * there and never fails: a result may come from a later version, or from anybody. */
#include "parse/incident.h"

#include "parse/esr.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/num.h"

enum { MAX_TEXT = 4096 };

static json_t *esr_json(uint64_t value)
{
	json_t *o = json_object();
	struct esr e;

	esr_decode(value, &e);
	json_put(o, "value", json_hex(value));
	json_put(o, "ec", json_integer(e.ec));
	json_put(o, "ec_name", json_string(esr_ec_name(e.ec)));
	if (e.is_abort) {
		json_put(o, "dfsc", json_integer(e.fsc));
		json_put(o, "dfsc_name", json_string(esr_fsc_name(e.fsc)));
		json_put(o, "level", e.has_level ? json_integer(e.level) : json_null());
		json_put(o, "wnr", e.is_data ? json_boolean(e.wnr) : json_null());
		json_put(o, "fnv", json_boolean(e.fnv));
		json_put(o, "s1ptw", json_boolean(e.s1ptw));
		json_put(o, "ea", json_boolean(e.ea));
	}
	if (e.is_brk) {
		json_put(o, "brk", json_integer(e.brk_imm));
		json_put(o, "brk_name", json_string(esr_brk_name(e.brk_imm)));
	}
	return o;
}

static json_t *registers_json(const struct incident *in)
{
	json_t *o = json_object();

	for (size_t i = 0; i < in->n_regs; i++)
		json_put(o, in->regs[i].name, json_hex(in->regs[i].value));
	return o;
}

json_t *incident_kinds_to_json(uint64_t kinds)
{
	json_t *list = json_array();

	for (size_t i = 0; i < INCIDENT_N_KINDS; i++)
		if (kinds & (UINT64_C(1) << i))
			json_push(list, json_string(incident_kind_to_str(
						(enum incident_kind)i)));
	return list;
}

json_t *incident_frames_to_json(const struct incident_frame *frames, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct incident_frame *f = &frames[i];
		json_t *o = json_object();

		json_put(o, "function", json_lossy_str(f->function));
		json_put(o, "offset", json_hex(f->offset));
		json_put(o, "size", json_hex(f->size));
		json_put(o, "module", json_lossy_str(f->module));
		json_put(o, "reliable", json_boolean(f->reliable));
		json_push(a, o);
	}
	return a;
}

static json_t *code_json(const struct incident *in)
{
	json_t *o = json_object(), *words = json_array();

	for (size_t i = 0; i < in->n_code; i++) {
		char buf[12];

		snprintf(buf, sizeof(buf), "%08x", in->code[i]);
		json_push(words, json_string(buf));
	}
	json_put(o, "words", words);
	json_put(o, "faulting",
		 in->code_faulting < 0 ? json_null() : json_integer(in->code_faulting));
	return o;
}

static json_t *integer_or_null(int32_t v)
{
	return v < 0 ? json_null() : json_integer(v);
}

static json_t *range_json(const struct incident *in)
{
	json_t *a = json_array();

	json_push(a, json_hex(in->real_first));
	json_push(a, json_hex(in->real_last));
	return a;
}

static json_t *owner_json(const struct incident *in)
{
	json_t *o = json_object();

	json_put(o, "comm", json_lossy_str(in->owner_comm));
	json_put(o, "pid", integer_or_null(in->owner_pid));
	return o;
}

static json_t *evidence_json(const struct incident *in)
{
	json_t *a = json_array();

	for (size_t i = 0; i < in->n_evidence; i++) {
		json_t *o = json_object();

		json_put(o, "line", json_integer((json_int_t)in->evidence[i].line));
		json_put(o, "text", json_lossy_str(in->evidence[i].text));
		json_push(a, o);
	}
	return a;
}

json_t *incident_to_json(const struct incident *in)
{
	json_t *o = json_object();

	json_put(o, "kind", json_string(incident_kind_to_str(in->kind)));
	json_put(o, "title", json_lossy_str(in->title));
	json_put(o, "fatal", json_boolean(in->fatal));
	json_put(o, "truncated", json_boolean(in->truncated));
	json_put(o, "confidence", json_real(in->confidence));
	json_put(o, "line", json_integer((json_int_t)in->line));
	json_put(o, "offset", json_integer((json_int_t)in->offset));
	/* When it came; for a plain log, which has no times, the kernel's own stamp. */
	if (in->t_ns > 0)
		json_put(o, "time_s", json_real((double)in->t_ns / 1e9));
	else
		json_put(o, "time_s",
			 in->printk_s < 0 ? json_null() : json_real(in->printk_s));
	json_put(o, "boot", in->boot ? json_integer(in->boot) : json_null());
	json_put(o, "function", json_lossy_str(in->function));
	json_put(o, "module", json_lossy_str(in->module));
	json_put(o, "fault_address",
		 in->has_fault_address ? json_hex(in->fault_address) : json_null());
	json_put(o, "esr", in->has_esr ? esr_json(in->esr) : json_null());
	json_put(o, "pc", json_lossy_str(in->pc));
	json_put(o, "lr", json_lossy_str(in->lr));
	json_put(o, "registers", registers_json(in));
	json_put(o, "call_trace", incident_frames_to_json(in->frames, in->n_frames));
	json_put(o, "modules", json_lossy_strs(&in->modules));
	json_put(o, "cpu", integer_or_null(in->cpu));
	json_put(o, "pid", integer_or_null(in->pid));
	json_put(o, "comm", json_lossy_str(in->comm));
	json_put(o, "kernel", json_lossy_str(in->kernel));
	json_put(o, "tainted", json_lossy_str(in->tainted));
	json_put(o, "hardware", json_lossy_str(in->hardware));
	json_put(o, "code", code_json(in));
	json_put(o, "signature", json_lossy_str(in->signature));
	json_put(o, "source", json_lossy_str(in->source));
	json_put(o, "page_bytes", json_integer(in->page_bytes));
	json_put(o, "pstate", in->has_pstate ? json_hex(in->pstate) : json_null());
	json_put(o, "real_range", in->has_real_range ? range_json(in) : json_null());
	json_put(o, "banner", json_lossy_str(in->banner));
	json_put(o, "build_id", json_lossy_str(in->build_id));
	json_put(o, "kaslr_offset",
		 in->has_kaslr_offset ? json_hex(in->kaslr_offset) : json_null());
	json_put(o, "owner", in->owner_comm ? owner_json(in) : json_null());
	incident_object_to_json(in, o);
	json_put(o, "evidence", evidence_json(in));
	json_put(o, "panicked", json_boolean(in->panicked));
	json_put(o, "secondary", json_integer(in->n_secondary));
	return o;
}

char *incident_text_from_json(const json_t *o, const char *key)
{
	const json_t *j = json_object_get(o, key);
	size_t n;

	if (!json_is_string(j))
		return NULL;
	n = strnlen(json_string_value(j), MAX_TEXT);
	return xstrndup(json_string_value(j), n);
}

bool incident_number_from_json(const json_t *j, uint64_t *out)
{
	if (json_is_integer(j) && json_integer_value(j) >= 0) {
		*out = (uint64_t)json_integer_value(j);
		return true;
	}
	return json_is_string(j) &&
	       parse_u64n(json_string_value(j), json_string_length(j), 16, UINT64_MAX,
			  out) == 0;
}

static bool number_at(const json_t *o, const char *key, uint64_t *out)
{
	return incident_number_from_json(json_object_get(o, key), out);
}

static int32_t small_at(const json_t *o, const char *key)
{
	int64_t v = json_get_int(o, key, -1);

	return v >= 0 && v <= INT32_MAX ? (int32_t)v : -1;
}

/* Seconds within some 30 years; 0 when not given. */
static int64_t time_at(const json_t *o, const char *key)
{
	double s = json_number_value(json_object_get(o, key));

	return s > 0 && s < 1e9 ? (int64_t)(s * 1e9 + 0.5) : 0;
}

static void read_registers(struct incident *in, const json_t *o)
{
	const char *name;
	json_t *v;

	in->regs = xcalloc(INCIDENT_MAX_REGS, sizeof(*in->regs));
	json_object_foreach((json_t *)(uintptr_t)o, name, v)
	{
		struct incident_register *r = &in->regs[in->n_regs];

		if (in->n_regs == INCIDENT_MAX_REGS)
			return;
		if (strlen(name) >= sizeof(r->name) ||
		    !incident_number_from_json(v, &r->value))
			continue;
		snprintf(r->name, sizeof(r->name), "%s", name);
		in->n_regs++;
	}
}

void incident_frames_from_json(const json_t *a, size_t max, struct incident_frame **out,
			       size_t *n)
{
	*out = xcalloc(max, sizeof(**out));
	*n = 0;
	for (size_t i = 0; i < json_array_size(a) && *n < max; i++) {
		const json_t *o = json_array_get(a, i);
		struct incident_frame *f = &(*out)[*n];
		char *function = incident_text_from_json(o, "function");

		if (!function)
			continue;
		f->function = function;
		f->module = incident_text_from_json(o, "module");
		(void)number_at(o, "offset", &f->offset);
		(void)number_at(o, "size", &f->size);
		f->reliable = json_get_bool(o, "reliable", true);
		(*n)++;
	}
}

static void read_modules(struct incident *in, const json_t *a)
{
	for (size_t i = 0; i < json_array_size(a) && i < INCIDENT_MAX_MODULES; i++) {
		const json_t *j = json_array_get(a, i);

		if (json_is_string(j))
			strvec_add_take(
				&in->modules,
				xstrndup(json_string_value(j),
					 strnlen(json_string_value(j), MAX_TEXT)));
	}
}

static void read_code(struct incident *in, const json_t *o)
{
	const json_t *a = json_object_get(o, "words");
	size_t n = json_array_size(a);
	int32_t faulting = small_at(o, "faulting");
	uint64_t v;

	if (n > INCIDENT_MAX_CODE)
		return;
	in->code = xcalloc(INCIDENT_MAX_CODE, sizeof(*in->code));
	for (size_t i = 0; i < n; i++) {
		const json_t *j = json_array_get(a, i);

		/* A word less would move the faulting one. */
		if (!json_is_string(j) ||
		    parse_u64n(json_string_value(j), json_string_length(j), 16,
			       UINT32_MAX, &v)) {
			in->n_code = 0;
			return;
		}
		in->code[in->n_code++] = (uint32_t)v;
	}
	if (faulting >= 0 && (size_t)faulting < in->n_code)
		in->code_faulting = faulting;
}

static void read_evidence(struct incident *in, const json_t *a)
{
	in->evidence = xcalloc(INCIDENT_MAX_EVIDENCE, sizeof(*in->evidence));
	for (size_t i = 0; i < json_array_size(a); i++) {
		const json_t *o = json_array_get(a, i);
		const char *text = json_get_str(o, "text", NULL);
		struct incident_evidence *e = &in->evidence[in->n_evidence];

		if (in->n_evidence == INCIDENT_MAX_EVIDENCE)
			return;
		if (!text)
			continue;
		e->text = xstrndup(text, strnlen(text, INCIDENT_MAX_EVIDENCE_BYTES));
		(void)number_at(o, "line", &e->line);
		in->n_evidence++;
	}
}

/* Where the report stands and when it came. */
static void read_place(struct incident *in, const json_t *o)
{
	uint64_t boot;

	(void)number_at(o, "line", &in->line);
	(void)number_at(o, "offset", &in->offset);
	in->last_offset = in->offset;
	(void)number_at(o, "end_offset", &in->last_offset);
	in->t_ns = time_at(o, "time_s");
	in->decided_t_ns = time_at(o, "decided_s");
	/* A plain log has the kernel's stamp only, and it may be 0. */
	if (!in->t_ns && json_is_number(json_object_get(o, "time_s")))
		in->printk_s = 0;
	if (number_at(o, "boot", &boot) && boot <= UINT32_MAX)
		in->boot = (uint32_t)boot;
}

static void read_cpu_state(struct incident *in, const json_t *o)
{
	const json_t *range = json_object_get(o, "real_range");
	uint64_t page;

	in->has_fault_address = number_at(o, "fault_address", &in->fault_address);
	in->has_esr = number_at(json_object_get(o, "esr"), "value", &in->esr);
	in->has_pstate = number_at(o, "pstate", &in->pstate);
	if (number_at(o, "page_bytes", &page) && page <= 65536 && page >= 4096)
		in->page_bytes = (uint32_t)page;
	in->has_kaslr_offset = number_at(o, "kaslr_offset", &in->kaslr_offset);
	in->has_real_range =
		json_array_size(range) == 2 &&
		incident_number_from_json(json_array_get(range, 0), &in->real_first) &&
		incident_number_from_json(json_array_get(range, 1), &in->real_last);
	in->pc = incident_text_from_json(o, "pc");
	in->lr = incident_text_from_json(o, "lr");
	in->cpu = small_at(o, "cpu");
	in->pid = small_at(o, "pid");
	read_registers(in, json_object_get(o, "registers"));
	incident_frames_from_json(json_object_get(o, "call_trace"), INCIDENT_MAX_FRAMES,
				  &in->frames, &in->n_frames);
	read_code(in, json_object_get(o, "code"));
}

struct incident *incident_from_json(const json_t *o)
{
	enum incident_kind kind;
	const json_t *owner = json_object_get(o, "owner");
	const json_t *confidence = json_object_get(o, "confidence");
	struct incident *in;
	uint64_t n;

	if (incident_kind_from_str(json_get_str(o, "kind", ""), &kind))
		kind = INCIDENT_OTHER;
	in = incident_new(kind);
	in->title = incident_text_from_json(o, "title");
	in->fatal = json_get_bool(o, "fatal", in->fatal);
	in->truncated = json_get_bool(o, "truncated", false);
	if (json_is_number(confidence))
		in->confidence = json_number_value(confidence);
	in->function = incident_text_from_json(o, "function");
	in->module = incident_text_from_json(o, "module");
	in->comm = incident_text_from_json(o, "comm");
	in->kernel = incident_text_from_json(o, "kernel");
	in->tainted = incident_text_from_json(o, "tainted");
	in->hardware = incident_text_from_json(o, "hardware");
	in->signature = incident_text_from_json(o, "signature");
	in->source = incident_text_from_json(o, "source");
	in->banner = incident_text_from_json(o, "banner");
	in->build_id = incident_text_from_json(o, "build_id");
	in->owner_comm = incident_text_from_json(owner, "comm");
	in->owner_pid = small_at(owner, "pid");
	in->panicked = json_get_bool(o, "panicked", false);
	if (number_at(o, "secondary", &n) && n <= UINT32_MAX)
		in->n_secondary = (uint32_t)n;
	read_place(in, o);
	read_cpu_state(in, o);
	read_modules(in, json_object_get(o, "modules"));
	read_evidence(in, json_object_get(o, "evidence"));
	incident_object_from_json(in, o);
	return in;
}
