# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # zcb_… is lib.sh's
# Any other kernel of Debian 13 by the name of its package, to compare with. Sourced by scripts/setup
# after stock.sh, which unpacks it.

package_hash() {
	hash_of "$zcb_top"/vm-images/kernel/{stock,modules,package}.sh -- "$ZCB_SUITE" amd64 "$1"
}

# is_kernel_package NAME: what zcbench takes for one (zcb_kernel_is_package()).
is_kernel_package() { [[ $1 =~ ^linux-image-[a-z0-9+.-]{1,100}$ ]]; }

# packages_like: the kernels that the mirrors have, for those who have to choose one.
packages_like() {
	debian apt-cache search --names-only '^linux-image-[0-9].*-amd64$' | awk '{ print $1 }' | sort -rV |
		head -n 4 | paste -sd ' '
}

# build_package TEMP OUT HASH NAME
build_package() {
	local version
	need_space 1000 "$4"
	prepare_apt
	version=$(candidate "$4")
	[[ -n $version ]] ||
		infra "no mirror of Debian 13 has $4; there are $(packages_like), and more by: apt-cache search linux-image-"
	say "$4: will unpack version $version"
	run_step package 25 "$4: downloading and unpacking" unpack_stock "$1" "$2" "$4" "$version" ||
		step_failed "unpacking $4" "check the network, the mirror, and that it is an amd64 kernel with udmabuf built in"
	write_kernel_manifest "$2" package "${4#linux-image-}" "$4 $version" "$3"
}
