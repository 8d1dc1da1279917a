// SPDX-License-Identifier: GPL-2.0-or-later
/* The doctor's records are for whoever looks into its last findings: the newest stay. */
#include <dirent.h>
#include <fcntl.h>
#include <regex.h>

#include "session/doctor_int.h"
#include "util/io.h"

/* As run_dir_create() names them; what else lies there is not ours. */
static int is_record(const struct dirent *e)
{
	static const char form[] = "^[0-9]{8}T[0-9]{6}Z-.*-" DOCTOR_JOB "-[0-9a-f]{8}$";
	regex_t re;

	if (regcomp(&re, form, REG_EXTENDED | REG_NOSUB))
		BUG("%s", form);
	bool fits = regexec(&re, e->d_name, 0, NULL, 0) == 0;
	regfree(&re);
	return fits;
}

void doctor_sweep_records(const char *records)
{
	_cleanup_close_ int fd = open(records, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **names;
	int n = fd < 0 ? -1 : scandirat(fd, ".", &names, is_record, alphasort);

	for (int i = 0; i < n; i++) {
		/* What cannot be removed does no harm but to the disk, which is checked.
		 */
		if (i + DOCTOR_RECORDS < n)
			(void)!io_remove_tree_at(fd, names[i]->d_name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}
