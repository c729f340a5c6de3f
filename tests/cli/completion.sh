#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Completion in shells: the candidates for a line, and what bash makes of them.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

fixture_repo repo
fixture_rootfs tree
cfsctl --repo repo create-image tree os/stable > /dev/null
cfsctl --repo repo create-image tree os/testing > /dev/null

# The candidates for the last of the words, in a line.
candidates() { cfsctl __complete "$@" | cut -f1 | paste -s -d ' '; }

same "commands" "$(candidates ima)" "images image-objects"
same "programs and help, too" "$(candidates mk) $(candidates he)" \
	"mkcomposefs help"
same "commands of a group" "$(candidates keyring '')" "add-cert list lock status"
same "help takes commands" "$(candidates help imp)" import-image
same "and no options of theirs" "$(candidates help import-image '')" ""
same "options of a command" "$(candidates images --j)" --json
same "those of every command" "$(candidates images --rep) $(candidates --rep)" \
	"--repo --repo"
same "each once, though a command has its own" \
	"$(candidates init --ins)" --insecure
same "none after --" "$(candidates images -- --j)" ""
same "not where they belong to another" "$(candidates images --boo)" ""
same "descriptions" "$(cfsctl __complete images --js)" "--json	print JSON"
same "choices of an option" "$(candidates sign --kernel-signatures '')" \
	"auto yes no"
same "after =" "$(candidates mount --fuse=o)" --fuse=overlay
same "both names of an algorithm" "$(candidates --hash fs)" \
	"fsverity-sha256-12 fsverity-sha512-12"
same "files" "$(candidates sign --cert '')" :files
same "an option that can do without a value" \
	"$(candidates create-image --clamp-mtime '')" :dirs
same "directories" "$(candidates create-image '')" :dirs
same "the second operand of two" "$(candidates mount x '')" :dirs
same "no third one" "$(candidates mount x y '')" ""
same "the last one again, if it may be repeated" \
	"$(candidates keyring add-cert x y '')" :files
same "images" "$(candidates --repo repo image-objects os/)" \
	"os/stable os/testing"
same "of the repository that is named behind" \
	"$(candidates image-objects --repo=repo os/t)" os/testing
same "as a value, too" "$(candidates --repo repo disk --state o)" \
	"os/stable os/testing"
same "no repository, no images" "$(candidates --repo none image-objects '')" ""
same "a program's words are its own" "$(candidates mkcomposefs --from '')" :files
for line in "" "nothing" "nothing x" "--nothing" "keyring nothing" "-" "--" "---" \
	"--=" "--repo=" "images --json=x" "create-image -o"; do
	# shellcheck disable=SC2086 # a list of words
	cfsctl __complete $line > candidates
	same "any line: '$line'" $? 0
done
check "no words" cfsctl __complete
ln -s ../../x "repo/images/refs/$(printf 'a\tb')"
same "a name with a tab is none" "$(candidates --repo repo image-objects a)" ""

# bash: what it would put in the place of the word at the cursor.
. "$CFS_SRC/cfsctl/completion/cfsctl.bash"
complete_line() { # LINE
	COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=(cfsctl)
	_cfsctl
	echo "${COMPREPLY[*]}"
}
same "bash: a command" "$(complete_line 'cfsctl image-o')" image-objects
same "bash: an empty word" "$(complete_line 'cfsctl keyring ')" \
	"add-cert list lock status"
same "bash: an option" "$(complete_line 'cfsctl images --l')" --long
same "bash: behind = the value alone" \
	"$(complete_line 'cfsctl mount --fuse=a')" auto
same "bash: an image" "$(complete_line 'cfsctl --repo repo sign os/s')" os/stable
touch 'a file.pem'
same "bash: files" "$(complete_line 'cfsctl sign --cert a')" "a file.pem"
same "bash: files behind =" "$(complete_line 'cfsctl sign --cert=a')" "a file.pem"
same "bash: directories" "$(complete_line 'cfsctl create-image t')" tree
check "bash takes the script" bash -n "$CFS_SRC/cfsctl/completion/cfsctl.bash"
if command -v zsh > /dev/null; then
	check "zsh takes its script" zsh -n "$CFS_SRC/cfsctl/completion/cfsctl.zsh"
fi
if command -v fish > /dev/null; then
	fished() { # LINE: the candidates
		HOME=$PWD fish -c "source $CFS_SRC/cfsctl/completion/cfsctl.fish
			complete -C '$1'" | cut -f1 | paste -s -d ' '
	}
	same "fish: a command" "$(fished 'cfsctl image-o')" image-objects
	same "fish: an image" "$(fished 'cfsctl --repo repo sign os/s')" os/stable
	same "fish: files" "$(fished 'cfsctl sign --cert a')" "a file.pem"
	same "fish: files behind =" "$(fished 'cfsctl sign --cert=a')" \
		"--cert=a file.pem"
fi
finish
