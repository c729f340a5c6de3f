#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# deploy and oci deploy: the new image is next, on trial, with the changes of /etc,
# and what was booted before can be booted.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

where="--sysroot sys --boot-dir boot --insecure"
# shellcheck disable=SC2086 # options
deploy() { cfsctl deploy $where "$@"; }
# shellcheck disable=SC2086
list() { cfsctl deployments --sysroot sys --boot-dir boot --json | python3 -c '
import json, sys
for d in json.load(sys.stdin)["deployments"]:
    words = [w for w in ("next", "fallback", "state") if d[w]]
    print(*[e["path"] for e in d["entries"]] or ["-"], *words)'; }
has() { grep -qF -e "$1" "$2"; }
image() { # NUMBER: an image of the folder tree
	echo "$1" > tree/usr/version
	id[$1]=$(cfsctl --repo full/sys/composefs create-image tree os-"$1" |
		sed 's/.*://')
}
state() { echo "sys/state/deploy/${id[$1]}"; }
upper() { echo "$(state "$1")/etc/upper"; }
fresh() {
	rm -rf sys boot
	cp -a full/sys full/boot .
}

fixture_rootfs tree
mkdir -p full/sys full/boot tree/usr/lib/modules/6.1 tree/etc/{conf.d,gone.d}
fixture_repo full/sys/composefs
echo kernel > tree/usr/lib/modules/6.1/vmlinuz
echo initrd > tree/usr/lib/modules/6.1/initramfs.img
for name in hosts passwd conf.d/a conf.d/b gone.d/x; do
	echo "1 $name" > "tree/etc/$name"
done
image 1
echo "2 passwd" > tree/etc/passwd
echo "2 b" > tree/etc/conf.d/b
echo new > tree/etc/conf.d/new
rm -r tree/etc/gone.d
image 2
image 3

# The first one of a machine.
fresh
same "the first image gets an entry on trial" "$(deploy \
	--cmdline root=/dev/vda --cmdline quiet os-1)" \
	"loader/entries/6.1+3.conf boots ${id[1]}"
same "  which is next" "$(list)" "loader/entries/6.1+3.conf next state"
same "  with state" "$(cd sys/state && find . -printf '%M %P %l\n' | sort |
	sed "s/${id[1]}/HEX/")" "drwxr-xr-x  
drwxr-xr-x deploy 
drwxr-xr-x deploy/HEX 
drwxr-xr-x deploy/HEX/etc 
drwxr-xr-x deploy/HEX/etc/upper 
drwxr-xr-x deploy/HEX/etc/work 
drwxr-xr-x os 
drwxr-xr-x os/default 
drwxr-xr-x os/default/var 
lrwxrwxrwx deploy/HEX/var ../../os/default/var"
mv boot/loader/entries/6.1+3.conf boot/loader/entries/6.1.conf # as blessed
rm -rf full/sys full/boot && cp -a sys boot full

# Changes of /etc.
u=full/$(upper 1)
mkdir -p "$u/conf.d" "$u/gone.d" "$u/mine.d/sub"
echo mine > "$u/hosts"
echo mine > "$u/conf.d/b"
echo mine > "$u/gone.d/y"
echo mine > "$u/mine.d/sub/file"
ln "$u/mine.d/sub/file" "$u/mine.d/name"
ln -s /nowhere "$u/mine.d/link"
mkfifo "$u/mine.d/fifo"
head -c 100000 /dev/urandom > "$u/mine.d/long"
chmod 4711 "$u/mine.d/long"
touch -d @1111111111.5 "$u/mine.d/long"
mknod "$u/passwd" c 0 0 && mknod "$u/conf.d/a" c 0 0 ||
	skip "may not make whiteouts"
echo data > full/sys/state/os/default/var/data
fresh
deploy os-2 > out
same "an update says what it did" "$(cat out)" \
	"loader/entries/6.1_2+3.conf boots ${id[2]}
