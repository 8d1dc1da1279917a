// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as a log: what parse/oops.h promises holds. fuzz_report and fuzz_stall reach
 * deeper with logs that look like some. */
#include "oops_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	oops_check(data, size, size > 1 ? 1 + data[0] : 1);
	return 0;
}
