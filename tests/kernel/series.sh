#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Looks at our patches of the kernel as whoever merges them would, on Debian's source:
#   style    checkpatch.pl has nothing to say of any patch
#   step     each patch compiles by itself, the option on, and brings no warning of W=1
#   off      with the option off the objects are those of a tree without the series
# Each check is shown a planted fault. Nothing of this machine's kernel is looked at.
# shellcheck disable=SC2154 # zcb_… is lib.sh's, kernel_… source.sh's
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"
# shellcheck source=scripts/lib-apt.sh
. "$top/scripts/lib-apt.sh"
# shellcheck source=vm-images/kernel/source.sh
. "$top/vm-images/kernel/source.sh"
# shellcheck source=vm-images/kernel/build.sh
. "$top/vm-images/kernel/build.sh"

OPTION=CONFIG_UDMABUF_NOTIFIER
# The patches up to this one mend bugs of their own: with the option off they are in the kernel, too.
LAST_MEND=0002-

problems=0

problem() {
	echo "FAILED $*"
	problems=$((problems + 1))
}

# The objects of the C files that the series touches, and those that its hooks could have touched; of
# files that the series adds there is none without it.
objects() {
	local object
	{
		series_patches | xargs sed -n 's/^+++ b\/\(.*\)\.c$/\1.o/p'
		printf '%s\n' mm/{shmem,memory,hugetlb,migrate,filemap,ksm,mmu_notifier,userfaultfd}.o \
			kernel/events/uprobes.o drivers/dma-buf/udmabuf.o
	} | sort -u | while read -r object; do
		[[ ! -e ${object%.o}.c ]] || echo "$object"
	done
}

# make_in FOLDER TARGET…: of the tree we are in.
make_in() {
	local folder=$1
	shift
	kernel_make O="$folder" "$@" </dev/null
}

# The option comes with the driver's patches, after those of mm that it selects: an option of ours
# selects these for the steps in between.
add_step_option() {
	printf '%s\n' 'config ZCB_STEP' $'\tbool "Steps"' $'\tselect MMU_NOTIFIER_UPDATE' >>lib/Kconfig
}

# configure FOLDER: option on in the folder on, off in every other. What the tree does not have yet
# is no error.
configure() {
	mkdir -p "$1"
	grep -hv "^$OPTION=" "$kernel_recipe"/{base,timing}.config >"$1/zcbench.config"
	[[ $1 != on ]] || printf '%s=y\n' "$OPTION" CONFIG_ZCB_STEP >>"$1/zcbench.config"
	KCONFIG_ALLCONFIG=$PWD/$1/zcbench.config make_in "$1" allnoconfig
}

# -- style

# checkpatch PATCH: what is not signed is signed by whoever mails it; we maintain nothing in the kernel.
# Macros of trace events are aligned in a way of their own.
checkpatch() {
	perl scripts/checkpatch.pl --no-summary --terse --show-types --strict --no-signoff \
		--showfile --ignore FILE_PATH_CHANGES "$1" | grep -vE '^[^ ]*trace[^ ]*\.h:[0-9]+: CHECK:' || :
}

check_style() {
	local patch said
	while read -r patch; do
		said=$(checkpatch "$patch")
		[[ -z $said ]] || problem "style: ${patch##*/}: $said"
	done < <(series_patches)
	# shellcheck disable=SC2016 # the plant is meant as it is
	printf '%s\n' 'From: a <a@example.org>' 'Subject: [PATCH] mm: plant' '' 'A plant.' '---' \
		'--- a/mm/shmem.c' '+++ b/mm/shmem.c' '@@ -1,1 +1,2 @@' ' /*' '+	int planted;  ' >planted.patch
	[[ $(checkpatch planted.patch) == *TRAILING_WHITESPACE* ]] ||
		problem "style: checkpatch does not find trailing white space that was planted"
	echo "style: $(series_patches | wc -l) patches"
}

# -- steps

