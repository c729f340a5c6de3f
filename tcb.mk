# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# The trusted computing base: every source that composefs-setup-root is linked
# from.  `make tcb` holds the list, its size and the binary to each other.
#
# TCB_SLOC_MAX: lines of code in these sources and in the headers of ours that
# they include.
TCB_SLOC_MAX := 7629
TCB_SRCS := \
	base/buf.c base/err.c base/io.c base/json.c base/kernel.c base/text.c \
	base/toml.c base/toml_names.c \
	fsverity/digest.c fsverity/measure.c fsverity/signature.c \
	keys/der.c keys/hash.c keys/pem.c keys/keyring.c keys/pkcs7.c \
	boot/kargs.c \
	mount/context.c mount/scratch.c mount/loop.c mount/erofs.c \
	mount/overlay.c mount/upper.c \
	repo/directory.c repo/meta.c repo/image.c repo/signature.c \
	$(sort $(wildcard setup-root/*.c)) \
	deps/static-stubs.c
