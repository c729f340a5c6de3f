# SPDX-License-Identifier: Apache-2.0 OR MIT
# Completion of cfsctl for bash; the candidates are cfsctl's own.

_cfsctl()
{
	local -a words found
	local before=${COMP_LINE:0:COMP_POINT} line current

	# COMP_WORDS takes words apart at "=" and ":", which are parts of ours.
	read -ra words <<< "$before"
	case $before in *[[:space:]]) words+=("") ;; esac
	current=${words[${#words[@]} - 1]}
	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		:files | :dirs)
			compopt -o filenames 2> /dev/null
			mapfile -t found < <(compgen \
				"$([ "$line" = :dirs ] && echo -d || echo -f)" \
				-- "${current#--*=}")
			COMPREPLY+=("${found[@]}")
			;;
		*)
			# What stands before the last of those is there already.
			line=${line%%$'\t'*}
			COMPREPLY+=("${line#"${current%"${current##*[=:]}"}"}")
			;;
		esac
	done < <("${COMP_WORDS[0]}" __complete "${words[@]:1}" 2> /dev/null)
}
complete -F _cfsctl cfsctl
