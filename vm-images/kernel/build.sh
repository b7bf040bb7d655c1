# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # zcb_… is lib.sh's, kernel_… source.sh's
# The kernels with the variants: Debian 13's kernel source, our patches, our configurations. Sourced
# by scripts/setup, after source.sh.

# One row a kernel: what its configuration has besides base.config.
declare -A kernel_configs=([variants]=timing.config [debug]=debug.config [delays]=timing.config)

# kernel_fragments KERNEL
kernel_fragments() { printf '%s\n' "$kernel_recipe"/{base.config,"${kernel_configs[$1]}"}; }

# kernel_hash KERNEL [WORD…]
kernel_hash() {
	local patches fragments
	mapfile -t patches < <(patches_of "$1")
	mapfile -t fragments < <(kernel_fragments "$1")
	shift
	hash_of "$kernel_recipe"/{source,build,modules}.sh "${fragments[@]}" \
		"$kernel_recipe/patches/series" "${patches[@]}" \
		-- "$ZCB_SUITE" amd64 "gcc $(gcc -dumpfullversion)" "$@"
}

# kernel_make ARGUMENT…: make, so that two builds of one source are the same byte for byte.
# CCACHE_DEPEND: the compiler's own list of headers saves ccache from preprocessing each file once
# more, a third of a first build.
kernel_make() {
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

# configure_kernel FRAGMENT…: in the source tree.
configure_kernel() {
	cat "$@" >zcbench.config
	KCONFIG_ALLCONFIG=zcbench.config kernel_make allnoconfig && check_config .config "$@"
}

# compile_kernel KERNEL TEMP OUT: from the source tree TEMP/linux.
compile_kernel() {
	local fragments
	mapfile -t fragments < <(kernel_fragments "$1")
	cd "$2/linux" || return
	configure_kernel "${fragments[@]}" || return
	kernel_make -j"$(nproc)" bzImage || return
	cp arch/x86/boot/bzImage "$3/vmlinuz" && cp .config "$3/config" || return
	extract_vmlinux "$3/vmlinuz" "$3/vmlinux" || return
	kernel_make kernelrelease >"$2/release" || return
	# All is built in; the archives are there so that every kernel is started in the same way.
	pack_modules "$2" "$3/modules-hut.cpio" && pack_modules "$2" "$3/modules-guest.cpio"
}

# make_from_source NAME CONFIGURATION TEMP OUT HASH ORIGIN: from TEMP/linux, which has our patches.
make_from_source() {
	run_step "$2-build" 480 "$1: building the kernel" compile_kernel "$2" "$3" "$4" ||
		step_failed "building the $1 kernel" "mend what it names in vm-images/kernel"
	write_kernel_manifest "$4" "$2" "$(<"$3/release")" "$6" "$5"
}

# build_kernel TEMP OUT HASH KERNEL
build_kernel() {
	local version
	need_space 3500 "building a kernel"
	prepare_apt
	version=$(source_version)
	[[ -n $version ]] ||
		infra "the mirror has no $kernel_source for $ZCB_SUITE; check /etc/apt/sources.list"
	say "$4: will build $kernel_source $version"
	run_step "$4-source" 30 "$4: downloading and unpacking the source" \
		get_source "$1" "$version" "$4" ||
		step_failed "getting $kernel_source $version" "check the network and the mirror, and vm-images/kernel/patches"
	make_from_source "$4" "$4" "$1" "$2" "$3" "$kernel_source $version"
}

# -- kernels of a tree that the user has

# build_own_kernel TEMP OUT HASH NAME: of own_tree, as own_kernel is configured.
build_own_kernel() {
	local version
	version=$(tree_version "$own_tree")
	need_space 3500 "building a kernel"
	say "$4: will build Linux $version from a copy of $own_tree"
	run_step own-try 5 "$4: trying our patches" try_patches "$own_tree" "$1/tried" "$own_kernel" ||
		infra "Linux $version in $own_tree: $(tail -n 1 "$zcb_log" | sed 's/^error: //'); take a tree nearer to $kernel_source, or adapt that patch in vm-images/kernel/patches"
	run_step own-copy 30 "$4: copying and patching the source" copy_patched "$own_tree" "$1/linux" "$own_kernel" ||
		step_failed "copying $own_tree" "check that all of it may be read"
	make_from_source "$4" "$own_kernel" "$1" "$2" "$3" "Linux $version"
}

# make_own_kernel KERNEL TREE
make_own_kernel() {
	own_kernel=$1
	own_tree=$2
	local name
	name=$1-of-$(tree_version "$2")
	make_image "$name" "$(kernel_hash "$1" "$(tree_id "$2")")" build_own_kernel
	say "$name: zcbench run --kernel $zcb_top/build/images/$name"
}
