# SPDX-License-Identifier: Apache-2.0 OR MIT
# Pull through the service, with replies about how far it has come, against the
# command, called client here.  What precedes it, such as the start of the client, is measured by
# itself and taken off.
cfs="$BIN/cfsctl --repo $shm/repo --insecure --no-sync"

shape tree "$shm/tree" "$files"
mkdir -p "$shm/tree/usr"
title "varlink: pull of $(find "$shm/tree" | wc -l) entries"
tar --sort=name --owner=0 --group=0 -C "$shm/tree" -cf "$shm/image.tar" .
python3 -B "$here/../oci/image.py" "$shm/lay" x "$shm/image.tar" > /dev/null

# A script that makes a new repository, and then runs what is on standard input.
script() { # NAME
	{
		printf '#!/bin/sh\nrm -rf %s\n%s init > /dev/null || exit\n' \
			"$shm/repo" "$cfs"
		cat
	} > "$work/$1"
	chmod +x "$work/$1"
}
served() { # MESSAGE...: of a service that has one connection
	printf 'python3 -B %s activate connect %s --insecure --no-sync varlink --' \
		"$here/../varlink.py" "$BIN/cfsctl"
	printf " '%s'" "$@"
	printf ' > %s/said && ! grep error %s/said\n' "$shm" "$shm"
}
open='{"method":"org.composefs.Repository.OpenRepository","parameters":{"path":"'$shm/repo'"}}'
pull='{"method":"org.composefs.Oci.Pull","more":true,"parameters":{"handle":HANDLE,"image":"oci:'$shm/lay:x'","name":"x","local_fetch":"disabled","bootable":false}}'
script init < /dev/null
echo "exec $cfs oci pull oci:$shm/lay:x x > /dev/null" | script client
served "$open" | script start
served "$open" "$pull" | script service
compare -n "$rounds" "init=$work/init" "client=$work/client" \
	"start=$work/start" "service=$work/service"
beyond() { # NAME NAME: CPU of one without that of the other
	calc "$(figure "$1" cpu) - $(figure "$2" cpu)"
}
row "pull through the service, CPU to the command" 1.03 - \
	"$(calc "$(beyond service start) / $(beyond client init)")"
