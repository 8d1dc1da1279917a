#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# conf.sh TARGET CONFIG ALLCONFIG: as kconfig does, keeps the options that the tree has and whose
# dependencies are met; the last word on one counts. Kconfig: NAME DEFAULT [DEPENDS].
set -e
target=$1 config=$2 all=$3
asked=$(mktemp)
case $target in
allnoconfig) if [ -n "$all" ]; then cat "$all" >"$asked"; fi ;;
olddefconfig) cat "$config" >"$asked" ;;
defconfig) cat arch/arm64/configs/defconfig >"$asked" ;;
esac
{
	echo "# made by $target's rules"
	while read -r name dflt needs; do
		case $name in '' | \#*) continue ;; esac
		value=$(sed -n "s/^# CONFIG_$name is not set/n/p; s/^CONFIG_$name=//p" "$asked" | tail -n 1)
		[ -n "$value" ] || value=$dflt
		if [ -n "$needs" ] && ! grep -qx "CONFIG_$needs=y" "$asked"; then value=n; fi
		case $value in
		n) echo "# CONFIG_$name is not set" ;;
		*) echo "CONFIG_$name=$value" ;;
		esac
	done <Kconfig
} >"$config.tmp"
mv "$config.tmp" "$config"
rm "$asked"
