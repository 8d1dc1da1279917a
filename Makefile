# SPDX-License-Identifier: GPL-2.0-or-later
# bootrig: plain GNU make. Each CONFIG (release, san, coverage, fuzz) builds in build/<config>/.

VERSION := 0.1.0
CONFIG ?= release
O ?= build
PREFIX ?= /usr/local
DESTDIR ?=
V ?= 0
CLANG_FORMAT ?= clang-format

B := $(O)/$(CONFIG)
Q := $(if $(filter 1,$(V)),,@)

LAYERS := util parse diagnose hw kernel console boot session report campaign store bisect daemon web cmd
LIB_SRC := $(sort $(foreach l,$(filter-out cmd,$(LAYERS)),$(wildcard runner/$(l)/*.c)))
CMD_SRC := $(sort $(wildcard runner/cmd/*.c))
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
LAB_SRC := $(sort $(wildcard tests/lab/test_*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_PART_SRC := $(filter-out $(FUZZ_SRC),$(sort $(wildcard tests/fuzz/*.c)))
TOOL_SRC := $(sort $(wildcard tests/tools/*.c))
TOOL_PART_SRC := $(sort $(wildcard tests/tools/*/*.c))
HEADERS := $(sort $(wildcard include/*/*.h))
ALL_C := $(LIB_SRC) $(CMD_SRC) $(UNIT_SRC) $(LAB_SRC) $(FUZZ_SRC) $(FUZZ_PART_SRC) $(TOOL_SRC) $(TOOL_PART_SRC) tests/unit/tap.c $(wildcard tests/unit/*.h tests/fuzz/*.h tests/tools/*.h tests/tools/*/*.h) $(wildcard kernels/tools/*.c kernels/tools/*/*.[ch]) $(HEADERS)

PKGS := libgpiod libserialport libcurl jansson libarchive liblzma libfyaml libpcre2-8 libcrypto capstone libdw libelf libbpf libRmath
NO_PKG_GOALS := clean help format dist
ifneq ($(filter-out $(NO_PKG_GOALS),$(or $(MAKECMDGOALS),all)),)
PKG_ERR := $(shell pkg-config --print-errors --exists $(PKGS) 2>&1)
ifneq ($(.SHELLSTATUS),0)
$(error $(PKG_ERR). Run ./quickstart deps to install what is missing)
endif
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS))
PKG_LIBS := $(shell pkg-config --libs $(PKGS))
# libgpiod 1 and 2 share no call that matters: one thin file for each, one of them is built.
GPIOD_MAJOR := $(firstword $(subst ., ,$(shell pkg-config --modversion libgpiod)))
LIB_SRC := $(filter-out runner/hw/gpio$(if $(filter 1,$(GPIOD_MAJOR)),2,1).c,$(LIB_SRC))
endif

WARN := -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wundef -Wmissing-prototypes -Wstrict-prototypes \
	-Wwrite-strings -Wpointer-arith -Wcast-qual -Wnull-dereference -Wno-unused-parameter
HARDEN := -fstack-protector-strong -fPIE -fno-common
BASE := -std=gnu11 -Iinclude -include util/compiler.h -D_GNU_SOURCE -DBOOTRIG_VERSION='"$(VERSION)"' $(PKG_CFLAGS)
LDHARDEN := -pie -Wl,-z,relro,-z,now -Wl,--as-needed

ifeq ($(CONFIG),release)
VARIANT := -O2 -g -D_FORTIFY_SOURCE=2
else ifeq ($(CONFIG),san)
VARIANT := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -Werror
else ifeq ($(CONFIG),coverage)
VARIANT := -O0 -g --coverage
else ifeq ($(CONFIG),fuzz)
CC := clang
VARIANT := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -DBOOTRIG_FUZZ
else
$(error CONFIG=$(CONFIG): want release, san, coverage or fuzz)
endif
ifeq ($(WERROR),1)
VARIANT += -Werror
endif

