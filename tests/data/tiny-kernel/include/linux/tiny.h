/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the tiny kernel share. */
#pragma once

int first(int x);
int second(int x);