conflict: /etc/conf.d/b: changed here and in the image; kept as it is here
conflict: /etc/passwd: removed here, changed in the image; kept as it is here
/etc: 12 changes taken over from sha512:${id[1]}"
same "  the new one is next, the old one is what it falls back on" "$(list)" \
	"loader/entries/6.1_2+3.conf next state
loader/entries/6.1.conf fallback state"
same "  it has the kernel arguments" \
	"$(grep options boot/loader/entries/6.1_2+3.conf)" \
	"options composefs.digest=?v1-sha512-12:${id[2]} root=/dev/vda quiet"
same "  one kernel is there once" "$(find boot -name vmlinuz | wc -l)" 1
same "  what was changed came over" "$(cd "$(upper 2)" && find . -mindepth 1 \
	-printf '%y %m %n %P %l\n' | sort -k 4)" \
	"d 755 2 conf.d 
c 0 1 conf.d/a 
f 644 1 conf.d/b 
d 755 2 gone.d 
f 644 1 gone.d/y 
f 644 1 hosts 
d 755 3 mine.d 
p 644 1 mine.d/fifo 
l 777 1 mine.d/link /nowhere
f 4711 1 mine.d/long 
f 644 2 mine.d/name 
d 755 2 mine.d/sub 
f 644 2 mine.d/sub/file 
c 0 1 passwd "
check "  as it was" eval 'cmp "$u/mine.d/long" "$(upper 2)/mine.d/long" &&
	[ "$(stat -c %Y "$(upper 2)/mine.d/long")" = 1111111111 ] &&
	[ "$(cat "$(upper 2)/conf.d/b")" = mine ]'
check "  /var is that of all" eval \
	'[ "$(cat "$(state 2)/var/data")" = data ]'
check "  the old one is as it was" diff -r --no-dereference \
	-x fifo -x passwd -x a "full/$(state 1)" "$(state 1)"
check "the booted one is of the machine alone" eval \
	'deploy os-3 > out && list > listed && [ "$(head -n 1 listed)" = \
	"loader/entries/6.1_3+3.conf next state" ]'
same "  from the one that was next" "$(grep "^/etc" out)" \
	"/etc: 13 changes taken over from sha512:${id[2]}"
fresh
check "--from names another one, --tries another number" eval \
	'deploy os-2 > out && deploy --from os-1 --tries 0 os-3 > out'
same "  its changes are taken" "$(grep "^/etc" out)" \
	"/etc: 12 changes taken over from sha512:${id[1]}"
check "  its entry is not on trial" [ -e boot/loader/entries/6.1_3.conf ]
check "state that exists stays" eval 'echo 2 > "$(upper 2)/kept" &&
	deploy os-2 > out && has "left as it is" out && [ -s "$(upper 2)/kept" ]'
fresh
mkdir -p "$(upper 2)"
echo left > "$(upper 2)/left"
deploy os-2 > out
check "  unless nothing boots it" [ ! -e "$(upper 2)/left" ]

# Old deployments.
fresh
deploy os-2 > out
check "--keep removes what is older" eval 'deploy --keep 2 os-3 > out &&
	has "Removed the deployment of sha512:${id[1]}" out'
same "  and no more" "$(list)" "loader/entries/6.1_3+3.conf next state
loader/entries/6.1_2+3.conf fallback state"
fresh
deploy os-2 > out
quiet cfsctl --repo sys/composefs pin "${id[1]}"
deploy --keep 2 os-3 > out
same "one that is pinned stays" "$(list | wc -l)" 3
fresh
deploy os-2 > out
deploy --keep 1 os-3 > out
same "one to fall back on stays" "$(list)" "loader/entries/6.1_3+3.conf next state
loader/entries/6.1_2+3.conf fallback state"

# /var of one deployment becomes that of all.
fresh
rm "$(state 1)/var"
mv sys/state/os/default/var "$(state 1)/var"
rm -r sys/state/os
deploy os-2 > out
same "a var of its own becomes that of all" \
	"$(cat "$(state 2)/var/data") $(readlink "$(state 1)/var" "$(state 2)/var" |
		tr '\n' ' ')" "data ../../os/default/var ../../os/default/var "
