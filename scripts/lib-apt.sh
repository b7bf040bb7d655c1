# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # zcb_… is lib.sh's
# Debian 13's packages on any Debian machine, for any user: apt with its state in the cache. The
# mirrors, their keys, proxies and all else are the machine's own. Sourced after lib.sh.

ZCB_SUITE=trixie
zcb_apt=$zcb_cache/apt

# The machine's own Debian mirrors as "URI SUITE FILE:LINE", with the suites of its release.
own_targets() {
	# apt fills the $(…) in.
	# shellcheck disable=SC2016
	apt-get indextargets --format \
		'$(ORIGIN)|$(CREATED_BY)|$(CODENAME)|$(REPO_URI)|$(SOURCESENTRY)|$(COMPONENT)' |
		awk -F'|' '$1 == "Debian" && $2 == "Packages" && $6 == "main" { print $4, $3, $5 }' |
		sort -u
}

# The same mirrors with Debian 13's suites: bookworm-security becomes trixie-security.
suite_sources() {
	local codename uri suite entry
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	while read -r uri suite entry; do
		[[ -n $codename && $suite == "$codename"* ]] || continue
		echo "deb $uri $ZCB_SUITE${suite#"$codename"} main"
	done | sort -u
}

# The keys those mirrors are signed with: Debian's, apt's trusted ones, and what Signed-By names.
link_keys() {
	local entry key
	mkdir -p "$zcb_apt/keys"
	while read -r _ _ entry; do
		grep -oiE 'signed-by[:=] *[^] ]+' "${entry%:*}" 2>/dev/null | grep -oE '/[^],]+'
	done | sort -u | cat - <(ls /etc/apt/trusted.gpg.d/*.{asc,gpg} \
		/usr/share/keyrings/debian-archive-keyring.* 2>/dev/null) |
		while read -r key; do
			ln -sf "$key" "$zcb_apt/keys/${key##*/}"
		done
}

write_apt_conf() {
	mkdir -p "$zcb_apt/lists/partial" "$zcb_apt/preferences.d" "$zcb_apt/sources.d" \
		"$zcb_cache/debs/partial"
	: >"$zcb_apt/status"
	: >"$zcb_apt/preferences"
	cat >"$zcb_apt/apt.conf" <<-EOF
		Dir::State "$zcb_apt";
		Dir::State::lists "$zcb_apt/lists";
		Dir::State::status "$zcb_apt/status";
		Dir::Cache "$zcb_apt";
		Dir::Cache::archives "$zcb_cache/debs";
		Dir::Etc::sourcelist "$zcb_apt/sources.list";
		Dir::Etc::sourceparts "$zcb_apt/sources.d";
		Dir::Etc::preferences "$zcb_apt/preferences";
		Dir::Etc::preferencesparts "$zcb_apt/preferences.d";
		Dir::Etc::trustedparts "$zcb_apt/keys";
		APT::Sandbox::User "";
		APT::Install-Recommends "false";
		APT::Keep-Downloaded-Packages "true";
		APT::Update::Error-Mode "any";
		Acquire::Retries "2";
		Acquire::Languages "none";
	EOF
}

# debian apt-get|apt-cache ARGUMENT…
debian() {
	local tool=$1
	shift
	"$tool" -c "$zcb_apt/apt.conf" "$@"
}

zcb_apt_ready=

# prepare_apt: once a run, and only when something is to be made.
prepare_apt() {
	local targets
	[[ -z $zcb_apt_ready ]] || return 0
	targets=$(own_targets)
	if [[ -z $targets ]]; then
		as_root apt-get -qq update || :
		targets=$(own_targets)
	fi
	[[ -n $targets ]] ||
		infra "apt knows no Debian mirror; name one in /etc/apt/sources.list and run: apt-get update"
	rm -rf "$zcb_apt"
	write_apt_conf
	link_keys <<<"$targets"
	suite_sources <<<"$targets" >"$zcb_apt/sources.list"
	[[ -s $zcb_apt/sources.list ]] ||
		infra "no mirror in apt's sources has this machine's own Debian release; mend /etc/apt/sources.list"
	run_step apt-update 10 "reading Debian 13's package lists" debian apt-get update ||
		step_failed "reading the package lists of $(cut -d' ' -f2,3 "$zcb_apt/sources.list" |
			head -n 1)" "check the network, the proxy and /etc/apt/sources.list"
	zcb_apt_ready=1
}

# candidate PACKAGE: the version that would be installed.
candidate() { debian apt-cache policy "$1" | awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'; }

# has_version PACKAGE VERSION
has_version() { debian apt-cache madison "$1" | awk -F' *[|] *' '{ print $2 }' | grep -qxF "$2"; }

# download_deb PACKAGE VERSION: that one package's file, into the cache.
download_deb() { (cd "$zcb_cache/debs" && debian apt-get -q download "$1=$2"); }

# fetch_deb PACKAGE VERSION FOLDER: the same, and a link to it.
fetch_deb() {
	download_deb "$1" "$2" || return
	# apt writes the colon of a version's epoch so.
	ln -s "$zcb_cache/debs/$1_${2/:/%3a}_"*.deb "$3/"
}
