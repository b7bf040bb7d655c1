# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # zcb_… is lib.sh's
# The root file system of the host under test: Debian 13's packages, unpacked and not configured
# (nothing in them needs it), so no root and no chroot. Sourced by scripts/setup.

rootfs_recipe=$zcb_top/vm-images/host

rootfs_hash() {
	hash_of "$rootfs_recipe"/{rootfs.sh,packages,excludes,qemu} -- "$ZCB_SUITE" amd64
}

rootfs_packages() { sed 's/#.*//' "$rootfs_recipe/packages" | xargs; }

# download_packages LIST: the files' names, base-files first, go to LIST.
download_packages() {
	local packages
	read -ra packages <<<"$(rootfs_packages)"
	# apt names only what it has not yet: so it is asked with an empty folder of archives.
	mkdir -p "$zcb_apt/no-debs/partial"
	debian apt-get -qq -o "Dir::Cache::archives=$zcb_apt/no-debs" --print-uris install "${packages[@]}" | awk '{ print $2 }' |
		sort | awk '/^base-files_/ { print; next } { rest = rest $0 "\n" }
			END { printf "%s", rest }' >"$1"
	debian apt-get -qy --download-only install "${packages[@]}"
}

# unpack_packages LIST ROOT: owners and special modes are dropped, so that whoever runs QEMU can
# read all of it.
unpack_packages() {
	local deb
	while read -r deb; do
		dpkg-deb --fsys-tarfile "$zcb_cache/debs/$deb" |
			tar -x -C "$2" --no-same-owner --no-same-permissions --keep-directory-symlink \
				--wildcards --exclude-from="$rootfs_recipe/excludes" || return
	done <"$1"
	chmod -R u+rwX,go+rX "$2"
}

# The folders that the host's init mounts on, and what programs expect in /etc.
finish_root() {
	local root=$1
	mkdir -p "$root"/{dev,proc,sys,mnt,tmp,run,zcb,root,var/tmp}
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	echo 'root:x:0:' >"$root/etc/group"
	echo zcbench >"$root/etc/hostname"
	ln -sfn /proc/self/mounts "$root/etc/mtab"
}

unpack_root() {
	unpack_packages "$1" "$2/root" && finish_root "$2/root" &&
		cp "$rootfs_recipe/qemu" "$2/qemu" && "$2/qemu" --version
}

write_rootfs_manifest() {
	printf '{"kind":"rootfs","suite":"%s","qemu":"%s","hash":"%s"}\n' "$ZCB_SUITE" \
		"$(candidate qemu-system-x86)" "$2" >"$1/manifest.json"
}

# build_rootfs TEMP OUT HASH
build_rootfs() {
	need_space 800 "the root file system"
	prepare_apt
	say "rootfs: will unpack Debian 13's $(rootfs_packages)"
	run_step rootfs-download 10 "rootfs: downloading packages" download_packages "$1/debs" ||
		step_failed "downloading the root file system's packages" "check the network and the mirror"
	mkdir "$2/root"
	run_step rootfs-unpack 15 "rootfs: unpacking" unpack_root "$1/debs" "$2" ||
		step_failed "unpacking the root file system" "remove $zcb_cache/debs and try again"
	write_rootfs_manifest "$2" "$3"
}
