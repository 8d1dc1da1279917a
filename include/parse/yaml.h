// SPDX-License-Identifier: GPL-2.0-or-later
/* YAML 1.2 (and with it JSON) as a bounded tree with the place of every value, and tables
 * that turn a mapping into a struct. A mapping is read by its table alone: a key that no
 * table names is an error, so nothing in a file is ignored silently. Knows nothing about
 * jobs and boards. Files are hostile: bytes, nodes (aliases counted as what they stand
 * for) and depth are limited, duplicate keys and further documents are refused. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "util/compiler.h"
#include "util/err.h"
#include "util/strvec.h"

enum {
	YAML_MAX_BYTES = 4 << 20,
	YAML_MAX_NODES = 100000,
	YAML_MAX_DEPTH = 50,
	SPEC_MAX_MESSAGES = 50
};

/* Where in its file a value stood, for messages that come later than loading ("file not
 * found"). Columns count characters. */
struct spec_mark {
	uint32_t line, col; /* from 1; 0 = not in the file (a default) */
};

/* Messages of one load, "FILE:LINE:COL: what is wrong, what was expected". All of a
 * file's mistakes are collected (at most SPEC_MAX_MESSAGES), not only the first. */
struct spec_messages {
	struct strvec v;
};

/* Mistakes while they are collected. */
struct spec_complaint {
	struct spec_mark mark;
	char *text;
};
struct spec_report {
	const char *path; /* borrowed; as given on the command line */
	const char *dir;  /* borrowed; where relative paths of the file start; NULL = not
			     needed */
	bool is_copy;     /* in a run directory: files that it names are not read */
	struct spec_complaint *v;
	size_t n;
	uint64_t n_again; /* values that a loader read once more, as repeats do */
};

#define _cleanup_spec_report_ _cleanup_(spec_report_release)
void spec_report_release(struct spec_report *r);
PRINTF(3, 4)
void spec_complain(struct spec_report *r, struct spec_mark mark, const char *fmt, ...);
/* Append the complaints to msgs in the order of the file. 0 when there are none, else
 * -EINVAL with err set to the first. */
MUST_CHECK int spec_report_finish(struct spec_report *r, struct spec_messages *msgs,
				  struct err *err);

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	bool is_plain; /* a scalar without quotes: may stand for a number, bool or null */
	bool is_bare;  /* a scalar neither quoted nor a block, whatever its tag says */
	bool is_open;  /* while loading: an alias to it would contain itself */
	struct spec_mark mark;
	uint32_t weight; /* nodes in this tree, aliases counted as what they stand for */
	char *text;      /* scalar: never NULL, no NUL inside */
	size_t begin, end;       /* scalar: its bytes in the file, without quotes */
	struct yaml_node **keys; /* map: scalars */
	struct yaml_node **vals; /* map: values; list: items */
	size_t n;
};

struct yaml_doc;
#define _cleanup_yaml_doc_ _cleanup_(cleanup_yaml_doc)

/* 0 and *out, or -EINVAL with complaints in r. An empty file is refused. */
MUST_CHECK int yaml_parse(const char *text, size_t len, struct yaml_doc **out,
			  struct spec_report *r);
void yaml_doc_free(struct yaml_doc *doc); /* NULL is fine */
const struct yaml_node *yaml_root(const struct yaml_doc *doc);
static inline void cleanup_yaml_doc(struct yaml_doc **doc)
{
	yaml_doc_free(*doc);
}

/* NULL when map has no such key (or is no map). */
const struct yaml_node *yaml_find(const struct yaml_node *map, const char *key);
const struct yaml_node *yaml_find_key(const struct yaml_node *map, const char *key);
bool yaml_is_null(const struct yaml_node *n);

/* Typed reading. Each returns false after a complaint that names `what`. */
bool yaml_get_str(struct spec_report *r, const struct yaml_node *n, const char *what,
		  const char **out);
bool yaml_get_bool(struct spec_report *r, const struct yaml_node *n, const char *what,
		   bool *out);
bool yaml_get_u64(struct spec_report *r, const struct yaml_node *n, const char *what,
		  uint64_t min, uint64_t max, uint64_t *out);
/* A list of strings, or one string for a list of one. Appends. */
bool yaml_get_strs(struct spec_report *r, const struct yaml_node *n, const char *what,
		   struct strvec *out);
/* The same, of lines without control characters. */
bool yaml_get_lines(struct spec_report *r, const struct yaml_node *n, const char *what,
		    struct strvec *out);
