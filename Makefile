# SPDX-License-Identifier: Apache-2.0 OR MIT
#
#   make               build everything below $(O); installs nothing; V=1 shows
#                      the commands
#   make demo          build, sign, seal and boot a real Debian in QEMU
#   make demo-secure   the same by Secure Boot, executing nothing unsigned
#   make check         every test; installs what it needs
#   make check-fast    the same without virtual machines and sanitizers
#   make check-one T=tests/cli/fsck.sh   one test, or a unit test's source
#   make check-san     unit tests and corpora under ASan and UBSan
#   make check-clang   unit tests and corpora, built by clang
#   make check-compilers       each supported gcc and clang, -O0 to -flto
#   make check-suite SUITE=trixie|sid|bookworm   check-fast in that Debian
#   make check-vm      real kernels: User-Mode Linux and QEMU
#   make bench B=dump  measure against peers and limits, one group or all
#   make deps          install packages, build third-party libraries and kernels
#   make fuzz F=kargs T=60     fuzz one target for T seconds (clang)
#   make fuzz-oci N=10000      random layers, read by us and by a model
#   make fuzz-repo N=2000      mutated repositories against fsck, sanitized
#   make fuzz-keys N=2000      mutated signatures of other digests, sanitized
#   make fuzz-root N=2000      mutated physical roots against setup-root --check
#   make format        apply .clang-format
#   make check-packages   build the Debian and RPM packages and look into them
#   make dist          tarball of the version's tag, the same bytes everywhere
#   make install DESTDIR=... PREFIX=/usr TOOLS=yes|no   and make uninstall
#
# Settings: CC CFLAGS CPPFLAGS LDFLAGS as usual, CROSS_COMPILE=aarch64-linux-gnu-,
# WERROR=1 for warnings as errors, STATIC_PREFIX=... for libraries of your own
# in place of those of deps/static-libs.sh.

# Characters of a path that make, the shells of recipes or PATH take for theirs.
odd_chars  := % ' " ( ) ; & | < > ` $$ \ :
odd        = $(if $(filter 1,$(words x$1x)),,space )$(foreach c,$(odd_chars),$(if $(findstring $c,$1),$c))
# Stops if the path $(1) has one of them; $(2): what to do.
check_path = $(if $(strip $(call odd,$1)),$(error the path '$1' has a \
	character that make cannot take ($(strip $(call odd,$1))): $2))
$(call check_path,$(CURDIR),move the sources to a path without it)

O          ?= build
$(call check_path,$(O),set O to a path without it)
# One spelling: the rules of *.d files name their targets by it.
override O := $(patsubst $(CURDIR)/%,%,$(abspath $(O)))
CROSS_COMPILE ?=
ifeq ($(origin CC),default)
CC         := $(CROSS_COMPILE)gcc
endif
ifeq ($(origin AR),default)
AR         := $(CROSS_COMPILE)ar
endif
NM         ?= $(CROSS_COMPILE)nm
PREFIX     ?= /usr
BINDIR     ?= $(PREFIX)/bin
SBINDIR    ?= $(PREFIX)/sbin
LIBEXECDIR ?= $(PREFIX)/lib/composefs
MANDIR     ?= $(PREFIX)/share/man
# Where these look.
SYSTEMDUNITDIR    ?= $(PREFIX)/lib/systemd/system
DRACUTDIR         ?= $(PREFIX)/lib/dracut
INITRAMFSTOOLSDIR ?= $(PREFIX)/share/initramfs-tools
INITCPIODIR       ?= $(PREFIX)/lib/initcpio
# no: without the names of composefs' C tools
TOOLS      ?= yes
CFLAGS     ?= -O2 -g
VERSION    := 0.1.0
JOBS       ?= $(shell nproc)
LIBC       ?= glibc
CLANG_FORMAT ?= $(firstword $(shell command -v clang-format-14 clang-format 2>/dev/null) clang-format)

# A room is a top-level folder of sources, some in folders of their own; all
# of them make one archive.
ROOMS      := base compress http fsverity tree keys mount boot erofs repo disk fuse oci ops varlink

# composefs-setup-root's trusted computing base: the sources it is linked
# from, all of them.  Adding one is a reviewed act; so is raising the budget.
include tcb.mk

