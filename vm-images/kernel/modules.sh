# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # zcb_… is lib.sh's
# Which modules go into the initramfs of the host under test and of its guest, and packing them.
# Sourced by scripts/setup.

# Names in the order they are wanted; '?' marks one whose loading may fail, or which a kernel
# may lack.
#   host: the channel, the 9p root, the KVM of either vendor, what can be swapped to, what gives
#   soft-offlined pages back, a display that shows dma-bufs, and a render node for QEMU's display
hut_modules=(virtio_pci virtio_console 9p 9pnet_virtio kvm '?kvm_amd' '?kvm_intel' '?zram' '?hwpoison-inject'
	'?cirrus' '?vgem')
#   guest: the channel, and what takes its memory away
guest_modules=(virtio_pci virtio_console '?virtio_balloon' '?virtio_mem')

# module_files BASE RELEASE NAME…: "?path" or "path" of each module that must be loaded, in order.
module_files() {
	local base=$1 release=$2 name mark
	shift 2
	for name; do
		mark=
		[[ $name != \?* ]] || mark='?'
		PATH=$PATH:/usr/sbin:/sbin modprobe -d "$base" -S "$release" --show-depends \
			"${name#\?}" | awk -v mark="$mark" '$1 == "insmod" { print mark $2 }' || [[ $mark ]] ||
			return
	done | awk '{ path = $0; sub(/^\?/, "", path) } !seen[path]++'
}

# unpack_module FILE FOLDER: prints the name of the uncompressed file there. Its signature is dropped:
# checking them is a fifth of a boot under emulation. (The kernel then has taint bit 13, 'E'.)
unpack_module() {
	local name
	name=$(basename "$1" | sed 's/\.\(xz\|zst\|gz\)$//')
	case $1 in
	*.xz) xz -dc "$1" >"$2/$name" ;;
	*.zst) zstd -dcq "$1" >"$2/$name" ;;
	*.gz) gzip -dc "$1" >"$2/$name" ;;
	*) cp "$1" "$2/$name" ;;
	esac
	strip --strip-debug "$2/$name" || return
	echo "$name"
}

# What modules are loaded with: no console is drawn on the display.
declare -A module_words=([drm_kms_helper.ko]=fbdev_emulation=0)

# pack_modules TEMP OUTPUT [FILE…]: a cpio archive with /modules/*.ko and /modules/order.
pack_modules() {
	local dir=$1/pack output=$2 file
	shift 2
	rm -rf "$dir"
	mkdir -p "$dir/modules"
	for file; do
		name=$(unpack_module "${file#\?}" "$dir/modules") || return
		case $file in
		\?*) echo "?$name${module_words[$name]:+ ${module_words[$name]}}" ;;
		*) echo "$name${module_words[$name]:+ ${module_words[$name]}}" ;;
		esac
	done >"$dir/modules/order"
	find "$dir" -exec touch -d @0 {} +
	(cd "$dir" && find modules | sort | cpio -o -H newc --quiet -R 0:0 --reproducible) >"$output"
}

# pack_both BASE RELEASE TEMP OUT: modules-hut.cpio and modules-guest.cpio from an unpacked tree.
pack_both() {
	local files
	PATH=$PATH:/usr/sbin:/sbin depmod -b "$1" "$2" || return
	module_files "$1" "$2" "${hut_modules[@]}" >"$3/hut-files" || return
	module_files "$1" "$2" "${guest_modules[@]}" >"$3/guest-files" || return
	mapfile -t files <"$3/hut-files"
	pack_modules "$3" "$4/modules-hut.cpio" "${files[@]}" || return
	mapfile -t files <"$3/guest-files"
	pack_modules "$3" "$4/modules-guest.cpio" "${files[@]}"
}

# number FILE OFFSET BYTES: a little-endian number in a file.
number() { od -An -v -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '; }

# extract_vmlinux BZIMAGE OUTPUT: the ELF kernel in a bzImage. QEMU boots it by its PVH note, and
# the guest need not unpack it: about a second less under emulation. Offsets: see
# Documentation/arch/x86/boot.rst, setup_sects, payload_offset and payload_length.
extract_vmlinux() {
	local start length unpack foreign=4
	start=$((($(number "$1" 497 1) + 1) * 512 + $(number "$1" 584 4)))
	length=$(number "$1" 588 4)
	case $(od -An -v -t x1 -j "$start" -N 4 "$1" | tr -d ' ') in
	1f8b*) unpack=gzip foreign=0 ;;
	fd377a58) unpack=xz ;;
	28b52ffd) unpack=zstd ;;
	*)
		echo "error: unknown compression of $1"
		return 1
		;;
	esac
	# The last four bytes are the unpacked length: gzip's own, but foreign to the others.
	head -c $((start + length - foreign)) "$1" | tail -c +$((start + 1)) | "$unpack" -dc >"$2" || return
	[[ $(head -c 4 "$2") == $'\x7fELF' ]]
}

# write_kernel_manifest OUT KIND RELEASE PACKAGE HASH
write_kernel_manifest() {
	printf '{"kind":"%s","release":"%s","package":"%s","config_sha256":"%s","hash":"%s"}\n' \
		"$2" "$3" "$4" "$(sha256sum <"$1/config" | cut -d' ' -f1)" "$5" >"$1/manifest.json"
}