/* Has s no line break and no control character but tabs? */
bool yaml_is_one_line(struct spec_report *r, struct spec_mark mark, const char *what,
		      const char *s);
bool yaml_want_map(struct spec_report *r, const struct yaml_node *n, const char *what);
bool yaml_want_list(struct spec_report *r, const struct yaml_node *n, const char *what);
/* One of words; false after a complaint with a "did you mean". */
bool yaml_get_word(struct spec_report *r, const struct yaml_node *n, const char *what,
		   const char *const *words, size_t n_words, size_t *out);
/* Is given probably that word, mistyped? */
bool yaml_is_near(const char *word, const char *given);

/* Numbers without loss, true, false, null; everything else, and everything when
 * as_strings, is a string. The caller owns the reference. */
json_t *yaml_to_json(const struct yaml_node *n, bool as_strings);

typedef void (*yaml_load_fn)(struct spec_report *r, const struct yaml_node *value,
			     const char *what, void *base);

enum yaml_field_type {
	YAML_F_STR,     /* char *, owned */
	YAML_F_LINE,    /* char *, owned; one line: no control characters */
	YAML_F_BOOL,    /* bool */
	YAML_F_U32,     /* uint32_t within min..max */
	YAML_F_STRS,    /* struct strvec; string or list of strings */
	YAML_F_LINES,   /* struct strvec of lines without control characters */
	YAML_F_FN,      /* load(r, value, what, base) */
	YAML_F_REFUSED, /* known, and not supported; why says what to do instead */
	YAML_F_ANY      /* known, recorded nowhere, means nothing here; the reference says
			   so */
};

struct yaml_field {
	const char *key;
	enum yaml_field_type type;
	bool required, may_be_null;
	size_t offset; /* into base */
	uint32_t min, max;
	yaml_load_fn load;
	const char *why;
};

#define YAML_STR(k, st, member)                                                          \
	{                                                                                \
		.key = k, .type = YAML_F_STR, .offset = offsetof(st, member)             \
	}
#define YAML_LINE(k, st, member)                                                         \
	{                                                                                \
		.key = k, .type = YAML_F_LINE, .offset = offsetof(st, member)            \
	}
#define YAML_LINE_REQUIRED(k, st, member)                                                \
	{                                                                                \
		.key = k, .type = YAML_F_LINE, .offset = offsetof(st, member),           \
		.required = true                                                         \
	}
#define YAML_BOOL(k, st, member)                                                         \
	{                                                                                \
		.key = k, .type = YAML_F_BOOL, .offset = offsetof(st, member)            \
	}
#define YAML_U32(k, st, member, lo, hi)                                                  \
	{                                                                                \
		.key = k, .type = YAML_F_U32, .offset = offsetof(st, member), .min = lo, \
		.max = hi                                                                \
	}
#define YAML_STRS(k, st, member)                                                         \
	{                                                                                \
		.key = k, .type = YAML_F_STRS, .offset = offsetof(st, member)            \
	}
#define YAML_LINES(k, st, member)                                                        \
	{                                                                                \
		.key = k, .type = YAML_F_LINES, .offset = offsetof(st, member)           \
	}
/* The function gets the address of the member, or of the struct itself. */
#define YAML_FN(k, fn, st, member)                                                       \
	{                                                                                \
		.key = k, .type = YAML_F_FN, .load = fn, .offset = offsetof(st, member)  \
	}
#define YAML_FN_REQUIRED(k, fn, st, member)                                              \
	{                                                                                \
		.key = k, .type = YAML_F_FN, .load = fn, .offset = offsetof(st, member), \
		.required = true                                                         \
	}
#define YAML_FN_BASE(k, fn)                                                              \
	{                                                                                \
		.key = k, .type = YAML_F_FN, .load = fn                                  \
	}
#define YAML_FN_BASE_REQUIRED(k, fn)                                                     \
	{                                                                                \
		.key = k, .type = YAML_F_FN, .load = fn, .required = true                \
	}
#define YAML_REFUSED(k, reason)                                                          \
	{                                                                                \
		.key = k, .type = YAML_F_REFUSED, .why = reason                          \
	}
#define YAML_ANY(k)                                                                      \
	{                                                                                \
		.key = k, .type = YAML_F_ANY                                             \
	}

/* Read map into base by the table. `what` names the mapping in messages. false when n is
 * no mapping. */
bool yaml_load_map(struct spec_report *r, const struct yaml_node *n, const char *what,
		   const struct yaml_field *fields, size_t n_fields, void *base);