fresh
rm "$(state 1)/var"
mkdir "$(state 1)/var"
refuse "  unless there is one already" "has a var of its own" deploy os-2
same "  then nothing is deployed" "$(list)" "loader/entries/6.1.conf next state"

# loader.conf.
fresh
printf 'timeout 3\ndefault 6.1.conf\n' > boot/loader/loader.conf
deploy os-2 > out
same "a default gives way" "$(cat boot/loader/loader.conf; list)" "timeout 3
loader/entries/6.1_2+3.conf next state
loader/entries/6.1.conf fallback state"
fresh
printf 'linux /x\ntitle x\nsort-key a\nversion 7~rc1\n' \
	> boot/loader/entries/x.conf
touch boot/x
deploy os-2 > out 2> err
check "the new one comes first whatever there is" eval '[ ! -s err ] &&
	list > listed && has "6.1_2+3.conf next" listed'
same "  by what orders entries" \
	"$(grep 'sort-key\|version' boot/loader/entries/6.1_2+3.conf)" \
	"version 7~rc1.1
sort-key a"

# A whole /etc, as bootc has it.
fresh
d=$(state 1)
rm -r "$d/etc"
mkdir "$d/etc"
cp -a "full/sys/../$(upper 1)/." "$d/etc/" && rm "$d/etc/passwd" "$d/etc/conf.d/a"
echo "1 gone.d/x" > "$d/etc/gone.d/x"
cp -p tree/etc/hostname "$d/etc/"
touch "$d/etc/own" "$d/etc/.updated"
printf '[origin]\ncontainer-image-reference=ostree-unverified-image:docker://x\n[boot]\nboot_type=bls\ndigest=ab\n[image]\nmanifest_digest=sha256:ab\n' \
	> "$d/${id[1]}.origin"
deploy os-2 > out
same "a whole /etc is merged" "$(cat out)" \
	"loader/entries/6.1_2+3.conf boots ${id[2]}
conflict: /etc/conf.d/b: changed here and in the image; kept as it is here
conflict: /etc/passwd: removed here, changed in the image; kept as it is here
/etc: 13 changes taken over from sha512:${id[1]}"
same "  into another one" "$(cd "$(state 2)/etc" && find . -mindepth 1 -printf \
	'%y %P\n' | sort -k 2 | tr '\n' ' ')" \
	"d conf.d f conf.d/b f conf.d/new d gone.d f gone.d/y f hostname f hosts d mine.d p mine.d/fifo l mine.d/link f mine.d/long f mine.d/name d mine.d/sub f mine.d/sub/file f own "
same "  with what is new in the image" "$(cat "$(state 2)/etc/conf.d/new")" new
same "  beside what bootc wants to know" "$(cat "$(state 2)/${id[2]}.origin")" \
	"[origin]
container-image-reference=ostree-unverified-image:docker://x
[boot]
boot_type=bls
digest=$(cat tree/usr/lib/modules/6.1/{vmlinuz,initramfs.img} |
	sha256sum | cut -d' ' -f1)"

# What is refused changes nothing.
fresh
cp -a sys/state before
cp -a boot before-boot
refused() { # NAME WORDS ARGUMENT...
	refuse "$@"
	check "  and nothing changes" eval \
		'diff -r --no-dereference -x fifo -x passwd -x a before sys/state &&
		diff -r before-boot boot'
}
refused "no such image" "os-9" deploy os-9
refused "no such deployment" "is not deployed" deploy --from os-3 os-2
refused "too many tries" "is not a number from 0 to 99" deploy --tries 100 os-2
refused "tries that are none" "is not a number" deploy --tries -1 os-2
refused "nothing to keep" "is not a number" deploy --keep 0 os-2
refused "an argument that names an image" "would name another image" \
	deploy --cmdline composefs=x os-2
# shellcheck disable=SC2086
refused "a repository elsewhere" "not directly in" \
	cfsctl --repo full/sys/composefs deploy $where os-2
