#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The service as systemd's client of it sees it, which reads descriptions strictly:
# varlinkctl of systemd 257 or newer.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/varlink.sh"

command -v varlinkctl > /dev/null || skip "needs varlinkctl (systemd 257)"
cfsctl=$(command -v cfsctl)
varlinkctl --no-pager list-interfaces "exec:$cfsctl" > out 2> err ||
	skip "this varlinkctl does not start services: $(head -n 1 err)"

same "the interfaces are listed" "$(sort out | xargs)" \
	"org.composefs.Oci org.composefs.Repository org.varlink.service"
for interface in org.composefs.Repository org.composefs.Oci org.varlink.service; do
	check "$interface is described" eval \
		'varlinkctl --no-pager introspect "exec:$cfsctl" $interface > out 2> err'
	same "  without a complaint" "$(cat err)" ""
	check "  with its methods" grep -q "^method " out
done
check "the service says what it is" eval 'varlinkctl --no-pager info "exec:$cfsctl" | grep -q "Product:.*cfsctl"'

oci_repo
serve cfsctl || exit 1
ask() { # METHOD PARAMETERS, ' stands for ": the reply
	varlinkctl --no-pager --json=short call "$PWD/s" "org.composefs.$1" "$(echo "$2" | tr "'" '"')"
}
member() { # NAME: of the reply on stdin
	python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}
handle=$(ask Repository.OpenRepository "{'path':'$PWD/repo'}" | member handle)
same "a repository is checked" "$(ask Repository.Fsck "{'handle':$handle}" | member ok)" True
same "images are listed" "$(ask Oci.ListImages "{'handle':$handle}" | grep -o '"name":"[^"]*"')" '"name":"os:1"'
refuse "an error has its name" "NoSuchImage" ask Oci.Inspect "{'handle':$handle,'image':'none'}"
varlinkctl --no-pager --json=short --more call "$PWD/s" org.composefs.Oci.Pull "$(echo \
	"{'handle':$handle,'image':'oci:$PWD/layouts/hardlinks:t','name':'other:1','local_fetch':'disabled','bootable':false}" |
	tr "'" '"')" > frames
check "a pull has replies on the way" grep -q '"started"' frames
check "  and a last one" eval 'tail -n 1 frames | grep -q "\"completed\""'
kill $service
wait $service
finish
