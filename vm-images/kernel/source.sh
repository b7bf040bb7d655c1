# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # zcb_… is lib.sh's
# Getting a Linux source tree, Debian's or another one, and our patches into it. Sourced by
# scripts/setup and by the tests of the patches.

kernel_recipe=$zcb_top/vm-images/kernel
kernel_source=linux-source-6.12

# The patches of patches/series, in order.
series_patches() {
	sed 's/#.*//' "$kernel_recipe/patches/series" | xargs -rn1 |
		sed "s|^|$kernel_recipe/patches/|"
}

# Patches of a kernel beyond the series: those of tests, which no other kernel has.
declare -A kernel_patches=([delays]=$zcb_top/tests/kernel/patches/delays.patch)

# patches_of KERNEL: the series, and its own.
patches_of() {
	series_patches
	echo "${kernel_patches[$1]-}" | xargs -rn1
}

# The version of Debian's source that a kernel in build/images was made of; nothing if there is none.
image_version() {
	sed -n 's/.*"package":"[^ ]* \([^"]*\)".*/\1/p' \
		"$zcb_top/build/images/$1/manifest.json" 2>/dev/null || :
}

# The version that the stock kernel has, if the mirror still has it: then the two differ in nothing
# but what we do. Else the newest.
source_version() {
	local stock
	stock=$(image_version stock)
	if [[ -n $stock ]] && has_version "$kernel_source" "$stock"; then
		echo "$stock"
	else
		candidate "$kernel_source"
	fi
}

# What no build here reads, and what half of the unpacking would go to.
source_excludes=(--exclude='*/drivers/gpu/drm/amd/include/asic_reg' --exclude='*/tools/testing'
	--exclude='*/tools/perf' --exclude='*/Documentation/*/*' --exclude='*/arch/*/boot/dts')

# unpack_source DEB TREE: Debian's source from its package, into a new folder.
unpack_source() {
	mkdir "$2" || return
	dpkg-deb --fsys-tarfile "$1" |
		tar -x --to-stdout --wildcards './usr/src/linux-source-*.tar.xz' |
		xz -dcT0 | tar -x -C "$2" --strip-components=1 "${source_excludes[@]}"
}

# cached_source: the package of Debian's source in the cache, that of the kernel variants if it is
# there; nothing if there is none.
cached_source() {
	local file version
	version=$(image_version variants)
	for file in "$zcb_cache/debs/${kernel_source}_"{"${version:-none}",*}_all.deb; do
		if [[ -r $file ]]; then
			echo "$file"
			return
		fi
	done
}

# fetch_source TEMP VERSION: Debian's source is TEMP/linux then.
fetch_source() {
	fetch_deb "$kernel_source" "$2" "$1" &&
		unpack_source "$1"/linux-source-*.deb "$1/linux"
}

# where_failed: from what patch said, the first file and hunk that it could not place.
where_failed() {
	awk '/^patching file / { file = $3 }
		/^\|\+\+\+ / { file = substr($2, index($2, "/") + 1) }
		/^No file to patch/ { print file " is not there"; exit }
		/^Hunk #[0-9]+ FAILED/ { print file ", hunk " $2 " at line " $5 + 0; exit }'
}

# try_patch TREE PATCH [OPTION…]: without fuzz: a hunk in surroundings that are not its own is no
# success.
try_patch() { LC_ALL=C patch -d "$1" -p1 --fuzz=0 --force "${@:3}" <"$2" 2>&1; }

# apply_patch TREE PATCH
apply_patch() {
	local said
	echo "patch ${2##*/}"
	if try_patch "$1" "$2" --dry-run --reverse >/dev/null; then
		echo "note: ${2##*/} is in this tree already"
		return
	fi
	said=$(try_patch "$1" "$2") && return
	echo "$said"
	echo "error: ${2##*/} does not apply: $(where_failed <<<"$said")"
	return 1
}

# apply_patches TREE KERNEL
apply_patches() {
	local patch
	while read -r patch; do
		apply_patch "$1" "$patch" || return
	done < <(patches_of "$2")
}

# get_source TEMP VERSION KERNEL: Debian's source with our patches is TEMP/linux then.
get_source() {
	fetch_source "$1" "$2" && apply_patches "$1/linux" "$3"
}

# tree_version TREE: "6.12.117", by its Makefile.
tree_version() {
	awk '$2 == "=" && /^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) / { v[$1] = $3 }
		END { print v["VERSION"] "." v["PATCHLEVEL"] "." v["SUBLEVEL"] v["EXTRAVERSION"] }' "$1/Makefile"
}

# tree_id TREE: words that change with the tree: git's, with what is not committed; of a tree
# without git each source file's size and time.
tree_id() {
	if [[ -e $1/.git ]]; then
		git -C "$1" rev-parse HEAD && git -C "$1" diff HEAD | sha256sum
	else
		find "$1" -type f \( -name '*.[chS]' -o -name 'Makefile*' -o -name 'Kconfig*' \) \
			-printf '%P %s %T@\n' | sort | sha256sum
	fi
}

# try_patches TREE FOLDER KERNEL: on copies of the files that they touch, which takes a moment: the
# whole tree is only copied when that went well.
try_patches() {
	local file
	mkdir "$2" || return
	patches_of "$3" | xargs sed -n 's/^--- a\///p' | sort -u | while read -r file; do
		[[ ! -e $1/$file ]] || (cd "$1" && cp --parents "$file" "$2")
	done
	apply_patches "$2" "$3"
}

# copy_patched TREE COPY KERNEL
copy_patched() { copy_source "$1" "$2" && apply_patches "$2" "$3"; }

# copy_source TREE COPY: what a build reads of a tree, clean of what was built in it.
copy_source() {
	mkdir "$2" || return
	tar -C "$1" -c "${source_excludes[@]}" --exclude='./.git' --exclude='*.o' --exclude='*.a' \
		--exclude='*.ko' --exclude='*.cmd' . | tar -x -C "$2" || return
	if [[ -e $2/.config || -d $2/include/config ]]; then
		make -s -C "$2" ARCH=x86_64 mrproper
	fi
}
