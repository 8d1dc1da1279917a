// SPDX-License-Identifier: GPL-2.0-or-later
/* One file that a job names: where it is, how it is packed, what it must hash to. */
#pragma once

#include <stdbool.h>

#include "parse/yaml.h"

/* url starts with http:, https: or file:; behind file: stands a plain
 * absolute path (no //, nothing percent-encoded): a relative one was resolved against the
 * job file's directory. NULL url = not given. */
struct job_file {
	char *url;
	char *compression; /* "gz" "xz" "bz2" "zst", or NULL = as it is */
	char *archive;     /* "tar", "deb" … or NULL; the content decides in the end */
	char *image_type;  /* LAVA kernel `type:`: "image" "zimage" "uimage"; NULL = by
			      content */
	char *sha256sum;   /* expected, or NULL */
	char *member; /* the file of that name (or path's end) inside the archive; NULL =
			 what it is all about */
	bool install_overlay; /* ramdisk: put LAVA's helpers and test directories in
				 front; default true, as in LAVA */
	bool install_modules; /* ramdisk: put the kernel's modules behind it; default
				 true */
	struct spec_mark mark;
};

/* Where a word may be a URL or a path inside an archive. */
bool job_file_is_url(const char *s);
