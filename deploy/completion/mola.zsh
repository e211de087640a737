#compdef mola
# Completion of mola for zsh. tools/completion adds the tables of verbs and options.
# the tables

# Names in the running Mola that this line is for; nothing when it does not respond at once.
_mola_names() {
	local kind i connection=() names=()
	for ((i = 3; i < CURRENT; i++)); do
		case $words[i] in --admin | --token-file) connection+=($words[i] ${~words[i + 1]}) ;; esac
	done
	for kind in $@; do
		names+=(${(f)"$(timeout 2 ${~words[1]} $kind $connection 2>/dev/null </dev/null |
			awk '$0 == "" { exit } NR > 1 && /^[^ ]/ { print $1 }')"})
	done
	compadd -a names
}

_mola_value() {
	case $1 in
	FILE | WHERE) _files ;;
	DIR) _files -/ ;;
	LEVEL) compadd debug info warn error ;;
	POLICY) compadd ${=_mola_policies} ;;
	*) _message "$1" ;;
	esac
}

# _mola_describe TAG LINES: "name<tab>help"
_mola_describe() {
	local one list=()
	for one in ${(f)2}; do list+=("${${one%%$'\t'*}//:/\\:}:${one##*$'\t'}"); done
	_describe -t "$1" "$1" list
}

_mola() {
	local verb=$words[2] argument rest task= place=1 i
	if ((CURRENT == 2)); then
		_mola_describe verb "$(_mola_verbs)"
		return
	fi
	argument=$(_mola_options $verb | awk -F'\t' -v word=$words[CURRENT-1] '$1 == word { print $2 }')
	if [[ -n $argument && CURRENT -gt 3 ]]; then
		_mola_value $argument
		return
	fi
	if [[ $words[CURRENT] == -* ]]; then
		_mola_describe option "$(_mola_options $verb)"
		return
	fi
	for ((i = 3; i < CURRENT; i++)); do
		case $words[i] in
		--task) task=1 ;;
		-*) argument=$(_mola_options $verb | awk -F'\t' -v word=$words[i] '$1 == word { print $2 }')
			[[ -z $argument ]] || i=$((i + 1)) ;;
		*) place=$((place + 1)) ;;
		esac
	done
	rest=$(_mola_argument $verb $place)
	[[ -z $task ]] || rest=tasks
	case $rest in
	'') _mola_describe option "$(_mola_options $verb)" ;;
	files) _files ;;
	verbs) _mola_describe verb "$(_mola_verbs)" ;;
	=*) compadd ${=rest#= } ;;
	*) _mola_names ${=rest} ;;
	esac
}

_mola "$@"
