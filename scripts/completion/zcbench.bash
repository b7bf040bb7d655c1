# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion for bash. What there is to complete, the program knows: `zcbench complete`.
# Installed as bash-completion/completions/zcbench; in a source tree: . scripts/completion/zcbench.bash

_zcbench() {
	local -a words=() found=()
	local i word line tail prefix glue=
	# Readline splits at = and : too; the program wants words.
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ ($glue || $word == [=:]*) && ${#words[@]} -gt 0 ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
		glue=
		[[ $word != [=:] ]] || glue=1
	done
	word=${words[-1]-}
	tail=${COMP_WORDS[COMP_CWORD]}
	[[ $tail != [=:] ]] || tail=
	prefix=${word%"$tail"}
	COMPREPLY=()
	mapfile -t found < <("${COMP_WORDS[0]/#\~/$HOME}" complete -- "${words[@]}" 2>/dev/null)
	for line in "${found[@]}"; do
		case $line in
		:files) compopt -o filenames 2>/dev/null && mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$tail") ;;
		:folders) compopt -o filenames 2>/dev/null && mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- "$tail") ;;
		:more) compopt -o nospace 2>/dev/null ;;
		*) COMPREPLY+=("${line#"$prefix"}") ;;
		esac
	done
}

complete -F _zcbench zcbench
