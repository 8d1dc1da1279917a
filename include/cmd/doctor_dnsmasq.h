// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig doctor --write-dnsmasq`. */
#pragma once

#include "parse/board_spec.h"

/* The exit status. path NULL: to standard output. */
int doctor_write_dnsmasq(const char *interface, struct board_spec *const *boards,
			 size_t n_boards, const char *path);
