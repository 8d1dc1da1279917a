// SPDX-License-Identifier: GPL-2.0-or-later
/* CRC-32 as zlib, Ethernet and U-Boot's crc32 have it (IEEE 802.3). */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint32_t crc32_of(const void *data, size_t len);
/* Of what gave crc (nothing: 0) and then data. */
uint32_t crc32_add(uint32_t crc, const void *data, size_t len);
