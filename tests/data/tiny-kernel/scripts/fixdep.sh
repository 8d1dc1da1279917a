#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# fixdep.sh OBJECT SOURCE DEPFILE: what the kernel's scripts/basic/fixdep.c writes into .x.o.cmd.
echo "savedcmd_$1 := cc -c $2"
echo
echo "source_$1 := $(realpath "$2")"
echo
echo "deps_$1 := \\"
tr -d '\\\n' <"$3" | tr ' ' '\n' | grep '\.h$' | sed 's/.*/  & \\/'
echo