ALL_CFLAGS = $(CFLAGS) $(BASE) $(WARN) $(HARDEN) $(VARIANT) $(EXTRA_CFLAGS)
ALL_LDFLAGS = $(LDFLAGS) $(LDHARDEN) $(filter -fsanitize=address% --coverage,$(VARIANT))
CONVERSION := -Wconversion -Wno-sign-conversion

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
LIB_OBJ := $(call obj,$(LIB_SRC))
UNIT_BIN := $(patsubst tests/unit/%.c,$(B)/tests/%,$(UNIT_SRC))
LAB_BIN := $(patsubst tests/lab/%.c,$(B)/lab/%,$(LAB_SRC))
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(FUZZ_SRC))
TOOL_BIN := $(patsubst tests/tools/%.c,$(B)/tools/%,$(TOOL_SRC))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

all: $(B)/bootrig $(TOOL_BIN) ## build build/release/bootrig and the test tools

$(B)/bootrig: $(call obj,$(CMD_SRC)) $(B)/librunner.a $(B)/.flags
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^) $(PKG_LIBS) $(LIBS)

$(B)/librunner.a: $(LIB_OBJ) $(B)/.libs
	@echo "  AR      $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB_OBJ)

$(B)/tests/%: $(B)/obj/tests/unit/%.o $(B)/obj/tests/unit/tap.o $(B)/librunner.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) $(LIBS)

$(B)/lab/%: $(B)/obj/tests/lab/%.o $(B)/obj/tests/unit/tap.o $(B)/librunner.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) $(LIBS)

