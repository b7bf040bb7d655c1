# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # zcb_… is lib.sh's
# The kernel with the variants: Debian 13's kernel source, our patches, our configuration. Sourced
# by scripts/setup.

variants_recipe=$zcb_top/vm-images/kernel
variants_fragments=("$variants_recipe"/base.config "$variants_recipe"/timing.config)
variants_source=linux-source-6.12

# The patches of patches/series, in order.
variants_patches() {
	sed 's/#.*//' "$variants_recipe/patches/series" | xargs -rn1 |
		sed "s|^|$variants_recipe/patches/|"
}

variants_hash() {
	local patches
	mapfile -t patches < <(variants_patches)
	hash_of "$variants_recipe"/{variants,modules}.sh "${variants_fragments[@]}" \
		"$variants_recipe/patches/series" "${patches[@]}" \
		-- "$ZCB_SUITE" amd64 "gcc $(gcc -dumpfullversion)"
}

# The version that the stock kernel has, if the mirror still has it: then the two differ in nothing
# but what we do. Else the newest.
variants_version() {
	local stock
	stock=$(sed -n 's/.*"package":"[^ ]* \([^"]*\)".*/\1/p' \
		"$zcb_top/build/images/stock/manifest.json" 2>/dev/null || :)
	if [[ -n $stock ]] && has_version "$variants_source" "$stock"; then
		echo "$stock"
	else
		candidate "$variants_source"
	fi
}

# What this build never reads, and what half of the unpacking would go to.
variants_excludes=(--exclude='*/drivers/gpu/drm/amd/include/asic_reg' --exclude='*/tools/testing'
	--exclude='*/tools/perf' --exclude='*/Documentation/*/*' --exclude='*/arch/*/boot/dts')

# get_source TEMP VERSION: the patched source is TEMP/linux then.
get_source() {
	local patch
	fetch_deb "$variants_source" "$2" "$1" || return
	mkdir "$1/linux"
	dpkg-deb --fsys-tarfile "$1"/linux-source-*.deb |
		tar -x --to-stdout --wildcards './usr/src/linux-source-*.tar.xz' |
		xz -dcT0 | tar -x -C "$1/linux" --strip-components=1 "${variants_excludes[@]}" || return
	while read -r patch; do
		echo "patch ${patch##*/}"
		patch -d "$1/linux" -p1 --fuzz=0 --force <"$patch" || {
			echo "error: ${patch##*/} does not apply to $variants_source $2"
			return 1
		}
	done < <(variants_patches)
}

# variants_make ARGUMENT…: make, so that two builds of one source are the same byte for byte.
# CCACHE_DEPEND: the compiler's own list of headers saves ccache from preprocessing each file once
# more, a third of a first build.
variants_make() {
	CCACHE_DIR=$zcb_cache/ccache CCACHE_BASEDIR=$PWD CCACHE_MAXSIZE=1G CCACHE_DEPEND=1 \
		make -s ARCH=x86_64 CC='ccache gcc' HOSTCC='ccache gcc' LOCALVERSION=-zcbench \
		KBUILD_BUILD_USER=zcbench KBUILD_BUILD_HOST=zcbench KBUILD_BUILD_VERSION=1 \
		KBUILD_BUILD_TIMESTAMP='1970-01-01 00:00:00 UTC' "$@"
}

# check_config CONFIG FRAGMENT…: names each option that is not as a fragment asks.
check_config() {
	local config=$1 line option status=0
	shift
	while read -r line; do
		case $line in
		CONFIG_*=*) ! grep -qxF "$line" "$config" || continue ;;
		'# CONFIG_'*' is not set')
			option=${line#\# }
			! grep -q "^${option%% *}=" "$config" && continue
			;;
		*) continue ;;
		esac
		echo "error: the kernel's configuration does not hold what is asked: $line"
		status=1
	done < <(cat "$@")
	return "$status"
}

configure_variants() {
	cat "${variants_fragments[@]}" >zcbench.config
	KCONFIG_ALLCONFIG=zcbench.config variants_make allnoconfig &&
		check_config .config "${variants_fragments[@]}"
}

# build_kernel TEMP OUT
build_kernel() {
	cd "$1/linux" || return
	configure_variants || return
	variants_make -j"$(nproc)" bzImage || return
	cp arch/x86/boot/bzImage "$2/vmlinuz" && cp .config "$2/config" || return
	extract_vmlinux "$2/vmlinuz" "$2/vmlinux" || return
	variants_make kernelrelease >"$1/release" || return
	# All is built in; the archives are there so that every kernel is started in the same way.
	pack_modules "$1" "$2/modules-hut.cpio" && pack_modules "$1" "$2/modules-guest.cpio"
}

# build_variants TEMP OUT HASH
build_variants() {
	local version
	need_space 3500 "building the kernel"
	prepare_apt
	version=$(variants_version)
	[[ -n $version ]] ||
		infra "the mirror has no $variants_source for $ZCB_SUITE; check /etc/apt/sources.list"
	say "variants: will build $variants_source $version"
	run_step variants-source 30 "variants: downloading and unpacking the source" \
		get_source "$1" "$version" ||
		step_failed "getting $variants_source $version" "check the network and the mirror, and vm-images/kernel/patches"
	run_step variants-build 480 "variants: building the kernel" build_kernel "$1" "$2" ||
		step_failed "building the variants kernel" "mend what it names in vm-images/kernel"
	write_kernel_manifest "$2" variants "$(<"$1/release")" "$variants_source $version" "$3"
}
