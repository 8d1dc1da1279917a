// SPDX-License-Identifier: GPL-2.0-or-later
/* What a job says about the run as a whole: our own words under `bootrig:` and LAVA's
 * `context:`. */
#include "parse/spec_load.h"

#include <strings.h>

#include "util/jsonx.h"
#include "util/mem.h"

static void load_fatality(struct spec_report *r, const struct yaml_node *n,
			  const char *what, struct job_spec *job, signed char fatal)
{
	uint64_t kinds = 0;

	spec_load_kinds(r, n, what, &kinds);
	for (size_t i = 0; i < INCIDENT_N_KINDS; i++)
		if (kinds >> i & 1)
			job->watch.fatal[i] = fatal;
}

static void load_fatal(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *job)
{
	load_fatality(r, n, what, job, 1);
}

static void load_record(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *job)
{
	load_fatality(r, n, what, job, 0);
}

static const struct yaml_field watch_fields[] = {
	YAML_FN_BASE("fatal", load_fatal),
	YAML_FN_BASE("record", load_record),
};

static bool names(const struct yaml_node *list, const char *kind)
{
	for (size_t i = 0; list && list->kind == YAML_LIST && i < list->n; i++)
		if (list->vals[i]->kind == YAML_SCALAR &&
		    strcmp(list->vals[i]->text, kind) == 0)
			return true;
	return list && list->kind == YAML_SCALAR && strcmp(list->text, kind) == 0;
}

static void load_watch(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *job)
{
	if (!yaml_load_map(r, n, what, watch_fields, ARRAY_SIZE(watch_fields), job))
		return;
	for (size_t i = 0; i < INCIDENT_N_KINDS; i++) {
		const char *kind = incident_kind_to_str((enum incident_kind)i);

		if (names(yaml_find(n, "fatal"), kind) &&
		    names(yaml_find(n, "record"), kind))
			spec_complain(
				r, yaml_find(n, "record")->mark,
				"%s is in fatal and in record; expected it in one of them",
				kind);
	}
}

static const struct yaml_field expect_fields[] = {
	YAML_FN("kind", spec_load_kinds, struct job_spec, expect.kinds),
	YAML_LINES("function", struct job_spec, expect.functions),
	YAML_LINES("title", struct job_spec, expect.titles),
	YAML_BOOL("test_failure", struct job_spec, expect.test_failure),
};

static void load_expect(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *base)
{
	struct job_spec *job = base;

	if (!yaml_load_map(r, n, what, expect_fields, ARRAY_SIZE(expect_fields), job))
		return;
	job->expect.given = true;
	if (!n->n)
		spec_complain(
			r, n->mark,
			"%s is empty; expected kind, function, title or test_failure",
			what);
}

/* `silence: {seconds: 5}`; 0 would never be quiet enough. */
static void load_positive(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *ms)
{
	int64_t v = -1;

	spec_load_duration(r, n, what, &v);
	if (v == 0)
		spec_complain(r, n->mark, "%s is 0; expected for example {seconds: 5}",
			      what);
	else if (v > 0)
		*(int64_t *)ms = v;
}

static void load_recovery(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *recover)
{
	bool v;

	if (yaml_get_bool(r, n, what, &v))
		*(int *)recover = v;
}

static const struct yaml_field loop_fields[] = {
	YAML_U32("boots", struct job_spec, loop_boots, 2, 1000),
};

static void load_loop(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *job)
{
	yaml_load_map(r, n, what, loop_fields, ARRAY_SIZE(loop_fields), job);
}

static void load_post(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *base)
{
	struct job_spec *job = base;
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	if ((strncasecmp(s, "http://", 7) != 0 && strncasecmp(s, "https://", 8) != 0) ||
	    strpbrk(s, " \t\r\n"))
		spec_complain(r, n->mark,
			      "%s is \"%.60s\"; expected an http: or https: URL", what,
			      s);
	else
		strvec_add(&job->result_urls, s);
}

static const struct yaml_field result_fields[] = {
	YAML_FN_BASE_REQUIRED("post", load_post),
};

static void load_results(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *job)
{
	if (!yaml_want_list(r, n, what))
		return;
	for (size_t i = 0; i < n->n; i++)
		yaml_load_map(r, n->vals[i], what, result_fields,
			      ARRAY_SIZE(result_fields), job);
}

/* A file of its own: its mistakes are told with both places. */
static void add_hypothesis_file(struct spec_report *r, const struct yaml_node *n,
				const char *what, struct hypotheses *out)
{
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;
	char *path = NULL;

	spec_load_path(r, n, what, &path);
	/* The loader says all there is to say in its messages. */
	if (path && !r->is_copy && hypotheses_load(path, out, &msgs, &err))
		for (size_t i = 0; i < msgs.v.n; i++)
			spec_complain(r, n->mark, "%s: %s", what, msgs.v.v[i]);
	strvec_release(&msgs.v);
	free(path);
}

static void load_hypotheses(struct spec_report *r, const struct yaml_node *n,
			    const char *what, void *hypotheses)
{
	if (!yaml_want_list(r, n, what))
		return;
	if (!n->n)
		spec_complain(r, n->mark,
			      "%s is empty; expected hypotheses or paths of their files",
			      what);
	for (size_t i = 0; i < n->n; i++)
		if (n->vals[i]->kind == YAML_SCALAR)
			add_hypothesis_file(r, n->vals[i], what, hypotheses);
		else
			hypotheses_add(r, n->vals[i], what, hypotheses);
}

static void load_vmlinux(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *base)
{
	struct job_spec *job = base;

	job->vmlinux_mark = n->mark;
	spec_load_local_file(r, n, what, &job->vmlinux);
}

static void load_modules(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *modules)
{
	if (!yaml_want_list(r, n, what))
		return;
	for (size_t i = 0; i < n->n && i < INCIDENT_MAX_MODULES; i++) {
		char *path = NULL;

		spec_load_local_file(r, n->vals[i], what, &path);
		if (path)
			strvec_add_take(modules, path);
	}
}

static const struct yaml_field bootrig_fields[] = {
	YAML_FN("silence", load_positive, struct job_spec, silence_ms),
	YAML_FN("probe", load_positive, struct job_spec, silence_probe_ms),
	YAML_FN_BASE("watch", load_watch),
	YAML_FN_BASE("expect", load_expect),
	YAML_LINES("kernel_args", struct job_spec, kernel_args),
	YAML_LINES("harvest", struct job_spec, harvest),
	YAML_FN("recovery", load_recovery, struct job_spec, recover),
	YAML_FN_BASE("loop", load_loop),
	YAML_FN_BASE("results", load_results),
	YAML_FN("hypotheses", load_hypotheses, struct job_spec, hypotheses),
	YAML_FN_BASE("vmlinux", load_vmlinux),
	YAML_FN("modules", load_modules, struct job_spec, modules),
	YAML_FN("provenance_modules", spec_load_module_names, struct job_spec,
		provenance_modules),
	YAML_FN("soak", job_load_soak, struct job_spec, soak),
	YAML_FN("kernel", job_load_kernels, struct job_spec, kernels),
};

void job_load_bootrig(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *job)
{
	if (!yaml_load_map(r, n, what, bootrig_fields, ARRAY_SIZE(bootrig_fields), job))
		return;
	if (yaml_find(n, "modules") && !yaml_find(n, "vmlinux"))
		spec_complain(r, yaml_find_key(n, "modules")->mark,
			      "%s.modules stands without vmlinux; expected both", what);
}

/* LAVA's context overrides values of its device templates. We read two, let pass what
 * describes machines that LAVA itself starts, and refuse what would change the board. */
#define CONTEXT_BOARD(k) YAML_REFUSED(k, "the board file says how this board boots")

