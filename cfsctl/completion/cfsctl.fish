# SPDX-License-Identifier: Apache-2.0 OR MIT
# Completion of cfsctl for fish; the candidates are cfsctl's own.

function __cfsctl_complete
    set -l words (commandline -opc) (commandline -ct)
    command -q $words[1]; or return
    # The option and the "=" that a value hangs on.
    set -l before (string match -r -- '^--[^=]*=' $words[-1])
    set -l typed (string replace -r -- '^--[^=]*=' '' $words[-1])
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        switch $line
            case :files
                for file in (__fish_complete_path $typed)
                    echo "$before$file"
                end
            case :dirs
                for dir in (__fish_complete_directories $typed)
                    echo "$before$dir"
                end
            case '*'
                echo $line
        end
    end
end
complete -c cfsctl -f -a '(__cfsctl_complete)'
