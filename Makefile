# ddbstream: everything is built from here. `make help` lists the targets.
#
# What a user relies on: build/ddbstream, build/libddbstream.a, build/examples/<name>/bootstrap (variant "release").
# Other variants (V=san, V=debug, V=cov, V=fuzz) live in folders of their own, so that flags never mix.

V ?= release
OBJCOPY ?= objcopy
JOBS ?= $(shell nproc 2>/dev/null || echo 1)
OUT := $(if $(filter release,$(V)),build,build/$(V))
OBJ := build/obj/$(V)

WARN := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
        -Wwrite-strings -Wundef -Wvla -Wformat=2
# Frame pointers: a crash report walks along them.
BASE := -std=c11 -pthread $(WARN) -fno-omit-frame-pointer -Iinclude -I. -fvisibility=hidden -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -ffunction-sections -fdata-sections
SAN  := -fsanitize=address,undefined -fno-sanitize-recover=all
comma := ,
# GCC for x86 clears and copies small structs with "rep stos" and "rep movs", whose start takes longer than the work.
STORES := -mmemset-strategy=unrolled_loop:256:noalign$(comma)libcall:-1:noalign \
          -mmemcpy-strategy=unrolled_loop:256:noalign$(comma)libcall:-1:noalign
STORES := $(shell $(CC) $(STORES) -E -x c /dev/null >/dev/null 2>&1 && echo '$(STORES)')
FLAGS_release := -O2 -g $(STORES)
FLAGS_debug   := -O0 -g3
FLAGS_san     := -O1 -g $(SAN)
FLAGS_cov     := -O0 -g --coverage
FLAGS_plain   := -O1 -g $(SAN) -DSCAN_ONLY=plain
FLAGS_sse2    := -O1 -g $(SAN) -DSCAN_ONLY=sse2
FLAGS_neon    := -O2 -g -static
FLAGS_fuzz    := -O1 -g $(SAN) -fsanitize=fuzzer-no-link
LINK_release := -Wl,--gc-sections -Wl,--as-needed
LINK_san     := $(SAN)
LINK_plain   := $(SAN)
LINK_sse2    := $(SAN)
LINK_neon    := -static
LINK_cov     := --coverage
LINK_fuzz    := $(SAN) -fsanitize=fuzzer

ALL_CFLAGS = $(BASE) $(FLAGS_$(V)) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(LINK_$(V)) $(LDFLAGS)

