# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shared by the scripts in lab/: messages, progress, the artefact cache and a
# private apt.
#
# The cache holds one directory per artefact, named by what it is and by a hash
# of what it is built from. It is built in a temporary directory beside it and
# renamed into place when it is complete, under a lock, so a directory which
# has its final name is complete and two runs never build the same thing twice.
#
# The private apt reads Debian suites newer than the machine's own without
# touching the machine and without being root: its own sources and package
# lists in the cache, the mirror taken from the machine's apt configuration.
# One for the base suite with its backports and security updates, one for the
# suite of the tests' image: mixed in one they would be one choice of versions.

shopt -s inherit_errexit

lab_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034	# for those who source this
top_dir=$(dirname "$lab_dir")
cache_dir=${OPENFBNIC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/openfbnic}
base_suite=${OPENFBNIC_SUITE:-trixie}	# where QEMU, image and newest kernel come from
# shellcheck disable=SC2034
tests_suite=${OPENFBNIC_TESTS_SUITE:-forky}	# where the image for Linux's own tests comes from
lists_max_age=${OPENFBNIC_LISTS_DAYS:-7}	# days before package lists are fetched again

say()
{
	echo "$*" >&2
}

die()
{
	say "${0##*/}: $*"
	exit 1
}

# ending_in WHAT NAME...: the names that end in WHAT, by whole words between "/" and ":"; 1: none does
ending_in()
{
	local what=$1 name found=1
	shift

	for name; do
		[[ /${name/://} == *"/${what/://}" ]] || continue
		echo "$name"
		found=0
	done
	return "$found"
}

# hash_of [TEXT...]: a short hash of the arguments and of standard input
hash_of()
{
	{ printf '%s\n' "$@"; cat; } | sha256sum | cut -c1-12
}

# ticker WHAT LOG: a line every 5 s until standard input closes
ticker()
{
	local what=$1 log=$2 t=0 rc last

	while :; do
		rc=0
		read -rt 5 || rc=$?
		((rc > 128)) || return 0
		t=$((t + 5))
		last=$(tail -n 1 "$log" 2>/dev/null | tr -d '\r' | cut -c1-60) || last=
		say "  $what: $t s${last:+ ($last)}"
	done
}

# ticking WHAT LOG, tocked: the same around something in this shell. What is
# started in between and outlives it must not hold $tick_fd, or the ticker
# would not see the end.
tick_fd=
ticking()
{
	exec {tick_fd}> >(ticker "$1" "$2")
}

tocked()
{
	exec {tick_fd}>&-
	tick_fd=
}

# progress WHAT LOG COMMAND...: run a command with its output in a log, tell
# how it goes every 5 s, and show the end of the log if it fails
progress()
{
	local what=$1 log=$2 fd rc
	shift 2

	: >"$log"
	exec {fd}> >(ticker "$what" "$log")
	set +e
	(
		exec {fd}>&-
		set -e
		"$@"
	) >"$log" 2>&1
	rc=$?
	set -e
	exec {fd}>&-
	((rc == 0)) && return 0
	tail -n 20 "$log" >&2
	die "$what failed (status $rc)"
}

# cached NAME FUNCTION [ARGS...]: print the artefact's directory; if it is not
# there, let FUNCTION ARGS... DIR fill it
cached()
{
	local name=$1 dir=$cache_dir/$1
	shift

	if [ ! -d "$dir" ]; then
		mkdir -p "$cache_dir"
		cache_fill "$name" "$dir" "$@"
	fi
	echo "$dir"
}

cache_fill()
(
	name=$1
	dir=$2
	shift 2

	exec 9>"$cache_dir/.lock-$name"
	if ! flock -n 9; then
		say "waiting for another run which makes $name"
		flock 9
	fi
	[ -d "$dir" ] && exit 0
	rm -rf "$dir".tmp.*		# left by a run which was killed
	tmp=$(mktemp -d "$dir.tmp.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	"$@" "$tmp" >&2
	chmod 755 "$tmp"
	sync -f "$tmp"
	mv -T "$tmp" "$dir"
	rm -f "$cache_dir/.lock-$name"
)

# mirrors: where the machine gets packages from, "LABEL|URI" a line
mirrors()
{
	# shellcheck disable=SC2016	# apt expands these
	apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages'
}

# mirror_of LABEL: the first of them with this label, on standard input
mirror_of()
{
	awk -F'|' -v label="$1" '$1 == label && !uri { uri = $2 } END { print uri }'
}

keyring()
{
	local k

	for k in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		if [ -e "$k" ]; then
			echo "[signed-by=$k] "
			return
		fi
	done
}

# pvt_sources SUITE: where that suite's private apt reads. For a BMC (armhf) the
# suite itself has all we need, and mirrors keep the lists of its additions badly.
pvt_sources()
{
	local all main security key

	all=$(mirrors)
	main=$(mirror_of Debian <<<"$all")
	security=$(mirror_of Debian-Security <<<"$all")
	key=$(keyring)
	[ -n "$main" ] || die "apt knows no Debian mirror here: run 'apt-get update' as root first"
	if [ "$1" != "$base_suite" ] || [ "${arch:-}" = armhf ]; then
		echo "deb $key$main $1 main"
		return
	fi
	echo "deb $key$main $base_suite main"
	echo "deb $key$main $base_suite-backports main"
	if [ -n "$security" ]; then
		echo "deb $key$security $base_suite-security main"
		[ "$base_suite" = bookworm ] || echo "deb $key$security bookworm-security main"
	fi
}

# pvt_setup SUITE [ARCHITECTURE]: make sure that the private apt of this suite
# (for amd64) exists and is not too old; sets pvt_suite, pvt_dir and pvt_opts
pvt_setup()
{
	local sources arch=${2:-amd64} key=()

	pvt_suite=$1
	sources=$(pvt_sources "$pvt_suite")
	key=("$sources")
	[ "$arch" = amd64 ] || key+=("$arch")
	pvt_dir=$cache_dir/apt-$(hash_of "${key[@]}" </dev/null)
	pvt_opts=(-o "Dir::Etc::SourceList=$pvt_dir/sources.list"
		-o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null
		-o Dir::Etc::PreferencesParts=/dev/null
		-o "Dir::State=$pvt_dir/state" -o "Dir::State::lists=$pvt_dir/state/lists"
		-o "Dir::State::status=$pvt_dir/status" -o "Dir::Cache=$pvt_dir/cache"
		-o APT::Sandbox::User=root -o APT::Install-Recommends=false
		-o "APT::Architecture=$arch" -o "APT::Architectures=$arch"
		-o Acquire::Languages=none -o Acquire::Retries=3
		-o Debug::NoLocking=1)
	# the mirror may keep a testing suite longer than its Release file says
	[ "$pvt_suite" = "$base_suite" ] || pvt_opts+=(-o Acquire::Check-Valid-Until=false)
	pvt_fresh || pvt_update "$sources"
}

pvt_fresh()
{
	[ -z "${OPENFBNIC_UPDATE:-}" ] &&
		[ -n "$(find "$pvt_dir/updated" -mtime "-$lists_max_age" 2>/dev/null)" ]
}

pvt_update()
{
	local rc=0

	mkdir -p "$pvt_dir"/{state/lists/partial,cache/archives/partial,resolved}
	(
		flock 9
		[ -z "${OPENFBNIC_UPDATE:-}" ] && pvt_fresh && exit 0
		echo "$1" >"$pvt_dir/sources.list"
		: >"$pvt_dir/status"
		set +e
		(progress "reading package lists of $pvt_suite" "$pvt_dir/update.log" \
			apt-get "${pvt_opts[@]}" -o APT::Update::Error-Mode=any update)
		rc=$?
		set -e
		((rc == 0)) && touch "$pvt_dir/updated"
		exit "$rc"
	) 9>"$pvt_dir/lock" || rc=$?
	OPENFBNIC_UPDATE=
	((rc == 0)) && return
	[ -e "$pvt_dir/updated" ] || die "no package lists of $pvt_suite (is the network there?)"
	say "using the package lists of $(date -r "$pvt_dir/updated" +%F)"
}

# pvt_once NAME COMMAND...: the command's output, kept until the lists change
pvt_once()
{
	local file=$pvt_dir/resolved/$1
	shift

	if [ ! "$file" -nt "$pvt_dir/updated" ]; then
		"$@" >"$file.tmp.$$" || { rm -f "$file.tmp.$$"; return 1; }
		mv "$file.tmp.$$" "$file"
	fi
	cat "$file"
}

# pvt_resolve SUITE PACKAGE...: the files apt would fetch for these packages
# and all they depend on, one "'URI' name size hash" a line
pvt_resolve()
{
	local suite=$1 key
	shift

	key=$(hash_of "$suite" "$@" </dev/null)
	pvt_once "$key" apt-get "${pvt_opts[@]}" -o "APT::Default-Release=$suite" \
		install -y -qq --print-uris "$@" ||
		die "apt finds no way to get $* from $suite"
}

# pvt_unpack SUITE DIR PACKAGE...: fetch the packages and all they depend on
# and unpack them, without running anything of theirs
pvt_unpack()
{
	local suite=$1 dir=$2 debs=$2.debs deb sub
	shift 2

	mkdir -p "$debs/archives/partial" "$dir"
	for sub in bin sbin lib lib64; do
		mkdir -p "$dir/usr/$sub"
		ln -s "usr/$sub" "$dir/$sub"
	done
	progress "fetching $1" "$debs/log" apt-get "${pvt_opts[@]}" -o "Dir::Cache=$debs" \
		-o "APT::Default-Release=$suite" install -y --download-only "$@"
	for deb in "$debs"/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar x -C "$dir" --keep-directory-symlink --no-same-owner \
				--exclude='./usr/share/doc' --exclude='./usr/share/man' \
				--exclude='./usr/share/locale' --exclude='./dev'
	done
	rm -rf "$debs"
}
