# Builds, checks and installs the CPI; `make help` lists what it can do; V=1 shows the compiler's command lines.

VERSION := 0.1.0
BUILD   := build
PREFIX  := /usr/local
CC      ?= cc
CFLAGS  ?= -O2 -g

# With these VMs are made that boot (tests/guest). Their kernel is fetched by the tests, and not installed.
GUEST_DEBS := $(if $(filter x86_64,$(shell uname -m)),qemu-system-x86 dnsmasq-base iproute2 mount xz-utils)
# The one list of Debian packages: to build, and to check.
DEBS := build-essential pkg-config liblua5.4-dev lua-cjson-dev libcurl4-openssl-dev libssl-dev libsqlite3-dev \
        libmicrohttpd-dev clang libclang-rt-dev lua5.4 lua-busted lua-check valgrind strace curl openssl ruby \
        busybox-static libedit2 qemu-utils e2fsprogs fdisk bzip2 $(GUEST_DEBS)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes
# The same as the libraries of a release are compiled with. Sanitizers see more without the library's own checks.
# Asked once, when it is needed: `make deps` may have just installed the compiler.
HARDENED      = $(eval HARDENED := $$(shell CC="$(CC)" bash release/hardening compile))$(HARDENED)
HARDENED_LINK = $(eval HARDENED_LINK := $$(shell CC="$(CC)" bash release/hardening link))$(HARDENED_LINK)
# Asked when it is needed: `make deps` may have just installed it.
LUA_CFLAGS = $(shell pkg-config --cflags lua5.4)
COMPILE = $(CC) -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -D_DARWIN_C_SOURCE -DVERSION='"$(VERSION)"' $(LUA_CFLAGS) \
          $(WARNINGS) $(if $(SANITIZE),$(filter-out -Wp%,$(HARDENED)),$(HARDENED)) $(CPPFLAGS) $(CFLAGS) $(SANITIZE) -MMD -MP

# Lua, cjson and SQLite are linked in; curl and OpenSSL are loaded when something is sent (src/base/library.h).
LDLIBS  := -l:liblua5.4.a -l:liblua5.4-cjson.a -l:libsqlite3.a -lpthread -ldl -lm
HTTPD   := -lmicrohttpd
LINK     = $(call show,LINK $@)$(CC) $(CFLAGS) $(SANITIZE) $(HARDENED_LINK) $(LDFLAGS) -o $@ $(filter %.o,$^)
# A step is shown in a word, or in full with V=1.
show     = $(if $(V),,@echo "  $(1)"; )

