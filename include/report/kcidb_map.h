// SPDX-License-Identifier: GPL-2.0-or-later
/* The single facts of the KCIDB mapping, each a pure function of text: statuses, paths,
 * stable ids, what a kernel banner says. kcidb.c puts the objects together. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "util/compiler.h"
#include "util/hash.h"

/* KCIDB's word for a verdict: the kernel's fault FAIL (a failed test case leaves the boot
 * PASS), ours ERROR once the kernel ran and MISS before. */
const char *kcidb_boot_status(const char *status, const char *kind, bool kernel_ran);
/* ... and for a test case: pass, fail, skip, unknown. */
const char *kcidb_test_status(const char *result, bool has_measurement);
/* "suite.case" in KCIDB's alphabet: other characters become "_", empty parts vanish.
 * Never empty, at most 512 bytes; the caller owns it. */
char *kcidb_path(const char *suite, const char *name);
/* The compiler in "Linux version 6.1 (who@where) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU
 * ld …) #1": "gcc-12 (Debian 12.2.0-14) 12.2.0". NULL when it is not there; the caller
 * owns it. */
char *kcidb_compiler(const char *banner);
/* An http(s) URL that needs no escaping and holds no password: fit to publish. */
bool kcidb_url_is_public(const char *url);
/* SHA-256 over the strings, with a separator; the list ends with NULL. */
struct sha256_hex kcidb_hash(const char *first, ...) __attribute__((sentinel));
/* A copy without nulls (KCIDB forbids them) and without NUL characters in strings. */
json_t *kcidb_clean(const json_t *j);
