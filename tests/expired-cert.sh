# SPDX-License-Identifier: Apache-2.0 OR MIT
# expired_cert NAME: makes NAME.key and NAME.pem, a certificate of the common name
# NAME that expired on 2001-01-01. To be sourced; works in the current folder.
expired_cert() {
	: > index
	cat > "$1.conf" <<-'END'
		[ca]
		default_ca = d
		[d]
		database = index
		new_certs_dir = .
		rand_serial = yes
		default_md = sha256
		policy = p
		[p]
		commonName = supplied
	END
	openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" \
		-subj "/CN=$1" 2> /dev/null
	openssl ca -batch -config "$1.conf" -selfsign -keyfile "$1.key" -in "$1.csr" \
		-out "$1.pem" -notext -startdate 20000101000000Z \
		-enddate 20010101000000Z 2> /dev/null
}