# A program with more than one file keeps the others in a folder of its name.
$(B)/tools/fakeboard: $(call obj,$(wildcard tests/tools/fakeboard/*.c))
$(B)/tools/labagent: $(call obj,$(wildcard tests/tools/labagent/*.c))
$(B)/tools/%: $(B)/obj/tests/tools/%.o $(B)/librunner.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(PKG_LIBS) $(LIBS) $(TOOL_LIBS)

# Only the receiver serves HTTP, so only it links to libmicrohttpd.
$(B)/obj/tests/tools/receiver.o: EXTRA_CFLAGS += $(shell pkg-config --cflags libmicrohttpd)
$(B)/tools/receiver: TOOL_LIBS = $(shell pkg-config --libs libmicrohttpd)

# What several fuzzers share, and what one takes from the program.
$(addprefix $(B)/fuzz/fuzz_,oops report stall): $(B)/obj/tests/fuzz/oops_check.o
$(addprefix $(B)/fuzz/fuzz_,report stall): $(B)/obj/tests/fuzz/log_grammar.o
$(B)/fuzz/fuzz_oops_command: $(call obj,runner/cmd/oops_command.c runner/cmd/oops_page.c runner/cmd/oops_page_object.c)
$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(B)/librunner.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) -fsanitize=fuzzer,address,undefined $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(PKG_LIBS) $(LIBS)

$(B)/obj/runner/parse/%.o $(B)/obj/runner/kernel/%.o: EXTRA_CFLAGS += $(CONVERSION)
$(B)/obj/tests/lab/%.o: EXTRA_CFLAGS += -Itests/unit
$(B)/obj/tests/tools/%.o: EXTRA_CFLAGS += -Itests/tools
$(B)/obj/%.o: %.c $(B)/.flags
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Rebuild when the command line or the list of sources changes.
$(B)/.flags: FORCE
	@mkdir -p $(B)
	@echo '$(subst ','\'',$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(PKG_LIBS))' | cmp -s - $@ || echo '$(subst ','\'',$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(PKG_LIBS))' > $@
$(B)/.libs: FORCE
	@mkdir -p $(B)
	@echo '$(LIB_SRC)' | cmp -s - $@ || echo '$(LIB_SRC)' > $@

-include $(patsubst %.o,%.d,$(call obj,$(LIB_SRC) $(CMD_SRC) $(UNIT_SRC) $(LAB_SRC) $(FUZZ_SRC) $(FUZZ_PART_SRC) $(TOOL_SRC) $(TOOL_PART_SRC) tests/unit/tap.c))

tests-bin: $(UNIT_BIN) $(LAB_BIN) $(TOOL_BIN)

check: all tests-bin ## every test that needs no hardware and no root; ends with N passed, N failed, N skipped
	$(Q)tests/run --config $(CONFIG) --build $(O) unit bench golden virt net kernels lab

check-unit: all tests-bin ## unit tests, golden replays and the whole program against a scripted board
	$(Q)tests/run --config $(CONFIG) --build $(O) unit bench golden

check-virt: all demo-assets ## the jobs on QEMU with real U-Boot, TFTP and kernels
	$(Q)tests/run --config $(CONFIG) --build $(O) virt

check-net: all demo-assets ## dnsmasq in a network namespace and the same jobs over a tap; as root
	$(Q)tests/run --config $(CONFIG) --build $(O) net

check-debian13: all ## build and relay tests in a Debian 13 root, with libgpiod 2; as root
	$(Q)tests/run --config $(CONFIG) --build $(O) debian13

check-kernels: all ## kernels with the reference bug in QEMU; built with CI=1, else taken from the cache
	$(Q)tests/run --config $(CONFIG) --build $(O) kernels

check-lab: all tests-bin ## relays and a tty in a gpio-sim guest
	$(Q)tests/run --config $(CONFIG) --build $(O) lab

san: ## the same tests with AddressSanitizer and UndefinedBehaviorSanitizer
	$(Q)$(MAKE) CONFIG=san check-unit

FUZZ_SECONDS ?= 10
fuzz: ## libFuzzer (clang) on every parser, FUZZ_SECONDS each
	$(Q)$(MAKE) CONFIG=fuzz fuzz-bin
	$(Q)tests/fuzz/run $(O)/fuzz/fuzz $(FUZZ_SECONDS)

fuzz-bin: $(FUZZ_BIN)

coverage: ## line coverage of the unit and bench tests in build/coverage
	$(Q)$(MAKE) CONFIG=coverage check-unit
	$(Q)tests/coverage $(O)/coverage

bench: all ## throughput and latency, each as a ratio to a named reference of the same run
	$(Q)tests/bench/measure $(O)/$(CONFIG)

torture: all ## kill -9 at random moments, many times
	$(Q)tests/bench/torture $(O)/$(CONFIG)

demo-assets: ## fetch and build what the jobs in jobs/ boot
	$(Q)jobs/assets/build $(O)/demo-assets

vb2_ramdisk := $(O)/demo-assets/ramdisk-vb2.cpio.gz
vb2-assets: demo-assets ## the ramdisk of jobs/vb2-fence-matrix.yaml; needs the arm64 cross compiler
	$(Q)$(MAKE) --no-print-directory $(vb2_ramdisk)

$(vb2_ramdisk): $(O)/demo-assets/ramdisk.cpio.gz kernels/tools/ramdisk $(wildcard kernels/tools/vb2churn/*)
	$(Q)kernels/tools/ramdisk $< $@

golden-update: all ## rewrite expected golden results; read the diff before you commit it
	$(Q)tests/golden/run --update $(O)/$(CONFIG)

lint: ## layers point down, headers compile alone, format is clean, gcc -fanalyzer on parse/, shellcheck
	$(Q)tests/lint $(HEADERS)
	$(Q)$(CLANG_FORMAT) --dry-run --Werror $(ALL_C)

format: ## clang-format every C file
	$(Q)$(CLANG_FORMAT) -i $(ALL_C)

print-%:
	@echo '$($*)'

install: all ## PREFIX, DESTDIR
	install -Dm755 $(B)/bootrig $(DESTDIR)$(PREFIX)/bin/bootrig
	$(Q)for f in $(wildcard docs/man/*.1); do install -Dm644 $$f $(DESTDIR)$(PREFIX)/share/man/man1/$${f##*/}; done
	install -Dm644 packaging/udev/60-bootrig.rules $(DESTDIR)$(PREFIX)/lib/udev/rules.d/60-bootrig.rules
	$(Q)for f in $(wildcard docs/*.md); do install -Dm644 $$f $(DESTDIR)$(PREFIX)/share/doc/bootrig/$${f##*/}; done

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/bootrig $(DESTDIR)$(PREFIX)/share/man/man1/bootrig*.1
	rm -f $(DESTDIR)$(PREFIX)/lib/udev/rules.d/60-bootrig.rules
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/bootrig

dist: ## a source archive from git
	git archive --prefix=bootrig-$(VERSION)/ -o bootrig-$(VERSION).tar.gz HEAD

clean: ## remove build/
	rm -rf $(O)

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

FORCE:
.PHONY: all tests-bin check check-unit check-virt check-net check-debian13 check-kernels check-lab san fuzz fuzz-bin coverage bench torture demo-assets vb2-assets golden-update lint format install uninstall dist clean help FORCE
.SECONDARY:
