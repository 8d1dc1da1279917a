// SPDX-License-Identifier: GPL-2.0-or-later
/* What the loaders of `bootrig: kernel:` share. Private to parse/job_spec_kernel*.c,
 * job_spec_build.c and job_spec_outcome.c. */
#pragma once

#include "parse/spec_load.h"

/* yaml_load_fn for tables; base is the member named. */
void job_load_base(struct spec_report *r, const struct yaml_node *n, const char *what,
		   void *str);
void job_load_series(struct spec_report *r, const struct yaml_node *n, const char *what,
		     void *str);
void job_load_word(struct spec_report *r, const struct yaml_node *n, const char *what,
		   void *str);
void job_load_arch(struct spec_report *r, const struct yaml_node *n, const char *what,
		   void *str);
void job_load_cross(struct spec_report *r, const struct yaml_node *n, const char *what,
		    void *str);
void job_load_config_base(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *str);
/* struct strvec of paths, resolved. */
void job_load_fragments(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *strvec);

/* How a kernel is built. at is the struct job_build's place in st: "" or "build.". */
#define JOB_BUILD_FIELDS(st, at)                                                         \
	YAML_FN("base", job_load_base, st, at base),                                     \
		YAML_FN("series", job_load_series, st, at series),                       \
		YAML_FN("upto", job_load_word, st, at upto),                             \
		YAML_FN("arch", job_load_arch, st, at arch),                             \
		YAML_FN("cross", job_load_cross, st, at cross),                          \
		YAML_FN("config_base", job_load_config_base, st, at config_base),        \
		YAML_FN("configs", job_load_fragments, st, at configs),                  \
		YAML_STR("command", st, at command)

/* dtb:, overlays:, modules:; base is the struct job_kernel, of overlays its strvec. */
void job_load_dtb(struct spec_report *r, const struct yaml_node *n, const char *what,
		  void *kernel);
void job_load_overlays(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *strvec);
void job_load_modules(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *kernel);
/* Once it is known what it comes from: paths inside, when there is nothing to be inside
 * of; two ways to a device tree. */
void job_check_kernel_files(struct spec_report *r, const struct job_kernel *k);
/* build: */
void job_load_build(struct spec_report *r, const struct yaml_node *n, const char *what,
		    void *build);
/* expect: */
void job_load_outcome(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *outcome);
/* expect_in:; base is the struct job_kernel. */
void job_load_outcomes(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *kernel);
void job_release_outcome(struct job_outcome *o);
