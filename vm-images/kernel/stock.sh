# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # zcb_… is lib.sh's
# Debian 13's own kernel, unpacked from its package. Sourced by scripts/setup.

stock_hash() {
	hash_of "$zcb_top"/vm-images/kernel/{stock,modules}.sh -- "$ZCB_SUITE" amd64
}

# The package that linux-image-amd64 stands for now: "linux-image-6.12.x+deb13-amd64".
stock_package() {
	debian apt-cache depends linux-image-amd64 | awk '$1 == "Depends:" { print $2; exit }'
}

# drop_scratch VMLINUX: without the space in which a kernel encrypts itself under SEV (.init.scratch,
# arch/x86/kernel/vmlinux.lds.S), zeros that QEMU would copy, together with those of .bss.
drop_scratch() {
	objcopy --remove-section .init.scratch "$1" "$1.less" && mv "$1.less" "$1"
}

# pack_display BASE RELEASE TEMP OUT: modules-display.cpio, for guests with a display. The others do
# without: each page of an initrd is two faults of a guest that starts.
pack_display() {
	local files
	module_files "$1" "$2" "${guest_modules[@]}" virtio-gpu >"$3/display-files" || return
	mapfile -t files <"$3/display-files"
	pack_modules "$3" "$4/modules-display.cpio" "${files[@]}"
}

# unpack_stock TEMP OUT PACKAGE VERSION
unpack_stock() {
	local tree=$1/tree release=${3#linux-image-}
	mkdir -p "$tree/usr/lib"
	ln -s usr/lib "$tree/lib"
	fetch_deb "$3" "$4" "$1" || return
	dpkg-deb --fsys-tarfile "$1"/linux-image-*.deb |
		tar -x -C "$tree" --keep-directory-symlink || return
	cp "$tree/boot/vmlinuz-$release" "$2/vmlinuz" || return
	cp "$tree/boot/config-$release" "$2/config" || return
	extract_vmlinux "$2/vmlinuz" "$2/vmlinux" || return
	drop_scratch "$2/vmlinux" || return
	grep -qx CONFIG_UDMABUF=y "$2/config" || {
		echo "error: $3 has no built-in udmabuf"
		return 1
	}
	pack_both "$tree" "$release" "$1" "$2" || return
	pack_display "$tree" "$release" "$1" "$2"
}

# build_stock TEMP OUT HASH
build_stock() {
	local package version
	need_space 1000 "Debian's kernel"
	prepare_apt
	package=$(stock_package)
	version=$(candidate "${package:-linux-image-amd64}")
	[[ -n $package && -n $version ]] ||
		infra "the mirror has no linux-image-amd64 for $ZCB_SUITE; check /etc/apt/sources.list"
	say "stock: will unpack Debian 13's $package $version"
	run_step stock 25 "stock: downloading and unpacking" unpack_stock "$1" "$2" "$package" "$version" ||
		step_failed "unpacking $package" "check the network and the mirror"
	write_kernel_manifest "$2" stock "${package#linux-image-}" "$package $version" "$3"
}
