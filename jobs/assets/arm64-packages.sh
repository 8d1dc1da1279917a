# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Debian's arm64 packages for scripts that make ramdisks; sourced, never run. No root, nothing on
# this machine is changed: apt works in directories of its own. The script that sources this has
# say() and die(), and $cache, a directory.
#   BOOTRIG_SUITE=NAME   take packages from this Debian suite, not from the host's sources
#   BOOTRIG_MIRROR=URL   and from this mirror (default: http://deb.debian.org/debian)
mirror=${BOOTRIG_MIRROR:-http://deb.debian.org/debian}

# The host's own sources on Debian; elsewhere Debian's archive, if its keyring is installed.
suite() {
	local id='' codename=''
	if [[ -n ${BOOTRIG_SUITE:-} ]]; then
		echo "$BOOTRIG_SUITE"
		return
	fi
	# shellcheck disable=SC1091
	id=$(. /etc/os-release && echo "${ID:-}")
	# shellcheck disable=SC1091
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-sid}")
	[[ $id == debian ]] && echo "host-$codename" || echo bookworm
}

# Sets apt_opts for an arm64 view of the archive that shares nothing with the host's.
apt_setup() {
	local dir=$1 suite=$2 keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	mkdir -p "$dir/lists/partial" "$dir/empty"
	apt_opts=(-qq -o APT::Architecture=arm64 -o APT::Architectures=arm64
		-o "Dir::State::Lists=$dir/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
		-o Acquire::Languages=none -o APT::Sandbox::User=)
	[[ $suite == host-* ]] && return
	[[ -e $keyring ]] || die "this host is not Debian and has no $keyring to check Debian's" \
		"archive with: apt-get install debian-archive-keyring"
	echo "deb [signed-by=$keyring] $mirror $suite main" >"$dir/sources.list"
	apt_opts+=(-o "Dir::Etc::SourceList=$dir/sources.list" -o "Dir::Etc::SourceParts=$dir/empty")
}

apt_update() { # SUITE LOG
	say "reading the package lists for arm64 (${1#host-})"
	apt-get "${apt_opts[@]}" update >"$2" 2>&1 ||
		say "apt-get update had complaints: $(grep -m1 '^[EW]:' "$2")"
}

unpack() { # DEB DIR PATTERN...: members of a package, /usr merged away
	local deb=$1 dir=$2
	shift 2
	mkdir -p "$dir"
	dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir" --wildcards --no-same-owner \
		--transform='s,^\./usr/,./,' "$@"
}
