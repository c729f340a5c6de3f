#compdef cfsctl
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Completion of cfsctl for zsh; the candidates are cfsctl's own.

_cfsctl()
{
	local -a found
	local line

	for line in ${(f)"$(${words[1]} __complete "${(@)words[2,CURRENT]}" 2> /dev/null)"}; do
		case $line in
		:files)
			compset -P '--*='
			_files
			;;
		:dirs)
			compset -P '--*='
			_files -/
			;;
		*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
		esac
	done
	(( $#found )) && _describe cfsctl found
}
_cfsctl "$@"
