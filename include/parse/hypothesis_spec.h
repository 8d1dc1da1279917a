// SPDX-License-Identifier: GPL-2.0-or-later
/* What somebody believes about a failure, as clauses that a report can confirm or falsify
 * (docs/hypotheses.md). A file holds one hypothesis, a list of them, or `hypotheses:`
 * with a list; a job holds them under its `bootrig:` key. What a clause means is
 * diagnose/'s business. */
#pragma once

#include <stdbool.h>

#include "parse/incident.h"
#include "parse/yaml.h"

enum {
	HYPOTHESES_MAX = 32,
	HYPOTHESIS_MAX_ITEMS = 64, /* in a clause, alternatives counted */
	HYPOTHESIS_MAX_TEXT = 200
};

/* One thing that must be there, under any of these names (globs). */
struct hypothesis_item {
	struct strvec any;
};

struct hypothesis_items {
	struct hypothesis_item *v;
	size_t n;
};

/* Clauses that are not given are empty, NULL or false. At least one is given. */
struct hypothesis {
	char *name;              /* one line */
	char *description;       /* NULL = none */
	uint64_t kinds;          /* bit i = enum incident_kind i */
	struct strvec functions; /* any of; globs */
	char *access;            /* "struct dma_fence.context" */
	bool base_null;
	bool has_fault_address;
	uint64_t fault_address;
	struct hypothesis_items trace, modules; /* all of */
	struct hypothesis_item allocated, freed;
	struct spec_mark mark;
};

struct hypotheses {
	struct hypothesis *v;
	size_t n;
};

#define HYPOTHESES_INIT                                                                  \
	{                                                                                \
		.v = NULL, .n = 0                                                        \
	}
#define _cleanup_hypotheses_ _cleanup_(hypotheses_release)
void hypotheses_release(struct hypotheses *h);

/* Append what a file says. -EINVAL with a message for each mistake, names that *out has
 * already among them; -ENOENT and friends when it cannot be read. */
MUST_CHECK int hypotheses_load(const char *path, struct hypotheses *out,
			       struct spec_messages *msgs, struct err *err);
MUST_CHECK int hypotheses_parse(const char *path, const char *text, size_t len,
				struct hypotheses *out, struct spec_messages *msgs,
				struct err *err);
/* One hypothesis in a mapping of another file. */
void hypotheses_add(struct spec_report *r, const struct yaml_node *n, const char *what,
		    struct hypotheses *out);
/* {"hypotheses": [...]}, which is such a file: JSON is YAML. The caller's reference. */
json_t *hypotheses_to_json(const struct hypotheses *h);
