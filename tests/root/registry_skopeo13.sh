#!/bin/bash
# registry.sh once more, with skopeo of Debian 13 instead of Debian 12's: what one
# of them changes on the way need not be what the other does.
: "${CFS_SRC:?run by tests/run}"
if [ "$(. /etc/os-release && echo "${VERSION_CODENAME-}")" != bookworm ]; then
	echo "registry.sh runs with a newer skopeo than Debian 12's here"
	exit 77
fi
newer=$("$CFS_SRC/deps/skopeo.sh" 2> "$TMPDIR/skopeo.log") || {
	cat "$TMPDIR/skopeo.log"
	echo "no skopeo of Debian 13 to be had"
	exit 77
}
# To fill a store, skopeo starts itself again, which it cannot where its loader was
# what was started: the store is filled by the other one, and read by this one.
CFS_STORE_SKOPEO=$(command -v skopeo) || { echo "no skopeo (package skopeo)"; exit 77; }
export CFS_STORE_SKOPEO
PATH=$newer/bin:$PATH exec "$CFS_SRC/tests/root/registry.sh"
