# SPDX-License-Identifier: Apache-2.0 OR MIT
# Images over HTTP, from nginx if it is installed, else from tests/tools/httpd.py,
# whose time does not count; against curl and cp of the same objects.
command -v curl > /dev/null || { echo "fetch: needs curl"; return 0; }
shape tree "$shm/tree" "$files"
cfs() { "$BIN/cfsctl" --repo "$shm/$1" "${@:2}" > /dev/null 2>> "$work/fetch.log"; }

serve_files() { # sets $url
	local port
	if command -v nginx > /dev/null; then
		port=$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
		cat > "$work/nginx.conf" <<-END
		daemon off; worker_processes 1; pid $work/nginx.pid; error_log $work/nginx.err;
		events { worker_connections 512; }
		http { access_log off; keepalive_requests 100000; sendfile on;
		client_body_temp_path $work/n1; proxy_temp_path $work/n2; fastcgi_temp_path $work/n3;
		uwsgi_temp_path $work/n4; scgi_temp_path $work/n5;
		server { listen 127.0.0.1:$port; root $shm; } }
		END
		nginx -c "$work/nginx.conf" -g "user $(id -un);" > "$work/nginx.out" 2>&1 &
		url=http://127.0.0.1:$port
	else
		python3 -B "$here/../tools/httpd.py" "$shm" "$work/httpd.log" > "$work/port" &
		while [ ! -s "$work/port" ]; do sleep 0.1; done
		url=http://127.0.0.1:$(cat "$work/port")/plain
	fi
	server=$!
	for _ in $(seq 50); do
		curl -so "$work/json" "$url/web/export.json" && break
		sleep 0.1
	done
}
counts() { # FIELD: of what the last fetch said: requests or bytes
	tr ' ' '\n' < "$work/said" | awk -v want="$1" '
		/^received/ { bytes = (last == "KiB" ? 1024 : last == "MiB" ? 1048576 : 1) * before }
		/^request/ { requests = last }
		{ before = last; last = $0 }
		END { print want == "bytes" ? bytes : requests }'
}
fetched() { # REPOSITORY ARGUMENT...
	"$BIN/cfsctl" --repo "$shm/$1" fetch "${@:2}" 2> "$work/said" > /dev/null
}

cfs build init --insecure
"$BIN/cfsctl" --repo "$shm/build" create-image --no-propagate-usr-to-root "$shm/tree" os > "$work/id"
cfs build publish "$shm/web"
old=$(cut -d: -f2 "$work/id")
serve_files
(cd "$shm/build/objects" && find . -type f -printf '%P\n') |
	sed "s|.*|url = \"$url/build/objects/&\"\noutput = \"$shm/got-{}/&\"|" > "$work/curl.conf"
cat > "$work/curl-cp" <<END
#!/bin/sh
sed "s/{}/\$1/" $work/curl.conf | curl -sf --no-progress-meter --parallel --parallel-max 16 \
	--create-dirs -K - && cp -r $shm/got-\$1 $shm/copy-\$1
END
cat > "$work/fetch" <<END
#!/bin/sh
$BIN/cfsctl --repo $shm/r-\$1 init --insecure > /dev/null &&
	exec $BIN/cfsctl --repo $shm/r-\$1 fetch $url/web $old 2> $work/said
END
chmod +x "$work/curl-cp" "$work/fetch"

title "the first fetch, $(find "$shm/build/objects" -type f | wc -l) objects, against curl and cp of them"
compare -n "$rounds" -c "rm -rf $shm/got-{} $shm/copy-{} $shm/r-{}" \
	"curl-cp=$work/curl-cp {}" "ours=$work/fetch {}"
row "first fetch, CPU, against curl and cp" 1.30 - "$(ratio ours curl-cp cpu)"
row "first fetch, MiB of memory" 40 - "$(calc "$(figure ours memory) / 1024")"
row "first fetch, requests, against one for each object" 0.10 - \
	"$(calc "$(counts requests) / $(find "$shm/build/objects" -type f | wc -l)")"

title "an update of one in a hundred objects"
cfs one init --insecure
fetched one "$url/web" "$old"
find "$shm/tree" -type f -size +1 | sort | awk 'NR % 100 == 0' | while read -r file; do
	printf x >> "$file"
done
"$BIN/cfsctl" --repo "$shm/build" create-image --no-propagate-usr-to-root "$shm/tree" os > "$work/id"
find "$shm/web" -type f ! -name '*.index' ! -name '*.image.zst' ! -name '*.list' \
	! -name export.json -printf '%p %s\n' | sort > "$work/before"
cfs build publish "$shm/web"
new=$(cut -d: -f2 "$work/id")
find "$shm/web" -type f ! -name '*.index' ! -name '*.image.zst' ! -name '*.list' \
	! -name export.json -printf '%p %s\n' | sort > "$work/after"
changed=$(comm -13 "$work/before" "$work/after" | awk '{ n += $2 } END { print n }')
index=$(stat -c %s "$shm/web/images/$new.index")
large=$(comm -13 "$work/before" "$work/after" | grep -c /objects/ || true)
fetched one "$url/web" "$new"
cat "$work/said"
row "update, bytes, against the changed ones and the index" 1.02 - \
	"$(calc "$(counts bytes) / ($changed + $index)")"
row "update, requests beyond one for each large object" 20 - "$(($(counts requests) - large))"
kill "$server"
wait "$server" 2> /dev/null || true
server=
