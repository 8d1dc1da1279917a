# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The one source tree that all kernels are built from, for kernels/build to source: unpacks Debian's
# package, applies a variant's patches and takes them back. Knows no configurations and no cache.
# The caller sets series, tarball, work and tree, and has say, die and patches_of.
# shellcheck disable=SC2154

source_version() {
	dpkg-query -W -f '${Version}' "linux-source-$series" 2>/dev/null ||
		sha256sum "$tarball" | cut -c1-16
}

# Undoes the patches in the tree and applies the variant's. Other files keep their times, so that
# make has little to do.
patch_tree() { # VARIANT
	local version applied=$work/applied
	version=$(source_version)
	patches_of "$1" | xargs -r -d '\n' cat >"$work/wanted.patch"
	if [[ ! -e $tree/.bootrig-version || $(<"$tree/.bootrig-version") != "$version" ]]; then
		unpack_tree "$version"
	elif cat "$applied"/*.patch 2>/dev/null | cmp -s - "$work/wanted.patch"; then
		return
	elif ! undo_patches; then
		say "the tree does not give its patches back"
		unpack_tree "$version"
	fi
	apply_patches "$1"
}

unpack_tree() { # VERSION
	say "unpacking $tarball"
	rm -rf "$tree" "$work/applied"
	tar -x -f "$tarball" -C "$work"
	echo "$1" >"$tree/.bootrig-version"
}

# From the copies: kernels/patches may have changed since.
undo_patches() {
	local file
	for file in $(find "$work/applied" -name '*.patch' 2>/dev/null | sort -r); do
		patch -s -R -p1 -d "$tree" <"$file" || return 1
		rm "$file"
	done
}

apply_patches() { # VARIANT
	local file n=0
	mkdir -p "$work/applied"
	while read -r file; do
		n=$((n + 1))
		if ! patch -s -p1 -d "$tree" <"$file"; then
			rm -f "$tree/.bootrig-version"
			die "$file does not apply"
		fi
		cp "$file" "$work/applied/$(printf %04d.patch $n)"
	done < <(patches_of "$1")
}