objects  = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(1)))
HOST    := $(filter-out %/src/main.o,$(call objects,src/base/*.c src/api/*.c src/*.c))
SERVER  := $(call objects,src/server/*.c)
BASE    := $(call objects,src/base/*.c)
UNIT    := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*_test.c))
NATIVE  := $(patsubst %.c,build/pic/%.o,$(wildcard src/base/*.c src/api/*.c) tests/host/host_native.c)

PROGRAMS := $(BUILD)/cpi $(if $(SERVER),$(BUILD)/cpi-server)
CHECKERS := $(UNIT) $(BUILD)/host-tests build/spec/host_native.so $(if $(filter Linux,$(shell uname -s)),build/spec/failing_malloc.so)
RUN       = CPI_BUILD=$(BUILD) tests/run.sh

all: $(PROGRAMS)                 ## the programs, in build/

$(BUILD)/cpi: $(HOST) $(BUILD)/obj/src/main.o
	$(LINK) $(LDLIBS)

$(BUILD)/cpi-server: $(HOST) $(SERVER)
	$(LINK) $(HTTPD) $(LDLIBS)

$(BUILD)/host-tests: $(HOST) $(BUILD)/obj/tests/host/run.o
	$(LINK) $(LDLIBS)

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(BASE)
	@mkdir -p $(@D)
	$(LINK) -l:libsqlite3.a $(UNIT_LIBS) -lpthread -ldl -lm

$(BUILD)/unit/key_pair_test: UNIT_LIBS = -lcrypto # what it makes is read by OpenSSL itself

$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call show,CC $<)$(COMPILE) -c -o $@ $<

# The host's modules for plain lua5.4, which the specs run on; without sanitizers, as lua5.4 has none. Its allocator
# is in use to the very end, so it is not unloaded.
build/spec/host_native.so: $(NATIVE)
	@mkdir -p $(@D)
	$(call show,LINK $@)$(CC) -shared $(HARDENED_LINK) -Wl,-z,nodelete -o $@ $(NATIVE) -llua5.4-cjson -lsqlite3 -ldl -lm

# For LD_PRELOAD: allocations that fail.
build/spec/failing_malloc.so: build/pic/tests/support/failing_malloc.o
	@mkdir -p $(@D)
	$(call show,LINK $@)$(CC) -shared $(HARDENED_LINK) -o $@ $<

build/pic/%.o: override SANITIZE :=
build/pic/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call show,CC $<)$(COMPILE) -fPIC -c -o $@ $<

contract:                        ## what the code says, into lua/policies/README.md, lua/meta, docs/ and the BOSH job
	lua5.4 docs/decision_places.lua write
	lua5.4 docs/policy_contract.lua write
	lua5.4 docs/permissions_table.lua write
	lua5.4 docs/rooms_table.lua write
	lua5.4 docs/simulator_tables.lua write

session: all build/spec/host_native.so ## records docs/session.md anew
	lua5.4 docs/session.lua $(BUILD)

dashboard: build/spec/host_native.so ## draws docs/dashboard.svg anew: docs/grafana.json over a run of the simulator
	lua5.4 docs/dashboard.lua

deps:                            ## installs the Debian packages that building and checking need
	$(if $(filter 0,$(shell id -u)),,sudo) apt-get install -y --no-install-recommends $(DEBS)

cloud: all build/spec/host_native.so ## a small cloud on this machine, whose VMs boot, to try the CPI and BOSH by hand
	@tests/guest/run lua5.4 tests/guest/by_hand.lua

demo: all build/spec/host_native.so ## a VM's life against the simulated CloudStack, for a person to follow
	lua5.4 demo/life.lua

test: all $(CHECKERS) fuzz-build ## all checks; the last line is the sum
	@$(RUN) lint unit host-tests spec server transcripts lifecycle guest release job faults hostile fuzz

lint:                            ## style, and the floors of the design
	@$(RUN) lint

unit: $(UNIT)                    ## the C mechanisms, without Lua
	@$(RUN) unit

host-tests: all $(CHECKERS)      ## the host as scripts see it
	@$(RUN) host-tests

spec: $(CHECKERS)                ## the Lua logic, CloudStack simulated
	@$(RUN) spec

server: all $(CHECKERS)          ## the daemon as its clients see it
	@$(RUN) server

transcripts: all $(CHECKERS)     ## stdin to stdout
	@$(RUN) transcripts

hostile: all $(CHECKERS)         ## servers that mean harm: bad TLS, absurd answers
	@$(RUN) hostile

lifecycle: all $(CHECKERS)       ## whole lives of VMs, over HTTP
	@$(RUN) lifecycle

guest: all $(CHECKERS)           ## a small Linux that boots in the simulated cloud, in qemu
	@$(RUN) guest

job: all $(CHECKERS)             ## the BOSH job: its templates, manifests, and the CPI installed by it
	@$(RUN) job

coverage: build/spec/host_native.so ## every job property and cloud_properties key, with a test of what it does
	@lua5.4 tests/job/coverage.lua

# Fuzz targets: the host's sources instrumented by clang, its libFuzzer as the main program.
# Seconds for each; by hand hours are better.
FUZZ_SECONDS ?= $(if $(CI),20,5)
export FUZZ_SECONDS
FUZZ_TARGETS := $(addprefix $(BUILD)/fuzz/,request secret mask sign yaml json reply config)
CLANG := BUILD=build/clang CC=clang CFLAGS="-O1 -g" \
         SANITIZE="-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined"
fuzz: all build/spec/host_native.so fuzz-build ## spoilt requests, and fuzz targets for FUZZ_SECONDS each
	CPI_BUILD=$(BUILD) lua5.4 tests/fuzz/requests.lua
	tests/fuzz/run.sh build/clang $(FUZZ_SECONDS)
fuzz-build:
	@$(MAKE) --no-print-directory $(CLANG) fuzz-targets
fuzz-targets: $(FUZZ_TARGETS)
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%_target.o $(HOST)
	@mkdir -p $(@D)
	$(LINK) -fsanitize=fuzzer $(LDLIBS)
$(addprefix $(BUILD)/fuzz/,json reply config): $(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/lua_target_%.o $(HOST)
	@mkdir -p $(@D)
	$(LINK) -fsanitize=fuzzer $(LDLIBS)
$(BUILD)/obj/tests/fuzz/lua_target_%.o: tests/fuzz/lua_target.c Makefile
	@mkdir -p $(@D)
	$(call show,CC $<)$(COMPILE) -DSCRIPT='"tests/fuzz/$*.lua"' -c -o $@ $<

JOBS ?= 2
faults: build/spec/host_native.so ## every verb, every request that it makes, every fault
	tests/faults/everywhere.sh lua5.4 tests/faults/fault_matrix.lua --jobs $(JOBS)

faults-http: all build/spec/host_native.so ## a fault of each kind in every scenario, and kill -9 at every call, over HTTP
	lua5.4 tests/faults/wire_matrix.lua --jobs $(JOBS)
	lua5.4 tests/faults/wire_crash.lua --jobs $(JOBS)
	CPI_NAMESPACES=no lua5.4 tests/faults/wire_crash.lua --jobs $(JOBS)

crash: build/spec/host_native.so ## every verb, killed at every instant; then what a director does next
	tests/faults/everywhere.sh lua5.4 tests/faults/crash_matrix.lua --jobs $(JOBS)

interruptions: build/spec/host_native.so ## every verb, whose caller goes away or which gets a signal, at every request
	tests/faults/everywhere.sh lua5.4 tests/faults/interruption_matrix.lua --jobs $(JOBS)

pairs: build/spec/host_native.so ## two processes that need the same thing, in every order
	tests/faults/everywhere.sh lua5.4 tests/faults/pairs.lua

planted: all $(CHECKERS)         ## small mistakes, each in a copy of the tree: the suites catch them
	lua5.4 tests/faults/planted.lua

SEED ?= 1
histories: N ?= 10000
histories: build/spec/host_native.so ## N random histories from SEED, with faults, kills and several processes
	tests/faults/everywhere.sh lua5.4 tests/faults/histories.lua $(SEED) $(N)

mutants: N ?= 200
mutants: build/spec/host_native.so ## N random small mistakes in lua/ from SEED: how many do the nearest specs notice?
	lua5.4 tests/mutants/mutants.lua $(N) $(SEED) --jobs $(JOBS)

e2e: all build/spec/host_native.so ## the real bosh CLI and agent against the simulator
	lua5.4 tests/bosh/e2e.lua

witnesses: all build/spec/host_native.so ## clients that others wrote for CloudStack, through a VM's life against the simulator
	lua5.4 tests/witnesses/witnesses.lua

e2e-guest: all build/spec/host_native.so ## the same with a real Linux, made and converted here, whose VMs boot in qemu
	@tests/guest/run lua5.4 tests/guest/e2e.lua

walk: build/spec/host_native.so  ## the files of lua/ that one call of VERB enters, and how often. WHAT=scenario
	lua5.4 tests/walk/walk.lua $(or $(VERB),create_vm) $(if $(WHAT),--what '$(WHAT)')

bench: all build/spec/host_native.so ## what it costs, as ratios in one run; of the release build where it is
	lua5.4 tests/bench/bench.lua
bench-page:                      ## the last bench's table, into docs/performance.md
	lua5.4 tests/bench/bench.lua --page

# With sanitizers; the programs under test are those of build/asan.
ASAN := BUILD=build/asan SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined" CFLAGS="-O1 -g"
asan:                            ## the tests again, with address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory $(ASAN) asan-run
asan-run: all $(CHECKERS)
	@$(RUN) unit host-tests transcripts server lifecycle

# What a leak is: memory that nothing points to. (A forked writer ends without freeing what is still in use.)
VALGRIND := valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect \
            --errors-for-leak-kinds=definite,indirect
valgrind: all $(CHECKERS)        ## unit and host tests again, under valgrind
	@CPI_RUNNER="$(VALGRIND)" $(RUN) unit host-tests

# The programs as an installed CPI has them: with every library linked in, of those that the packages of bosh-release
# make. Their packaging scripts and this are what a stemcell compiles; LIBRARIES is its BOSH_PACKAGES_DIR.
LIBRARIES     := build/libraries
LIBRARY_NAMES := c-ares curl libmicrohttpd lua lua-cjson openssl sqlite
RELEASE_FLAGS = BUILD=build/release HTTPD=$(LIBRARIES)/libmicrohttpd/lib/libmicrohttpd.a LUA_CFLAGS= CFLAGS="-O2 $(SECTIONS)" \
          CPPFLAGS="-DSTATIC_LIBRARIES $(patsubst %,-I$(LIBRARIES)/%/include,$(LIBRARY_NAMES))" \
          LDFLAGS="$(SLIM) $(STATIC)" LDLIBS="$(ARCHIVES) -lpthread -lm $(FRAMEWORKS)"
ARCHIVES = $(addprefix $(LIBRARIES)/,lua-cjson/lib/libcjson.a lua/lib/liblua.a sqlite/lib/libsqlite3.a \
             curl/lib/libcurl.a c-ares/lib/libcares.a openssl/lib/libssl.a openssl/lib/libcrypto.a)
SECTIONS := -ffunction-sections -fdata-sections
ifeq ($(shell uname -s),Darwin)
SLIM       := -Wl,-dead_strip
FRAMEWORKS := -framework CoreFoundation -framework CoreServices -framework SystemConfiguration
else
SLIM       := -s -Wl,--gc-sections
endif
# Without a dynamic linker to start, where the C library can be had so. No PIE: 20000 relocations at every start.
STATIC = $(shell echo 'int main(void) { return 0; }' | $(CC) -static -x c -o /dev/null - 2>/dev/null && echo -static)

blobs:                           ## fetches the sources of the libraries that a release brings, from Debian's archive
	@release/blobs

advisories:                      ## the pinned sources against Debian's security updates; exit code 1 where one is behind
	@release/advisories

sources: blobs                   ## makes bosh-release what the bosh CLI's create-release takes
	@release/sources

dist: blobs                      ## the release tarball, in build/dist/; the same bytes for the same commit
	@release/dist $(VERSION) build/dist/bosh-cloudstack-cpi-$(VERSION).tgz

# For directors the stemcell must be the one that is deployed; create-env does not look at it.
FOR ?= ubuntu-jammy/1
dist-compiled: blobs             ## the same with compiled packages: create-env then needs no compiler. FOR=OS/VERSION
	@release/stemcell build/compiled
	@release/dist $(VERSION) build/dist/bosh-cloudstack-cpi-$(VERSION)-compiled-$(shell uname -m).tgz build/compiled $(FOR)

release: blobs                   ## slim programs with every library linked in, in build/release/
	@release/compile $(LIBRARIES) $(LIBRARY_NAMES)
	@$(MAKE) --no-print-directory release-programs

compiled: blobs build/spec/host_native.so ## the packages compiled as on a stemcell, put through the lifecycle, and measured
	@release/stemcell build/compiled
	@CPI_BUILD=build/compiled/cloudstack_cpi/bin CPI_LOGS=build/compiled/logs tests/run.sh lifecycle
	@echo "bytes on disk:" && cd build/compiled/cloudstack_cpi/bin && wc -c cpi cpi-server | grep -v total
	@lua5.4 tests/bench/bench.lua build/compiled/cloudstack_cpi/bin/cpi

release-programs:
	@$(MAKE) --no-print-directory $(RELEASE_FLAGS) programs
programs: $(PROGRAMS)

.PHONY: session dashboard advisories blobs sources dist dist-compiled compiled release release-programs programs

MAN     = $(DESTDIR)$(PREFIX)/share/man
SHARE   = $(DESTDIR)$(PREFIX)/share
install: all                     ## into PREFIX (default /usr/local), under DESTDIR
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/cloudstack_cpi $(MAN)/man1 $(MAN)/man7 \
	  $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	install $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	cd lua && find . -name '*.lua' -exec install -D -m 644 {} $(abspath $(SHARE))/cloudstack_cpi/lua/{} \;
	install -D -m 644 -t $(SHARE)/cloudstack_cpi/stemcell/metadata-finder stemcell/metadata-finder/*
	cd $(SHARE)/cloudstack_cpi/lua && find . -name '*.lua' | LC_ALL=C sort | xargs sha256sum >files.sha256
	$(BUILD)/cpi help man >$(MAN)/man1/cpi.1
	lua5.4 docs/policy_page.lua $(VERSION) >$(MAN)/man7/cpi-policy.7
	lua5.4 docs/server_page.lua man $(BUILD)/cpi-server >$(MAN)/man1/cpi-server.1
	$(BUILD)/cpi completion bash >$(SHARE)/bash-completion/completions/cpi
	$(BUILD)/cpi completion zsh >$(SHARE)/zsh/site-functions/_cpi
	$(BUILD)/cpi completion fish >$(SHARE)/fish/vendor_completions.d/cpi.fish
	lua5.4 docs/server_page.lua bash $(BUILD)/cpi-server >$(SHARE)/bash-completion/completions/cpi-server
	lua5.4 docs/server_page.lua zsh $(BUILD)/cpi-server >$(SHARE)/zsh/site-functions/_cpi-server
	lua5.4 docs/server_page.lua fish $(BUILD)/cpi-server >$(SHARE)/fish/vendor_completions.d/cpi-server.fish

uninstall:                       ## removes what install has put there
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(PROGRAMS))) $(addprefix $(MAN)/,man1/cpi.1 man1/cpi-server.1 man7/cpi-policy.7) \
	  $(addprefix $(SHARE)/,bash-completion/completions/cpi bash-completion/completions/cpi-server zsh/site-functions/_cpi \
	  zsh/site-functions/_cpi-server fish/vendor_completions.d/cpi.fish fish/vendor_completions.d/cpi-server.fish)
	rm -rf $(SHARE)/cloudstack_cpi

clean:                           ## removes what was built
	rm -rf build

help:                            ## this list
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

.PHONY: witnesses all contract deps demo test lint unit host-tests spec server transcripts lifecycle guest job coverage hostile faults faults-http crash interruptions \
        pairs planted histories mutants fuzz e2e e2e-guest walk bench bench-page asan asan-run valgrind install uninstall clean help
.SECONDARY:

-include $(wildcard $(patsubst %.o,%.d,$(HOST) $(SERVER) $(NATIVE) $(BUILD)/obj/src/main.o \
         $(BUILD)/obj/tests/host/run.o)) $(wildcard $(BUILD)/obj/tests/unit/*.d)