# warnings LOG: without what every patch moves.
warnings() { grep -E 'warning:|error:' "$1" | sed -E 's/:[0-9]+(:[0-9]+)?:/:/' | sort -u; }

# compile_step LOG
compile_step() {
	configure on >"$1" 2>&1 &&
		make_in on -k W=1 -j"$(nproc)" drivers/dma-buf/ "${all_objects[@]}" >>"$1" 2>&1
}

# check_step NAME: what this step says that the tree without the series did not.
check_step() {
	local new
	compile_step step.log || problem "step: $1 does not compile: $(grep -m 1 -E 'error|\*\*\*' step.log)"
	new=$(comm -13 before.warnings <(warnings step.log))
	[[ -z $new ]] || problem "step: $1 warns: $new"
}

# plant_step: a function that nobody declared, the least that W=1 must see.
plant_step() {
	local before=$problems
	cp drivers/dma-buf/udmabuf.c kept.c
	echo 'int zcb_planted(void) { return 42; }' >>drivers/dma-buf/udmabuf.c
	check_step 'the plant' >plant.log
	problems=$before
	grep -q 'FAILED step: the plant warns: .*zcb_planted' plant.log ||
		problem "step: a planted warning of W=1 is not seen"
	cp kept.c drivers/dma-buf/udmabuf.c
}

# -- the option off

# dump FOLDER: the code of each object as it is compiled now.
dump() {
	local object
	if ! configure off >off.log 2>&1 || ! make_in off -j"$(nproc)" "${all_objects[@]}" >>off.log 2>&1; then
		problem "off: does not compile: $(grep -m 1 -E 'error|\*\*\*' off.log)"
		return
	fi
	! grep -q "^$OPTION=" off/.config || problem "off: the option is on"
	mkdir -p "$1"
	for object in "${all_objects[@]}"; do
		objdump -dr "off/$object" | tail -n +4 >"$1/${object//\//-}"
	done
}

# compare FOLDER FOLDER: names the objects that differ, and prints where.
compare() {
	local object
	for object in "${all_objects[@]}"; do
		[[ -s $1/${object//\//-} ]] || problem "off: $object has no code"
		cmp -s "$1/${object//\//-}" "$2/${object//\//-}" && continue
		problem "off: $object is not that of a tree without the series:"
		diff -u "$1/${object//\//-}" "$2/${object//\//-}" | head -n 40 || :
	done
}

# plant_off: one function more, in one object.
plant_off() {
	local before=$problems
	sed -i 's/^static vm_fault_t shmem_fault(struct vm_fault \*vmf)$/int zcb_planted(int a);\nint zcb_planted(int a) { return a + 42; }\n&/' mm/shmem.c
	dump planted
	compare with planted >plant.log
	problems=$before
	grep -q 'FAILED off: mm/shmem.o' plant.log || problem "off: a planted function is not seen"
}

check_series() {
	local patch
	mapfile -t all_objects < <(objects)
	add_step_option
	check_style
	compile_step before.log || problem "step: $kernel_source itself does not compile"
	warnings before.log >before.warnings || :
	while read -r patch; do
		apply_patch . "$patch" || {
			problem "step: ${patch##*/} does not apply"
			return
		}
		check_step "${patch##*/}"
		[[ ${patch##*/} != "$LAST_MEND"* ]] || dump without
	done < <(series_patches)
	plant_step
	dump with
	compare without with
	plant_off
}

source_deb=$(cached_source)
if [[ -z $source_deb ]]; then
	echo "skipped: $kernel_source is not in the cache: run ./scripts/setup source"
	exit 77
fi
need_space 3500 "the tests of the patches"
zcb_temp=$(mktemp -d "$zcb_cache/tmp.series.XXXXXX")
unpack_source "$source_deb" "$zcb_temp/linux"
cd "$zcb_temp/linux"
check_series
echo "${#all_objects[@]} objects, $(series_patches | wc -l) patches of ${source_deb##*/}: $problems problems in $SECONDS s"
((problems == 0))
