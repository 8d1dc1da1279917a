// SPDX-License-Identifier: GPL-2.0-or-later
/* A kernel's configuration: a base (a make target, or a whole .config) and fragments on
 * top of it, the last word on an option counts. What was asked for and is not there in
 * the end is an error: kconfig drops an option whose dependencies are not met silently.
 */
#pragma once

#include <stdbool.h>

#include "kernel/kernel_make.h"
#include "util/hash.h"
#include "util/strbuf.h"

#define KCONFIG_MAX_BYTES ((size_t)4 << 20)

struct kconfig {
	char *base;          /* a make target; NULL: text begins with a whole .config */
	struct strbuf text;  /* that, then all fragments */
	struct strvec names; /* of the files, in order */
	struct sha256_hex *sha256; /* of each */
	size_t n_whole;            /* the first of them that are no fragments: 0 or 1 */
	struct strvec contents;    /* of each */
};

#define _cleanup_kconfig_ _cleanup_(kconfig_release)
void kconfig_release(struct kconfig *k);

/* base: "allnoconfig", "defconfig" …, or a file; NULL = allnoconfig. more may be NULL.
 * ERR_JOB: cannot be read. */
MUST_CHECK int kconfig_load(const char *base, const struct strvec *fragments,
			    const struct strvec *more, struct kconfig *out,
			    struct err *err);
/* Writes OBJECTS/.config when it is not yet what k and the source's Kconfig files give,
 * by make. ERR_JOB names the fragment's line of an option that is not there. */
MUST_CHECK int kconfig_apply(const struct kconfig *k, struct kernel_make *m,
			     struct err *err);
/* The value of CONFIG_<name> in a .config's text: "y", "\"-vb2\""; "" when it is not set.
 * The caller owns it. */
char *kconfig_get(const char *config, const char *name);
/* Does it build any module? */
bool kconfig_has_modules(const char *config);
