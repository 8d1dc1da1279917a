// SPDX-License-Identifier: GPL-2.0-or-later
/* A module's file and its name in the kernel. */
#include "parse/module_name.h"

#include "util/mem.h"
#include "util/path.h"

char *module_name_of_path(const char *path)
{
	const char *base = path_last(path);
	char *name = xstrndup(base, strcspn(base, "."));

	for (char *p = name; *p; p++)
		*p = *p == '-' ? '_' : *p;
	return name;
}
