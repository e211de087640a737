# Completion of mola for bash. tools/completion adds the tables of verbs and options.
# the tables

# _mola_names KIND WORD...: names in the running Mola that these words are for; nothing when it does not respond at once
_mola_names() {
	local kind=$1 connection=()
	shift
	while [ $# -gt 1 ]; do
		case $1 in --admin | --token-file) connection+=("$1" "${2/#\~\//$HOME/}"); shift ;; esac
		shift
	done
	timeout 2 "$_mola_program" "$kind" "${connection[@]}" 2>/dev/null </dev/null |
		awk '$0 == "" { exit } NR > 1 && /^[^ ]/ { print $1 }'
}

# _mola_value ARGUMENT: what an option of that argument may be given
_mola_value() {
	case $1 in
	FILE | WHERE) compgen -f -- "$2" ;;
	DIR) compgen -d -- "$2" ;;
	LEVEL) compgen -W 'debug info warn error' -- "$2" ;;
	POLICY) compgen -W "$_mola_policies" -- "$2" ;;
	esac
}

_mola() {
	local line=${COMP_LINE:0:COMP_POINT} words=() cur='' verb='' place=1 i option argument rest kind task=
	local _mola_program reply
	read -ra words <<<"$line"		# not COMP_WORDS: they are broken at colons
	_mola_program=${words[0]/#\~\//$HOME/}
	[[ $line == *[[:space:]] ]] || { cur=${words[-1]}; unset 'words[-1]'; }
	COMPREPLY=()
	compopt -o default 2>/dev/null
	verb=${words[1]:-}
	if [ -z "$verb" ]; then
		COMPREPLY=($(compgen -W "$(_mola_verbs | cut -f1)" -- "$cur"))
		compopt +o default 2>/dev/null
		return
	fi
	option=$(_mola_options "$verb" | awk -F'\t' -v word="${words[-1]}" '$1 == word { print $2 }')
	if [ -n "$option" ] && [ ${#words[@]} -gt 2 ]; then
		mapfile -t reply < <(_mola_value "$option" "$cur")
	elif [[ $cur == -* ]]; then
		mapfile -t reply < <(compgen -W "$(_mola_options "$verb" | cut -f1)" -- "$cur")
		compopt +o default 2>/dev/null
	else
		for ((i = 2; i < ${#words[@]}; i++)); do
			case ${words[i]} in
			--task) task=1 ;;
			-*) argument=$(_mola_options "$verb" | awk -F'\t' -v word="${words[i]}" '$1 == word { print $2 }')
				[ -z "$argument" ] || i=$((i + 1)) ;;
			*) place=$((place + 1)) ;;
			esac
		done
		rest=$(_mola_argument "$verb" "$place")
		[ -z "$task" ] || rest=tasks
		reply=()
		case $rest in
		'') compopt +o default 2>/dev/null ;;
		files) mapfile -t reply < <(compgen -f -- "$cur") ;;
		verbs) mapfile -t reply < <(compgen -W "$(_mola_verbs | cut -f1)" -- "$cur") ;;
		=*) mapfile -t reply < <(compgen -W "${rest#= }" -- "$cur") ;;
		*)
			compopt +o default 2>/dev/null
			for kind in $rest; do
				while read -r i; do [[ $i != "$cur"* ]] || reply+=("$i"); done < <(_mola_names "$kind" "${words[@]}" "")
			done ;;
		esac
	fi
	# readline replaces what stands behind the last colon only
	i=${cur%"${cur##*[:=]}"}
	[[ $COMP_WORDBREAKS == *:* && -n $i ]] && reply=("${reply[@]#"$i"}")
	COMPREPLY=("${reply[@]}")
}
complete -F _mola mola