objects = $(patsubst %.c,$(OBJ)/%.o,$(sort $(wildcard $(1))))
CORE_O     := $(call objects,lib/*.c)
LAMBDA_O   := $(call objects,runtime/lambda/*.c)
AWS_O      := $(call objects,runtime/aws/*.c)
MAPPING_O  := $(call objects,runtime/mapping/*.c)
TABLE_O    := $(call objects,runtime/table/*.c)
TEST_O     := $(call objects,runtime/test/*.c)
EMULATOR_O := $(call objects,runtime/emulator/*.c)
CHECK_O    := $(call objects,tests/unit/check.c)
# Where the time of a batch goes; package.sh has everything else compiled for size (COLD=-Os).
HOT    := arena base64 bind fast filter_match get image index json names num path process record scan scan_avx2 \
          scan_neon scan_sse2 twin usual utf8 value walk
COLD_O := $(filter-out $(HOT:%=$(OBJ)/lib/%.o),$(CORE_O)) $(LAMBDA_O) $(AWS_O)
$(COLD_O): private ALL_CFLAGS += $(COLD)

EXAMPLES := $(patsubst examples/%/,%,$(dir $(wildcard examples/*/*.c)))
EXAMPLES := $(sort $(EXAMPLES))
EXAMPLE_TESTS := $(patsubst examples/%/,$(OUT)/tests/examples/%,$(dir $(wildcard examples/*/test_*.c)))
UNIT     := $(patsubst tests/unit/%.c,$(OUT)/tests/%,$(sort $(wildcard tests/unit/test_*.c)))
FUZZERS  := $(patsubst tests/fuzz/%.c,$(OUT)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

.PHONY: all
all: $(OUT)/ddbstream $(OUT)/libddbstream.a $(OUT)/libddbstream-test.a $(EXAMPLES:%=$(OUT)/examples/%/bootstrap)

# Objects depend on their compiler and flags: change either and they are built again.
$(OBJ)/flags: FORCE
	@mkdir -p $(@D); echo '$(CC) $(ALL_CFLAGS) | $(COLD) | $(ALL_LDFLAGS)' | cmp -s - $@ || \
	    echo '$(CC) $(ALL_CFLAGS) | $(COLD) | $(ALL_LDFLAGS)' > $@
FORCE:

$(OBJ)/%.o: %.c $(OBJ)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The page of `ddbstream run --report` is inside the program.
$(OBJ)/runtime/emulator/page_share.o: runtime/emulator/share/report.html

Q := $(if $(VERBOSE),,@)
say = $(if $(VERBOSE),,@printf '  %-5s %s\n' $(1) $(2))

define archive
	@mkdir -p $(@D); rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcsD $@ $(filter %.o,$^)
endef
define link
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(1)
endef

# The core alone: what links against it and nothing else cannot reach the network.
$(OUT)/libcore.a: $(CORE_O)
	$(archive)
# Who makes no AWS call gets nothing of runtime/aws: no object of the others refers to it.
$(OUT)/libddbstream.a: $(CORE_O) $(LAMBDA_O) $(AWS_O)
	$(archive)
# The test driver with mapping and tables. It is one object, in which only the functions of test.h can be seen: names like
# mapping_new are the test's to use, too.
$(OUT)/libddbstream-test.a: $(TEST_O) $(MAPPING_O) $(TABLE_O)
	@mkdir -p $(@D) $(OBJ); rm -f $@
	$(call say,AR,$@)
	$(Q)$(LD) -r -o $(OBJ)/driver.o $^ && $(OBJCOPY) --localize-hidden $(OBJ)/driver.o && $(AR) rcsD $@ $(OBJ)/driver.o
# Tables with streams: for the command, and for tests that need no server.
$(OUT)/libtable.a: $(TABLE_O)
	$(archive)
$(OUT)/ddbstream: $(EMULATOR_O) $(MAPPING_O) $(OUT)/libtable.a $(OUT)/libcore.a
	$(call link,-lcurl -lcjson -lz)

# What package.sh checks and writes zips with; runs on the machine that packages.
PACK_O := $(filter-out %/relro.o,$(call objects,runtime/package/*.c)) $(patsubst %,$(OBJ)/runtime/emulator/%.o,elf command_read)
$(OUT)/package/pack: $(PACK_O)
	$(call link,-lcurl -lz)

define example
$(OUT)/examples/$(1)/bootstrap: $(filter-out %/test_$(1).o,$(call objects,examples/$(1)/*.c)) $(OUT)/libddbstream.a
	$$(call link,-lcurl -lcjson -lz)
# Without -lcurl: what a handler calls of AWS is played by the driver.
$(OUT)/tests/examples/$(1): $(filter-out %/main.o,$(call objects,examples/$(1)/*.c)) $(OUT)/libddbstream-test.a \
                            $(OUT)/libddbstream.a
	$$(call link,-lcjson -lz)
endef
$(foreach name,$(EXAMPLES),$(eval $(call example,$(name))))

WRAP := -Wl,--wrap=malloc$(comma)--wrap=calloc$(comma)--wrap=realloc
# Without -lcurl: a test that reached the network would not link.
$(OUT)/tests/test_%: $(OBJ)/tests/unit/test_%.o $(CHECK_O) $(MAPPING_O) $(OUT)/libddbstream-test.a $(OUT)/libtable.a \
                    $(OUT)/libddbstream.a
	$(call link,$(WRAP) -lcjson -lz)
# Programs that a script drives: they read lines and print what the library says.
DRIVERS := $(patsubst tests/%.c,$(OUT)/tests/%,$(sort $(wildcard tests/oracle/*.c tests/cost/*.c)))
DRIVERS := $(addprefix $(OUT)/tests/,$(notdir $(DRIVERS)))
$(OUT)/tests/%: $(OBJ)/tests/oracle/%.o $(OUT)/libcore.a
	$(call link,)
$(OUT)/tests/%: $(OBJ)/tests/cost/%.o $(OUT)/libcore.a
	$(call link,)
$(OUT)/tests/handlers/%: $(OBJ)/tests/e2e/handlers/%.o $(OUT)/libddbstream.a
	$(call link,-lcurl -lcjson -lz)
# Not for the other architecture: what runs there needs neither.
IS_NEON := $(filter neon,$(V))
FUZZ_LINK := $(if $(IS_NEON),,-lcjson -lz)
FUZZ_LIBS := $(if $(IS_NEON),$(OUT)/libcore.a,$(OUT)/libtable.a $(OUT)/libddbstream.a)
$(OUT)/fuzz/replay_%: $(OBJ)/tests/fuzz/fuzz_%.o $(OBJ)/tests/fuzz/replay.o $(FUZZ_LIBS)
	$(call link,$(FUZZ_LINK))
build/fuzz/fuzz_%: build/obj/fuzz/tests/fuzz/fuzz_%.o build/fuzz/libtable.a build/fuzz/libddbstream.a
	$(call link,-lcjson -lz)

# ---- Using it -------------------------------------------------------------------------------------------------------

.PHONY: run
run: deps-build
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@build/ddbstream run build/examples/orders/bootstrap --env DDBS_REPORT=items \
	    --esm examples/orders/esm.json --source examples/orders/orders.jsonl --on-failure build/orders-on-failure

# A project of one's own: handler, test, mapping, template, Makefile. DIR must not exist; default: beside this clone.
.PHONY: new
new:
	@sh runtime/project/new.sh '$(NAME)' $(if $(DIR),'$(DIR)')

.PHONY: deps deps-build deps-test deps-check deps-neon deps-bench
deps: deps-check
deps-build deps-test deps-check deps-neon deps-bench: deps-%:
	@CC='$(CC)' sh .ci/deps $*

# ---- Testing it -----------------------------------------------------------------------------------------------------

HANDLERS := $(patsubst tests/e2e/handlers/%.c,$(OUT)/tests/handlers/%,$(sort $(wildcard tests/e2e/handlers/*.c)))
REPLAYS  := $(FUZZERS:$(OUT)/fuzz/fuzz_%=$(OUT)/fuzz/replay_%)
PROGRAMS := all $(OUT)/package/pack $(UNIT) $(EXAMPLE_TESTS) $(REPLAYS) $(HANDLERS) $(DRIVERS)
LOSSLESS_RECORDS ?= 20000
NUMBER_PAIRS ?= 1000000

# What touches allocator or signal handlers is not the sanitizers' to judge, and under valgrind nothing crashes as it does.
E2E := $(sort $(wildcard tests/e2e/test_*.py))
ONLY_SAN_test_matrix.py := $() --sanitized

# These judge how long something takes, or need both cores for themselves: they run one at a time, when all others are
# through.
ALONE := test_lanes test_matrix test_raw test_run_mapping test_runtime test_runtime_api test_sigterm test_slots test_window
# Waits for a minute, so it begins first.
FIRST := test_wire
scripts = $(filter $(1:%=tests/e2e/%.py),$(E2E))
e2e = $(foreach script,$(1),'python3 $(script) $(BIN)$(if $(filter san,$(V)),$(ONLY_SAN_$(notdir $(script))))')
RUN := python3 tests/run.py -j $(JOBS)

# Every test there is, as command lines; BIN is the folder of the programs under test.
BIN := $(OUT)
SUITE = $(call e2e,$(call scripts,$(FIRST))) $(UNIT:$(OUT)/%=$(BIN)/%) $(EXAMPLE_TESTS:$(OUT)/%=$(BIN)/%) \
    $(foreach target,$(REPLAYS:$(OUT)/fuzz/replay_%=%),'$(BIN)/fuzz/replay_$(target) tests/fuzz/corpus/$(target)') \
    'python3 tests/fixtures.py $(BIN)/ddbstream' \
    'python3 tests/oracle/differential.py $(BIN)/tests/verdict' \
    'python3 tests/oracle/decimals.py $(BIN) --pairs $(NUMBER_PAIRS)' \
    'python3 tests/oracle/filter.py $(BIN)/ddbstream' \
    'python3 tests/lossless.py $(BIN)/ddbstream --records $(LOSSLESS_RECORDS)' \
    $(call e2e,$(filter-out $(call scripts,$(FIRST) $(ALONE)),$(E2E)))
SUITE_ALONE = $(call e2e,$(call scripts,$(ALONE)))

# What the paths through the core could make differently (lib/README.md), with V=plain and V=sse2.
CORE_SUITE = $(UNIT:$(OUT)/%=$(BIN)/%) \
    $(foreach target,$(REPLAYS:$(OUT)/fuzz/replay_%=%),'$(BIN)/fuzz/replay_$(target) tests/fuzz/corpus/$(target)') \
    'python3 tests/fixtures.py $(BIN)/ddbstream' \
    'python3 tests/oracle/differential.py $(BIN)/tests/verdict' \
    'python3 tests/lossless.py $(BIN)/ddbstream --records $(LOSSLESS_RECORDS)'

.PHONY: test
test: deps-test
	@$(MAKE) --no-print-directory -j$(JOBS) programs
	@$(RUN) $(SUITE) 'python3 tests/cost.py build' 'python3 tests/bench/test_bench.py build' \
	    --alone $(SUITE_ALONE) 'python3 tests/readme.py'

.PHONY: programs suite
programs: $(PROGRAMS)
suite: programs
	@$(RUN) $(SUITE) --alone $(SUITE_ALONE)
.PHONY: core-suite
core-suite: $(OUT)/ddbstream $(UNIT) $(REPLAYS) $(DRIVERS)
	@$(RUN) $(CORE_SUITE)

# The checks beside the tests: sanitizers, both compilers, form, layers, names.
.PHONY: check
check: deps-check
	@$(MAKE) --no-print-directory tidy headers figures
	@$(MAKE) --no-print-directory -j$(JOBS) V=gcc CC=gcc programs
	@$(MAKE) --no-print-directory -j$(JOBS) V=clang CC=clang programs
	@$(MAKE) --no-print-directory layers symbols
	@$(MAKE) --no-print-directory -j$(JOBS) V=san programs
	@$(MAKE) --no-print-directory V=san suite LOSSLESS_RECORDS=3000 NUMBER_PAIRS=50000
	@$(MAKE) --no-print-directory -j$(JOBS) V=plain core-suite LOSSLESS_RECORDS=3000
	@$(MAKE) --no-print-directory -j$(JOBS) V=sse2 core-suite LOSSLESS_RECORDS=3000

FLAGS_gcc   := -O2 -Werror
FLAGS_clang := -O2 -Werror

# Form: clang-format, lengths of lines, functions and files, calls that we do without.
C_FILES := $(sort $(wildcard include/*.h include/*/*.h lib/*.[ch] runtime/*/*.[ch] examples/*/*.[ch] tests/*/*.[ch] tests/*/*/*.[ch]))
.PHONY: tidy
tidy:
	@clang-format --dry-run --Werror $(C_FILES)
	@python3 tests/tidy.py $(C_FILES)

# A figure of speed in the README is one that `make bench` measured.
.PHONY: figures
figures:
	@python3 tests/bench/figures.py

# Each public header alone, as C11 and as C++17, and the C++ overloads in use.
CXXWARN := -Wall -Wextra -Wpedantic -Wconversion -Werror
HEADERS := include/ddbstream.h $(sort $(wildcard include/ddbstream/*.h))
.PHONY: headers
headers:
	@for header in $(HEADERS:include/%=%); do \
	    printf '#include <%s>\n' $$header | $(CC) -std=c11 $(WARN) -Werror -Iinclude -x c -fsyntax-only - && \
	    printf '#include <%s>\n' $$header | $(CXX) -std=c++17 $(CXXWARN) -Iinclude -x c++ -fsyntax-only - || exit 1; \
	done
	@$(CXX) -std=c++17 $(CXXWARN) -Iinclude -fsyntax-only tests/headers/use.cc
	@python3 tests/run.py 'python3 tests/headers/examples.py' 'python3 tests/headers/refused.py'
	@echo "  headers: $(words $(HEADERS)) alone, C11 and C++17"

# lib/ reaches nothing of runtime/ and none of the libraries; the two sides of the runtime meet on a socket only.
.PHONY: layers
layers: build/libcore.a build/libddbstream.a build/libddbstream-test.a
	@sh tests/layers.sh

# Whoever links the library gets names that begin with ddbs_, and no others.
.PHONY: symbols
symbols: build/libddbstream.a build/libddbstream-test.a
	@nm -g --defined-only build/libddbstream.a build/libddbstream-test.a | awk 'NF == 3 && $$3 !~ /^ddbs_/ { print "not ddbs_: " $$3; bad = 1 } END { exit bad }'
	@echo "  symbols: all begin with ddbs_"

# ---- Targets of their own -------------------------------------------------------------------------------------------

# Each patch of tests/mutants breaks one promise; the test that it names must turn red.
.PHONY: mutants
mutants: deps-test
	@python3 tests/mutants.py

# The whole suite with every program under valgrind.
.PHONY: valgrind
valgrind: deps-check programs
	@sh tests/valgrind.sh build build/valgrind $(UNIT) $(EXAMPLE_TESTS) $(REPLAYS) $(HANDLERS) $(DRIVERS) build/ddbstream build/package/pack \
	    $(EXAMPLES:%=build/examples/%/bootstrap)
	@$(MAKE) --no-print-directory suite JOBS=1 BIN=build/valgrind LOSSLESS_RECORDS=300 NUMBER_PAIRS=2000 \
	    E2E="$(filter-out %/test_matrix.py %/test_wire.py,$(E2E))"

# Fuzz every target for FUZZ_TIME seconds, from its corpus.
FUZZ_TIME ?= 60
.PHONY: fuzz
fuzz: deps-check
	@$(MAKE) --no-print-directory V=fuzz CC=clang fuzzers
	@for target in $(FUZZERS:$(OUT)/fuzz/fuzz_%=%); do mkdir -p build/fuzz/new/$$target; \
	    build/fuzz/fuzz_$$target -max_total_time=$(FUZZ_TIME) -print_final_stats=1 -artifact_prefix=build/fuzz/ \
	        build/fuzz/new/$$target tests/fuzz/corpus/$$target || exit 1; done
.PHONY: fuzzers
fuzzers: $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

# The 100,000 records, the millions of single-byte changes and the seeds of faults that `make test` samples.
FAULT_SEEDS ?= 50
FAULTS := 'python3 tests/e2e/test_faults.py build --seeds $(FAULT_SEEDS)'
.PHONY: exhaustive faults
exhaustive: deps-test programs
	@python3 tests/run.py 'python3 tests/lossless.py build/ddbstream --records 100000' \
	    'python3 tests/oracle/differential.py build/tests/verdict --full' $(FAULTS)
faults: deps-test programs
	@python3 tests/e2e/test_faults.py build --seeds $(FAULT_SEEDS)

# The path of the other architecture, in an emulator of its processor: what paths could make differently.
NEON := CC=aarch64-linux-gnu-gcc V=neon CPPFLAGS='-idirafter /usr/include'
.PHONY: neon
neon: deps-neon
	@$(MAKE) --no-print-directory -j$(JOBS) $(NEON) build/neon/fuzz/replay_paths build/neon/tests/verdict
	@sh tests/neon.sh build/neon
	@python3 tests/run.py 'build/neon/run/replay_paths tests/fuzz/corpus/paths tests/fuzz/corpus/envelope' \
	    'python3 tests/oracle/differential.py build/neon/run/verdict'

# Many invocations: memory, descriptors and threads stay as they are. Then what handing one over costs.
SOAK_INVOCATIONS ?= 100000
.PHONY: soak
soak: deps-test $(OUT)/ddbstream $(OUT)/tests/handlers/soak $(OUT)/tests/bench/handover
	@python3 tests/soak.py $(OUT) --invocations $(SOAK_INVOCATIONS)
	@$(OUT)/tests/bench/handover

# The official client of another language against `ddbstream serve`; takes it from npm.
.PHONY: ric
ric: all
	@python3 tests/run.py 'python3 tests/ric/test_ric.py $(OUT)'

# The AWS CLI, the AWS SDK for JavaScript and dynalite against `ddbstream table`; takes the latter two from npm.
TABLE_REQUESTS ?= 20000
.PHONY: dynamodb
dynamodb: all
	@python3 tests/run.py 'python3 tests/dynamodb/test_dynamodb.py $(OUT) --requests $(TABLE_REQUESTS)'

# The page of `ddbstream run --report`, opened and clicked through in Chromium; says so where there is none.
.PHONY: report
report: all
	@if command -v chromium chromium-browser google-chrome google-chrome-stable >/dev/null; \
	then python3 tests/run.py 'python3 tests/report/test_report.py $(OUT)'; \
	else echo 'not run: chromium absent'; fi

# Batch writers and claims against DynamoDB, Kinesis and S3 as npm has them.
.PHONY: peers
peers: programs
	@python3 tests/run.py 'python3 tests/peers/test_peers.py $(OUT)'

# ---- Measuring it ---------------------------------------------------------------------------------------------------

# What needs nothing but what the library needs; tests/bench/peers.py builds the other peers, where they can be built.
BENCH := $(OUT)/bench
bench_o = $(1:%=$(OBJ)/tests/bench/%.o)
# The library restricted to one path through its decoder, where it has more than one.
BENCH_PATHS := $(if $(shell grep -ls SCAN_ONLY lib/*.[ch]),sse2 plain)
FLAGS_bench-sse2  := $(FLAGS_release) -DSCAN_ONLY=sse2
FLAGS_bench-plain := $(FLAGS_release) -DSCAN_ONLY=plain
LINK_bench-sse2 = $(LINK_release)
LINK_bench-plain = $(LINK_release)
BENCH_PROGRAMS := $(addprefix $(BENCH)/peers/,peer.o main.o ours cjson) $(addprefix $(BENCH)/loop/,api invoke noop raw-cjson) \
                  $(BENCH)/calls/calls
programs: $(BENCH_PROGRAMS)

$(BENCH)/peers/%.o: $(OBJ)/tests/bench/peers/%.o
	@mkdir -p $(@D); cp $< $@
$(BENCH)/peers/ours: $(call bench_o,peers/ours peers/peer) $(OUT)/libcore.a
	$(call link,$(WRAP) -lcjson -lz)
$(BENCH)/peers/ours-%: FORCE
	@$(MAKE) --no-print-directory V=bench-$* build/bench-$*/bench/peers/ours
	@mkdir -p $(@D); cp build/bench-$*/bench/peers/ours $@
$(BENCH)/peers/cjson: $(call bench_o,peers/cjson peers/peer peers/main)
	$(call link,-lcjson)
$(BENCH)/loop/noop: $(call bench_o,loop/noop) $(OUT)/libddbstream.a
	$(call link,-lcurl -lcjson -lz)
$(BENCH)/loop/raw-cjson: $(call bench_o,loop/raw loop/raw_cjson loop/wire peers/cjson peers/peer)
	$(call link,-lcjson)
$(BENCH)/calls/calls: $(call bench_o,calls/calls calls/service loop/wire) $(OUT)/libddbstream.a
	$(call link,-lcurl -lcjson -lz)
$(BENCH)/loop/%: $(OBJ)/tests/bench/loop/%.o $(call bench_o,loop/wire)
	$(call link,)
$(OUT)/tests/bench/%: $(OBJ)/tests/bench/%.o $(OUT)/libddbstream.a
	$(call link,-lcurl -lcjson -lz)

# Beside the peers of `make bench-deps`: tables with the goals, build/bench/results.json, tests/bench/chart.svg.
BENCH_ROUNDS ?= 7
BENCH_ONLY ?=
BENCH_PREFIX ?=
# What would be deployed: a package of loop/noop.c. Where it cannot be made, the run says that it measured another one.
BENCH_STATIC ?= $(if $(wildcard package.sh),$(BENCH)/package/noop-$(shell uname -m).zip)
SEED ?= 1
.PHONY: bench bench-deps bench-count
$(BENCH)/package/%.zip: tests/bench/loop/noop.c $(OUT)/libddbstream.a
	@mkdir -p $(@D); ./package.sh -o $(@D) $< > $@.log 2>&1 || tail -n 3 $@.log
bench: deps-build $(OUT)/ddbstream $(BENCH_PROGRAMS) $(BENCH_PATHS:%=$(BENCH)/peers/ours-%) $(filter $(BENCH)/%,$(BENCH_STATIC))
	@CC='$(CC)' CXX='$(CXX)' python3 tests/bench/bench.py $(OUT) --rounds $(BENCH_ROUNDS) --seed $(SEED) \
	    --only '$(BENCH_ONLY)' --prefix '$(BENCH_PREFIX)' --static '$(BENCH_STATIC)'
bench-deps: deps-bench
	@python3 tests/bench/peers.py --install $(OUT)

# Instructions against tests/bench/counts.json, and those of twice the input. UPDATE=1 writes the file anew.
bench-count: deps-test $(BENCH)/peers/ours
	@python3 tests/bench/count.py $(OUT) $(if $(UPDATE),--update)

# ---- Installing it --------------------------------------------------------------------------------------------------

PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR     ?= $(PREFIX)/share/man
VERSION    := $(shell sed -n 's/^.define DDBS_VERSION  *"\(.*\)"/\1/p' include/ddbstream/base.h)
# Below 1.0 a minor version may break: it belongs to the name that programs ask for.
SONAME     := libddbstream.so.$(basename $(VERSION))
COMPLETION := $(PREFIX)/share/bash-completion/completions/ddbstream

FLAGS_shared := -O2 -g -fPIC
LINK_shared  := -Wl,--gc-sections -Wl,--as-needed -Wl,-z,defs -Wl,-z,relro -Wl,-z,now
$(OUT)/libddbstream.so: $(CORE_O) $(LAMBDA_O)
	$(call link,-shared -Wl$(comma)-soname$(comma)$(SONAME) -lcurl -lcjson -lz)

# The manual pages come from the headers and from what the command says with --help.
build/share/pages: $(wildcard include/*.h include/*/*.h runtime/emulator/share/*) build/ddbstream
	$(call say,MAN,build/share/man)
	@rm -rf build/share && mkdir -p $(addprefix build/share/man/man,1 3 7)
	@awk -v out=build/share/man -v version=$(VERSION) -f runtime/emulator/share/functions.awk $(sort $(wildcard include/*/*.h))
	@sh runtime/emulator/share/command.sh build/ddbstream $(VERSION) build/share/man
	@cd build/share/man && ls man*/* >../pages

.PHONY: install uninstall installable
installable: deps-build
	@$(MAKE) --no-print-directory -j$(JOBS) build/ddbstream build/libddbstream.a \
	    build/libddbstream-test.a build/share/pages
	@$(MAKE) --no-print-directory -j$(JOBS) V=shared build/shared/libddbstream.so

put = install -D -m $(3) $(1) "$(DESTDIR)$(2)"
install: installable
	@$(call put,build/ddbstream,$(PREFIX)/bin/ddbstream,755)
	@$(call put,build/libddbstream.a,$(LIBDIR)/libddbstream.a,644)
	@$(call put,build/libddbstream-test.a,$(LIBDIR)/libddbstream-test.a,644)
	@$(call put,build/shared/libddbstream.so,$(LIBDIR)/libddbstream.so.$(VERSION),755)
	@ln -sf libddbstream.so.$(VERSION) "$(DESTDIR)$(LIBDIR)/$(SONAME)"
	@ln -sf $(SONAME) "$(DESTDIR)$(LIBDIR)/libddbstream.so"
	@for header in $(HEADERS:include/%=%); do \
	    $(call put,include/$$header,$(INCLUDEDIR)/$$header,644) || exit 1; done
	@sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|; s|@VERSION@|$(VERSION)|' \
	    runtime/package/ddbstream.pc.in >build/share/ddbstream.pc
	@$(call put,build/share/ddbstream.pc,$(LIBDIR)/pkgconfig/ddbstream.pc,644)
	@$(call put,runtime/emulator/share/ddbstream.bash,$(COMPLETION),644)
	@for page in $$(cat build/share/pages); do \
	    $(call put,build/share/man/$$page,$(MANDIR)/$$page,644) || exit 1; done
	@echo "installed below $(DESTDIR)$(PREFIX): the command ddbstream, libddbstream, its headers and manual pages"

# Removes what this version installs, and the folders that are its own.
uninstall: installable
	@cd "$(DESTDIR)/" && rm -f "$(DESTDIR)$(PREFIX)/bin/ddbstream" "$(DESTDIR)$(LIBDIR)/libddbstream.a" \
	    "$(DESTDIR)$(LIBDIR)/libddbstream-test.a" \
	    "$(DESTDIR)$(LIBDIR)/libddbstream.so.$(VERSION)" "$(DESTDIR)$(LIBDIR)/$(SONAME)" \
	    "$(DESTDIR)$(LIBDIR)/libddbstream.so" "$(DESTDIR)$(LIBDIR)/pkgconfig/ddbstream.pc" "$(DESTDIR)$(COMPLETION)"
	@for header in $(HEADERS:include/%=%); do rm -f "$(DESTDIR)$(INCLUDEDIR)/$$header"; done
	@rmdir "$(DESTDIR)$(INCLUDEDIR)/ddbstream" 2>/dev/null || true
	@for page in $$(cat build/share/pages); do rm -f "$(DESTDIR)$(MANDIR)/$$page"; done

# A Debian package of what `make install` installs.
.PHONY: deb
deb:
	@rm -rf build/deb && mkdir -p build/deb
	@$(MAKE) --no-print-directory install DESTDIR=$(CURDIR)/build/deb PREFIX=/usr \
	    LIBDIR=/usr/lib/$$(dpkg-architecture -qDEB_HOST_MULTIARCH)
	@sh runtime/package/deb.sh $(CURDIR)/build/deb $(VERSION) build

# ---- Packaging functions --------------------------------------------------------------------------------------------

# Everything from nothing, as on the first day: sources, libraries, both architectures.
.PHONY: package-fresh package-test install-test
package-fresh:
	@rm -rf build/package build/static-* build/obj/static-*
	@./package.sh --arch both examples/orders

# `sam build` runs build-Orders in a copy of this tree and says in ARTIFACTS_DIR where `bootstrap` goes. SAM_ARCH=x86_64
# or arm64 counts more than the template.
build-%: FORCE
	@sh runtime/package/sam.sh '$*' '$(ARTIFACTS_DIR)' '$(SAM_ARCH)'

# package.sh for this machine's architecture: what it makes and what it refuses. CI adds --quick; --tls adds OpenSSL.
PACKAGE_TEST ?=
package-test: deps-test
	@sh .ci/deps package-$(subst aarch64,arm64,$(shell uname -m))
	@$(MAKE) --no-print-directory -j$(JOBS) build/ddbstream build/package/pack
	@python3 tests/run.py 'python3 tests/package/test_package.py $(PACKAGE_TEST)'
.PHONY: deploy-test
deploy-test: $(OUT)/ddbstream
	@python3 tests/e2e/test_deploy.py $(OUT) --tools
	@$(OUT)/ddbstream lint --strict examples/orders/deploy/template.yaml
install-test: deps-check
	@python3 tests/run.py 'python3 tests/package/test_install.py'

.PHONY: format clean help
format:
	clang-format -i $(C_FILES)
clean:
	rm -rf build
help:
	@echo "make            build/ddbstream, build/libddbstream.a, build/examples/<name>/bootstrap"
	@echo "make run        install what is missing, build, play examples/orders through the emulator"
	@echo "make new        a project for a handler of yours: NAME=orders [DIR=../orders]"
	@echo "make test       install what is missing, build, run every test"
	@echo "make check      sanitizers, gcc and clang with -Werror, form, layers, names"
	@echo "make mutants    break each promise on purpose and see its test turn red"
	@echo "make valgrind   the whole suite under valgrind"
	@echo "make exhaustive 100,000 generated records; every single-byte change of the example events"
	@echo "make faults     every kind of fault over examples/orders with FAULT_SEEDS=50 seeds"
	@echo "make fuzz       libFuzzer on every target, FUZZ_TIME=60 seconds each"
	@echo "make soak       100,000 invocations: memory, descriptors, threads; cost of a hand-over"
	@echo "make neon       the AArch64 path under qemu (needs gcc-aarch64-linux-gnu, qemu-user-static)"
	@echo "make ric        the Node client of AWS against ddbstream serve (needs npm)"
	@echo "make dynamodb   AWS CLI, AWS SDK and dynalite against ddbstream table (needs aws, npm)"
	@echo "make report     the page of ddbstream run --report in Chromium"
	@echo "make peers      batch writers and claims against dynalite and s3rver (needs npm)"
	@echo "make bench      ddbstream beside its peers (make bench-deps installs them): BENCH_ROUNDS, BENCH_ONLY, SEED"
	@echo "make bench-count  instructions against tests/bench/counts.json (valgrind)"
	@echo "make install    PREFIX=/usr/local DESTDIR=; make uninstall; make deb: the same as a Debian package"
	@echo "make package-test, make install-test   what package.sh makes and refuses; what is installed"
	@echo "make deploy-test   the ways to deploy examples/orders agree; npm's HCL parser, cfn-lint, terraform, sam, shellcheck"
	@echo "make package-fresh   the libraries and examples/orders for both architectures, from nothing"
	@echo "make deps       install everything that the targets above need"
	@echo "make format     clang-format; make clean"

-include $(shell find build/obj -name '*.d' 2>/dev/null)
.PRECIOUS: $(OBJ)/%.o