static const struct yaml_field context_fields[] = {
	YAML_ANY("extra_kernel_args"),
	YAML_ANY("kernel_loglevel"),
	YAML_ANY("arch"),
	YAML_ANY("cpu"),
	YAML_ANY("machine"),
	YAML_ANY("memory"),
	YAML_ANY("model"),
	YAML_ANY("guestfs_driveid"),
	YAML_ANY("guestfs_interface"),
	YAML_ANY("guestfs_size"),
	YAML_ANY("netdevice"),
	YAML_ANY("no_kvm"),
	YAML_ANY("vga"),
	YAML_ANY("monitor"),
	YAML_ANY("serial"),
	YAML_ANY("extra_options"),
	YAML_ANY("lava_test_results_dir"),
	CONTEXT_BOARD("boot_console"),
	CONTEXT_BOARD("boot_root"),
	CONTEXT_BOARD("booti_dtb_addr"),
	CONTEXT_BOARD("booti_kernel_addr"),
	CONTEXT_BOARD("booti_ramdisk_addr"),
	CONTEXT_BOARD("bootm_dtb_addr"),
	CONTEXT_BOARD("bootm_kernel_addr"),
	CONTEXT_BOARD("bootm_ramdisk_addr"),
	CONTEXT_BOARD("bootz_dtb_addr"),
	CONTEXT_BOARD("bootz_kernel_addr"),
	CONTEXT_BOARD("bootz_ramdisk_addr"),
	CONTEXT_BOARD("boot_character_delay"),
	CONTEXT_BOARD("test_character_delay"),
	CONTEXT_BOARD("bootloader_prompt"),
	CONTEXT_BOARD("console_device"),
	CONTEXT_BOARD("menu_interrupt_prompt"),
	CONTEXT_BOARD("mustang_menu_list"),
	CONTEXT_BOARD("tftp_mac_address"),
	CONTEXT_BOARD("uboot_extra_error_message"),
	CONTEXT_BOARD("uboot_needs_interrupt"),
	CONTEXT_BOARD("uboot_altbank"),
	YAML_REFUSED("boot_retry", "say failure_retry in the boot action"),
	YAML_REFUSED("failure_retry", "say failure_retry in the action"),
	YAML_REFUSED("custom_kernel_args", "say extra_kernel_args, or kernel_args under "
					   "bootrig:"),
	YAML_REFUSED("extra_nfsroot_args", "say extra_kernel_args"),
	YAML_REFUSED("kernel_start_message",
		     "say parameters: kernel-start-message in the boot action"),
};

static void check_context_value(struct spec_report *r, const struct yaml_node *key,
				const struct yaml_node *n)
{
	const struct yaml_node *const *items = &n;
	size_t count = 1;

	if (n->kind == YAML_LIST) {
		items = (const struct yaml_node *const *)n->vals;
		count = n->n;
	}
	for (size_t i = 0; i < count; i++)
		if (items[i]->kind != YAML_SCALAR || strpbrk(items[i]->text, "\r\n"))
			spec_complain(r, items[i]->mark,
				      "context.%s is no line of text; expected one",
				      key->text);
}

void job_load_context(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *json)
{
	const struct yaml_node *level = yaml_find(n, "kernel_loglevel");
	char nothing; /* the table stores no value */
	uint64_t v;

	if (yaml_is_null(n) || !yaml_load_map(r, n, what, context_fields,
					      ARRAY_SIZE(context_fields), &nothing))
		return;
	for (size_t i = 0; i < n->n; i++)
		check_context_value(r, n->keys[i], n->vals[i]);
	if (level)
		(void)yaml_get_u64(r, level, "context.kernel_loglevel", 0, 15, &v);
	*(void **)json = yaml_to_json(n, true);
}

static void add_words(struct strbuf *sb, const json_t *j, const char *prefix)
{
	for (size_t i = 0; json_is_array(j) && i < json_array_size(j); i++)
		add_words(sb, json_array_get(j, i), prefix);
	if (json_is_string(j) && json_string_value(j)[0])
		strbuf_addf(sb, "%s%s%s", sb->len ? " " : "", prefix,
			    json_string_value(j));
}

char *job_context_kernel_args(const struct job_spec *job)
{
	struct strbuf sb = STRBUF_INIT;

	if (!job->context)
		return NULL;
	add_words(&sb, json_object_get(job->context, "extra_kernel_args"), "");
	add_words(&sb, json_object_get(job->context, "kernel_loglevel"), "loglevel=");
	return sb.len ? strbuf_take(&sb) : NULL;
}