WARN       := -Wall -Wextra -Wshadow -Wformat=2 -Wundef -Wvla -Wpointer-arith \
	      -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	      -Wwrite-strings -Wcast-qual -Wconversion -Wno-sign-conversion \
	      -Wimplicit-fallthrough -Wno-missing-field-initializers \
	      -Wno-psabi $(if $(WERROR),-Werror)
# With -flto, gcc looks into functions of other files, but not far enough to see
# that outputs which they set on success only are not read after a failure, and
# takes a constant that was copied for what is freed.  clang has no such warnings.
ifneq ($(if $(findstring clang,$(CC)),,$(filter -flto%,$(CFLAGS))),)
WARN       += -Wno-maybe-uninitialized -Wno-free-nonheap-object
endif
HARDEN     := -fstack-protector-strong -fno-common
# glibc's checked functions, unless the flags $(1) say otherwise: they need an
# optimizing compiler, and sanitizers see more without them.
fortify    = $(if $(SAN)$(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(1)),,$\
	     $(if $(filter-out -O0,$(lastword $(filter -O%,$(1)))),$\
	     -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
# Paths of this machine stay out of the programs.  A compiler may take the
# folder's name from PWD, which can be another path to it.
export PWD := $(CURDIR)
CFS_CFLAGS := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	      -D_TIME_BITS=64 -I. \
	      -DCFS_VERSION='"$(VERSION)"' -fPIE -ffunction-sections \
	      -fdata-sections $(WARN) $(HARDEN) -ffile-prefix-map=$(CURDIR)=.
CFS_LDFLAGS := -Wl,--gc-sections -Wl,-z,relro,-z,now
# libcrypto, libext2fs, libpcre2 and others are loaded when needed (base/library.h).

ifdef SAN
CFS_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all
endif

comma := ,
ifneq ($(V),1)
say = @printf '  %-5s %s\n' '$(1)' '$(patsubst $(O)/%,%,$@)';
endif

# Third-party libraries.  STATIC_PREFIX holds the static ones that setup-root is
# linked with, and a libfuse: the caller's folder, or else that of
# deps/static-libs.sh.  Goals that compile nothing themselves do not need them.
GIVEN_PREFIX := $(STATIC_PREFIX)
ifneq ($(filter-out clean format uninstall dist deps demo demo-secure check check-fast check-suite,\
	$(or $(MAKECMDGOALS),all)),)
include $(O)/deps.mk
$(call check_path,$(STATIC_PREFIX),set STATIC_PREFIX or CFS_CACHE to one without it)
endif
CFS_CFLAGS += $(if $(STATIC_PREFIX),-isystem $(STATIC_PREFIX)/include \
	      -ffile-prefix-map=$(STATIC_PREFIX)=static-libs) $(DEPS_CFLAGS)
# libkeyutils is a handful of system calls: not worth a shared library.
CTL_LIBS   := $(if $(STATIC_PREFIX),$(if $(filter glibc,$(LIBC)),-L$(STATIC_PREFIX)/lib)) \
	      $(FUSE_LIBS) $(KEYUTILS_LIB) -lpthread
TCB_LIBS   := $(if $(STATIC_PREFIX),-L$(STATIC_PREFIX)/lib) $(STATIC_LIBS)
# What the tests call beside what is tested.
TEST_LIBS  := $(DEPS_LDFLAGS) -lz -llzma -lbz2 -lcrypto -lext2fs -lcom_err $(CTL_LIBS)

srcs       = $(sort $(wildcard $(1)/*.c $(1)/*/*.c))
objs       = $(patsubst %.c,$(O)/%.o,$(1))
LIB        := $(O)/libcfs.a
LIB_OBJS   := $(call objs,$(foreach r,$(ROOMS),$(call srcs,$(r))))
# Compiled for size and for a program that ends at once (base/auto.h).
TCB_OBJS   := $(patsubst %.c,$(O)/tcb/%.o,$(TCB_SRCS))
TCB_CC     := $(if $(filter musl,$(LIBC)),deps/musl-gcc,$(CC))
TCB_CFLAGS := $(filter-out -O2,$(CFLAGS)) -Os -DCFS_EXIT_CLOSES
CTL_OBJS   := $(call objs,$(call srcs,cfsctl))
# The programs' own files without their main(), for unit tests alone.
PROG       := $(O)/libprog.a
PROG_OBJS  := $(call objs,$(filter-out %/main.c,$(call srcs,setup-root) $(call srcs,cfsctl)))
UNIT       := $(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(wildcard tests/unit/*/test_*.c tests/unit/*/*/test_*.c))
FUZZ       := $(patsubst tests/fuzz/fuzz_%.c,$(O)/tests/fuzz/fuzz_%,$(wildcard tests/fuzz/fuzz_*.c))
TEST_TOOLS := $(patsubst tests/tools/%.c,$(O)/tests/tools/%,$(wildcard tests/tools/*.c))
FAKES      := $(call objs,$(wildcard tests/fake/*.c))
MAN        := $(wildcard docs/*.[1-8])
ALL_SRCS   = $(shell find $(ROOMS) setup-root cfsctl tests deps -name '*.[ch]')
BIN        := $(O)/bin

.PHONY: all deps demo demo-secure bench check check-fast check-all check-unit check-fuzz \
	check-cli check-root check-uml check-vm check-qemu check-boot \
	check-san check-clang check-suite check-compilers check-compilers-here \
	check-one check-packages build-unit build-tests lint tcb man fuzz fuzz-oci \
	fuzz-repo fuzz-keys fuzz-root format dist install uninstall clean FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BIN)/composefs-setup-root $(BIN)/cfsctl

# Asked every time, since the cache may have been deleted: it answers at once.
$(O)/deps.mk: FORCE
	@mkdir -p $(O)
	@LIBC='$(LIBC)' CC='$(CC)' AR='$(AR)' CPPFLAGS='$(CPPFLAGS)' \
		STATIC_PREFIX='$(GIVEN_PREFIX)' deps/find.sh > $@.new || \
		{ r=$$?; rm -f $@.new; exit $$r; }; \
		cmp -s $@.new $@ && rm $@.new || { mv $@.new $@ && \
		sed -n 's/^FUSE_FROM := /  DEPS  libfuse /p' $@; }

# Everything is rebuilt when the flags change, and only then.
$(O)/flags: FORCE
	@mkdir -p $(O)
	@printf '%s\n' '$(CC) $(CFS_CFLAGS) $(CPPFLAGS) $(CFLAGS)' \
		'$(AR) $(CFS_LDFLAGS) $(LDFLAGS) $(LIBC)' > $@.new; \
		cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CFS_CFLAGS) $(call fortify,$(CFLAGS)) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(O)/tcb/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(TCB_CC) $(CFS_CFLAGS) $(call fortify,$(TCB_CFLAGS)) $(CPPFLAGS) $(TCB_CFLAGS) -MMD -MP -c $< -o $@

# The archives are made anew when a source comes or goes.
$(O)/objects: FORCE
	@mkdir -p $(O)
	@printf '%s\n' $(LIB_OBJS) $(PROG_OBJS) > $@.new; \
		cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(LIB): $(LIB_OBJS) $(O)/objects
	$(call say,AR)rm -f $@ && $(AR) rcsD $@ $(LIB_OBJS)

$(PROG): $(PROG_OBJS) $(O)/objects
	$(call say,AR)rm -f $@ && $(AR) rcsD $@ $(PROG_OBJS)

# Static, from the listed objects only: never from the archive.  Where libc has
# no start file for it (s390x), at a fixed address.
STATIC := $(if $(filter glibc:rcrt1.o,$(LIBC):$(shell $(CC) -print-file-name=rcrt1.o)),-static,-static-pie)
$(BIN)/composefs-setup-root: $(TCB_OBJS)
	@mkdir -p $(@D)
	$(call say,LINK)$(TCB_CC) $(CFS_CFLAGS) $(TCB_CFLAGS) $(if $(SAN),,$(STATIC)) \
		$(CFS_LDFLAGS) $(LDFLAGS) $^ $(TCB_LIBS) -o $@

$(BIN)/cfsctl: $(CTL_OBJS) $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(CFS_CFLAGS) $(CFLAGS) -pie $(CFS_LDFLAGS) $(LDFLAGS) $^ $(CTL_LIBS) -o $@

# The fakes come before the archives, so the real ones are not pulled in.
$(UNIT): $(O)/tests/unit/%: $(O)/tests/unit/%.o $(FAKES) $(PROG) $(LIB)
	$(call say,LINK)$(CC) $(CFS_CFLAGS) $(CFLAGS) -pie $(WRAP) $(LDFLAGS) $^ $(TCB_LIBS) $(TEST_LIBS) -o $@

# Lets each allocation fail.
$(O)/tests/unit/erofs/test_memory: WRAP := $(addprefix -Wl$(comma)--wrap=,\
	malloc calloc realloc reallocarray aligned_alloc free)

$(FUZZ): %: %.o $(O)/tests/fuzz/replay.o $(PROG) $(LIB)
	$(call say,LINK)$(CC) $(CFS_CFLAGS) $(CFLAGS) -pie $(LDFLAGS) $^ $(TCB_LIBS) $(TEST_LIBS) -o $@

# Helpers that the shell tests run; with the real kernel behind them.
$(TEST_TOOLS): %: %.o $(PROG) $(LIB)
	$(call say,LINK)$(CC) $(CFS_CFLAGS) $(CFLAGS) -pie $(LDFLAGS) $^ $(TCB_LIBS) $(TEST_LIBS) -o $@

deps:
	@deps/packages.sh build check vm demo
	@deps/static-libs.sh
	@deps/uml-kernel.sh
	@for s in bookworm trixie sid; do deps/debian-kernel.sh $$s || exit 1; done
	@deps/secure-boot.sh
	@deps/rootfs.sh

# Tests.  tests/run counts what each of them says and adds up in
# $(O)/results; `make check` closes with the sum.  Here warnings are errors.
RUN = O=$(abspath $(O)) BIN=$(abspath $(BIN)) tests/run
CI  = $(MAKE) --no-print-directory -k WERROR=1

# Several tests at once.  Half of what a test waits for is the disk, so there
# are two for each processor, but for those that start machines.
AT_ONCE = -j $(shell echo $$(($(JOBS) * 2)))

# All that tests need, on all processors.
build-unit: $(UNIT) $(FUZZ)
build-tests: all build-unit $(TEST_TOOLS)
BUILD = $(CI) -j $(JOBS) build-tests

check:
	@deps/packages.sh build check vm demo
	+@rm -f $(O)/results
	+@$(BUILD); $(CI) lint tcb man check-unit check-fuzz check-cli check-root; a=$$?; \
	$(CI) check-san check-clang; b=$$?; \
	$(CI) check-uml check-qemu check-boot; c=$$?; \
	$(CI) check-suite; d=$$?; \
	$(CI) check-cross check-packages; e=$$?; \
	$(RUN) --sum && test $$a$$b$$c$$d$$e = 00000

check-fast:
	@deps/packages.sh build check
	+@rm -f $(O)/results
	+@$(BUILD); $(CI) lint tcb man check-unit check-fuzz check-cli check-root; a=$$?; \
	$(RUN) --sum && test $$a = 0

check-unit: $(UNIT)
	@$(RUN) $(AT_ONCE) unit $(UNIT)

check-fuzz: $(FUZZ)
	@$(RUN) $(AT_ONCE) fuzz $(FUZZ)

# One test script, or the program of a test's source.
ONE = $(patsubst tests/%.c,$(O)/tests/%,$(T))
check-one: $(if $(filter %.sh,$(T)),all $(TEST_TOOLS),$(ONE))
	@test -f '$(T)' || { echo 'which? make check-one T=tests/GROUP/TEST' >&2; exit 2; }
	@$(RUN) -v $(word 2,$(subst /, ,$(T))) $(ONE)

check-cli: all $(TEST_TOOLS)
	@$(RUN) $(AT_ONCE) cli $(sort $(wildcard tests/cli/*.sh))

check-root: all $(TEST_TOOLS)
	@$(RUN) -j $(JOBS) root $(sort $(wildcard tests/root/*.sh))

check-uml: all $(TEST_TOOLS)
	@deps/packages.sh build check vm
	@deps/uml-kernel.sh >/dev/null
	@$(RUN) -j $(JOBS) uml $(sort $(wildcard tests/uml/*.sh))

check-qemu: all $(TEST_TOOLS)
	@deps/packages.sh build check vm
	@for s in bookworm trixie sid; do deps/debian-kernel.sh $$s >/dev/null || exit 1; done
	@$(RUN) -j $(JOBS) qemu tests/vm/selftest.sh $(sort $(wildcard tests/qemu/*.sh))

check-boot: all $(TEST_TOOLS)
	@deps/packages.sh build check vm demo
	@$(RUN) -j $(JOBS) boot $(sort $(wildcard tests/boot/*.sh))

check-vm: check-uml check-qemu check-boot

# In the Debian that this one is not, or any other.  SUITE means something else
# to the scripts in deps.
SUITE ?= $(shell . /etc/os-release; test "$$VERSION_CODENAME" = bookworm && echo trixie || echo bookworm)
unexport SUITE
check-suite:
	@deps/packages.sh demo
	@O=$(abspath $(O))/suite-$(SUITE) tests/suite $(SUITE) check-fast; \
		$(call ADD_UP,suite-$(SUITE))

# For processors of another width and byte order, by QEMU.
check-cross: all $(TEST_TOOLS)
	@if deps/packages.sh build check cross; then \
		r=0; for a in i686 aarch64 s390x; do \
			O=$(abspath $(O)) BIN=$(abspath $(BIN)) JOBS=$(JOBS) \
				tests/cross/run $$a || r=1; \
		done; exit $$r; \
	else \
		echo 'skipped tests/cross: there are no cross compilers to be had'; \
		echo tests/cross 0 0 1 >> $(O)/results; \
	fi

# Built from the sources here, by the tools of the distributions.
check-packages: all
	@deps/packages.sh build packages
	@$(RUN) packages $(sort $(wildcard tests/packages/*.sh))

# The same tests, compiled in another way: $(1) names the build folder.
ALSO = $(MAKE) --no-print-directory O=$(O)/$(1) STATIC_PREFIX=$(STATIC_PREFIX)
ADD_UP = r=$$?; cat $(O)/$(1)/results >> $(O)/results; \
	rm -f $(O)/$(1)/results; exit $$r
SAN_SETTINGS = SAN=1 CFLAGS='-O1 -g'

check-san:
	+@$(call ALSO,san) $(SAN_SETTINGS) -j $(JOBS) build-unit
	+@ASAN_OPTIONS=allocator_may_return_null=1 \
		$(call ALSO,san) $(SAN_SETTINGS) check-unit check-fuzz; \
		$(call ADD_UP,san)

check-clang:
	+@$(call ALSO,clang) CC=clang -j $(JOBS) all build-unit
	+@$(call ALSO,clang) CC=clang check-unit check-fuzz; $(call ADD_UP,clang)

# Every supported compiler: this Debian's, and those of the other one.
check-compilers: check-compilers-here
	@deps/packages.sh demo
	@O=$(abspath $(O))/suite-$(SUITE) tests/suite $(SUITE) check-compilers-here; \
		$(call ADD_UP,suite-$(SUITE))

check-compilers-here:
	@deps/packages.sh build check compilers
	@O=$(abspath $(O)) STATIC_PREFIX='$(STATIC_PREFIX)' JOBS=$(JOBS) tests/compilers

lint: $(LIB)
	@tests/lint/includes
	@tests/lint/sizes
	@tests/lint/idioms
	@tests/lint/columns
	@tests/lint/paths
	@! $(NM) -g --defined-only $(LIB) | awk '$$2 ~ /[TDBR]/ && $$3 !~ /^cfs_/' | grep .
	@case '$(CLANG_FORMAT)' in \
	*-14) $(CLANG_FORMAT) --dry-run -Werror $(ALL_SRCS) ;; \
	*) echo '# formatting: not checked, other versions than clang-format 14 disagree with it' ;; \
	esac

tcb: $(BIN)/composefs-setup-root
	@CC='$(CC)' CPPFLAGS='-I. $(if $(STATIC_PREFIX),-isystem $(STATIC_PREFIX)/include)' \
		tests/lint/tcb $(TCB_SLOC_MAX) $(BIN)/composefs-setup-root $(TCB_SRCS)

man:
	@for m in $(MAN); do mandoc -Tlint -Wwarning $$m || exit 1; done

demo:
	@deps/packages.sh build vm demo
	+@$(MAKE) --no-print-directory all
	@O=$(abspath $(O)) BIN=$(abspath $(BIN)) docs/demo/run

demo-secure:
	@deps/packages.sh build vm demo
	+@$(MAKE) --no-print-directory all
	@O=$(abspath $(O)) BIN=$(abspath $(BIN)) docs/demo/secure

bench: all $(TEST_TOOLS)
	@deps/packages.sh build check
	@O=$(abspath $(O)) BIN=$(abspath $(BIN)) tests/bench/run $(B)

F ?= kargs
T ?= 60
fuzz:
	@mkdir -p $(O)/fuzz/corpus/$(F) $(O)/tmp/fuzz tests/fuzz/corpus/$(F)
	clang $(filter-out -Werror,$(CFS_CFLAGS)) -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		tests/fuzz/fuzz_$(F).c $(foreach r,$(ROOMS),$(call srcs,$(r))) \
		$(filter-out %/main.c,$(call srcs,setup-root) $(call srcs,cfsctl)) \
		$(TCB_LIBS) $(TEST_LIBS) -o $(O)/fuzz/$(F)
	TMPDIR=$(O)/tmp/fuzz $(O)/fuzz/$(F) -max_total_time=$(T) -artifact_prefix=$(O)/fuzz/ \
		$(O)/fuzz/corpus/$(F) tests/fuzz/corpus/$(F)

fuzz-oci: $(O)/tests/tools/tar2dump
	@mkdir -p $(O)/tmp/fuzz-oci
	TMPDIR=$(O)/tmp/fuzz-oci python3 -B tests/tar/compare.py $< $(or $(SEED),1) $(or $(N),10000)

# Seeded; `make check` and `make check-san` run the first 200 rounds.
fuzz-repo fuzz-keys: fuzz-%:
	+@$(MAKE) --no-print-directory O=$(O)/san SAN=1 CFLAGS='-O1 -g' $(O)/san/tests/unit/$*/test_mutated
	@mkdir -p $(O)/tmp/$@
	TMPDIR=$(abspath $(O)/tmp/$@) CFS_SEED=$(or $(SEED),1) CFS_ROUNDS=$(or $(N),2000) \
		$(O)/san/tests/unit/$*/test_mutated

fuzz-root: all
	@CFS_SEED=$(or $(SEED),1) CFS_ROUNDS=$(or $(N),2000) \
		$(RUN) -v root tests/root/mutated.sh

format:
	$(CLANG_FORMAT) -i $(ALL_SRCS)

# The commit that is archived is the tag of this version, or HEAD if there is no
# such tag.  Uncommitted files and settings of this machine have no effect.
DIST := composefs-seal-$(VERSION)
dist:
	@mkdir -p $(O)
	@commit=$$(git rev-parse -q --verify 'refs/tags/v$(VERSION)^{commit}' || echo HEAD); \
	git -c tar.umask=0022 archive --format=tar --prefix=$(DIST)/ $$commit > $(O)/$(DIST).tar && \
	env -u GZIP gzip -n -9 -f $(O)/$(DIST).tar && echo $(O)/$(DIST).tar.gz

DEPS_INSTALL = O='$(O)' DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' BINDIR='$(BINDIR)' \
	SBINDIR='$(SBINDIR)' LIBEXECDIR='$(LIBEXECDIR)' MANDIR='$(MANDIR)' \
	SYSTEMDUNITDIR='$(SYSTEMDUNITDIR)' DRACUTDIR='$(DRACUTDIR)' \
	INITRAMFSTOOLSDIR='$(INITRAMFSTOOLSDIR)' INITCPIODIR='$(INITCPIODIR)' \
	TOOLS='$(TOOLS)' deps/install.sh

install: all
	@$(DEPS_INSTALL)

uninstall:
	@$(DEPS_INSTALL) uninstall

clean:
	rm -rf $(O)

# Not of folders that tests make below $(O)/tmp.
-include $(shell find $(O) -path $(O)/tmp -prune -o -type f -name '*.d' -print 2>/dev/null)