python3 - "$(upper 1)" << 'END'
import os, sys
os.chdir(sys.argv[1])
for i in range(130):
    os.mkdir("d")
    os.chdir("d")
END
rm -rf before && cp -a sys/state before
refused "directories too deep" "more than 128 directories" deploy os-2
rm -rf "$(upper 1)/d"
# shellcheck disable=SC2012
object=$(ls -S sys/composefs/objects/*/* | head -n 1)
mv "$object" away
rm -rf before && cp -a sys/state before
refused "an image that lacks objects" "" deploy os-2
mv away "$object"

# A check, with a program in place of composefs-setup-root.
fresh
mkdir bin
cat > bin/composefs-setup-root << 'END'
#!/bin/sh
echo "$*" > args
echo '{"etc":"overlay"}'
echo notice >&2
exit "$(cat status)"
END
chmod +x bin/composefs-setup-root
PATH=$PWD/bin:$PATH
echo 0 > status
rm -rf before before-boot && cp -a sys before-sys && cp -a boot before-boot
same "a check says what would be done" "$(deploy --check os-2 2> err)" \
	"It would get the entry loader/entries/6.1_2+3.conf
conflict: /etc/conf.d/b: changed here and in the image; kept as it is here
conflict: /etc/passwd: removed here, changed in the image; kept as it is here
/etc: 12 changes taken over from sha512:${id[1]}
composefs-setup-root: it would start"
same "  the program's words are shown" "$(cat err)" notice
check "  it was asked about the image" \
	has "--check --sysroot sys --cmdline composefs.digest=?v1-sha512-12:${id[2]}" args
check "  nothing is written" eval 'diff -r --no-dereference -x fifo -x passwd \
	-x a before-sys sys && diff -r before-boot boot &&
	[ -z "$(find . -maxdepth 1 -name "cfsctl-check*")" ]'
same "  it may be JSON" "$(deploy --check --json os-2 2> err | python3 -c '
import json, sys
j = json.load(sys.stdin)
print(j["image"][:7], j["entry"], j["from"][:7], j["state_kept"], j["changes"],
      [c["path"] for c in j["conflicts"]], j["setup_root"])')" \
	"sha512: loader/entries/6.1_2+3.conf sha512: False 12 ['/etc/conf.d/b', '/etc/passwd'] {'status': 0, 'marker': '{\"etc\":\"overlay\"}\n', 'messages': 'notice\n'}"
echo 6 > status
deploy --check os-2 > out 2> err
same "  its failure is the command's" "$? $(tail -n 1 err)" \
	"6 Error: deploy os-2: composefs-setup-root would not start it (status 6)"
refuse "--json is for a check" "--json goes with --check" deploy --json os-2
cp -a sys/state before

# OCI images.
fresh
cp -a tree oci
mkdir -p oci/boot oci/sysroot
tar --sort=name -C oci -cf layer.tar .
python3 -B "$CFS_SRC/tests/oci/image.py" lay one layer.tar > /dev/null
cfsctl --repo sys/composefs oci pull --bootable oci:lay:one one > /dev/null
# shellcheck disable=SC2086
cfsctl oci deploy $where one > out
same "an OCI image is deployed, too" "$(head -n 1 out)" \
	"loader/entries/6.1_2+3.conf boots $(cfsctl --repo sys/composefs \
		oci compute-id --bootable one)"
echo 0 > status
# shellcheck disable=SC2086
check "  a check of it, too" eval 'cp -r tree/usr/version oci/usr/lib/ &&
	tar --sort=name -C oci -cf layer.tar . &&
	python3 -B "$CFS_SRC/tests/oci/image.py" lay two layer.tar > /dev/null &&
	cfsctl --repo sys/composefs oci pull oci:lay:two two > /dev/null &&
	! cfsctl oci deploy $where --check two 2> err && has "pulling with" err &&
	cfsctl --repo sys/composefs oci pull --bootable oci:lay:two two > /dev/null &&
	cfsctl oci deploy $where --check two > checked && has "would start" checked'
same "  with the changes" "$(grep -c '^/etc: 12 changes' out)" 1
finish
