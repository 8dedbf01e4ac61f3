# ddbstream: everything is built from here. `make help` lists the targets.
#
# What a user relies on: build/ddbstream, build/libddbstream.a, build/examples/<name>/bootstrap (variant "release").
# Other variants (V=san, V=debug, V=cov, V=fuzz) live in folders of their own, so that flags never mix.

V ?= release
OUT := $(if $(filter release,$(V)),build,build/$(V))
OBJ := build/obj/$(V)

WARN := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
        -Wwrite-strings -Wundef -Wvla -Wformat=2
BASE := -std=c11 $(WARN) -Iinclude -I. -fvisibility=hidden -D_POSIX_C_SOURCE=200809L -ffunction-sections -fdata-sections
SAN  := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_release := -O2 -g
FLAGS_debug   := -O0 -g3
FLAGS_san     := -O1 -g $(SAN)
FLAGS_cov     := -O0 -g --coverage
FLAGS_fuzz    := -O1 -g $(SAN) -fsanitize=fuzzer-no-link
LINK_release := -Wl,--gc-sections
LINK_san     := $(SAN)
LINK_cov     := --coverage
LINK_fuzz    := $(SAN) -fsanitize=fuzzer

ALL_CFLAGS = $(BASE) $(FLAGS_$(V)) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(LINK_$(V)) $(LDFLAGS)

comma := ,
objects = $(patsubst %.c,$(OBJ)/%.o,$(sort $(wildcard $(1))))
CORE_O     := $(call objects,lib/*.c)
LAMBDA_O   := $(call objects,runtime/lambda/*.c)
MAPPING_O  := $(call objects,runtime/mapping/*.c)
EMULATOR_O := $(call objects,runtime/emulator/*.c)
CHECK_O    := $(call objects,tests/unit/check.c)

EXAMPLES := $(patsubst examples/%/,%,$(dir $(wildcard examples/*/*.c)))
EXAMPLES := $(sort $(EXAMPLES))
UNIT     := $(patsubst tests/unit/%.c,$(OUT)/tests/%,$(sort $(wildcard tests/unit/test_*.c)))
FUZZERS  := $(patsubst tests/fuzz/%.c,$(OUT)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

.PHONY: all
all: $(OUT)/ddbstream $(OUT)/libddbstream.a $(EXAMPLES:%=$(OUT)/examples/%/bootstrap)

# Objects depend on their compiler and flags: change either and they are built again.
$(OBJ)/flags: FORCE
	@mkdir -p $(@D); echo '$(CC) $(ALL_CFLAGS) | $(ALL_LDFLAGS)' | cmp -s - $@ || \
	    echo '$(CC) $(ALL_CFLAGS) | $(ALL_LDFLAGS)' > $@
FORCE:

$(OBJ)/%.o: %.c $(OBJ)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

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
$(OUT)/libddbstream.a: $(CORE_O) $(LAMBDA_O)
	$(archive)
$(OUT)/ddbstream: $(EMULATOR_O) $(MAPPING_O) $(OUT)/libcore.a
	$(call link,-lcjson -lz)

define example
$(OUT)/examples/$(1)/bootstrap: $(call objects,examples/$(1)/*.c) $(OUT)/libddbstream.a
	$$(call link,-lcurl)
endef
$(foreach name,$(EXAMPLES),$(eval $(call example,$(name))))

$(OUT)/tests/%: $(OBJ)/tests/unit/%.o $(CHECK_O) $(MAPPING_O) $(OUT)/libcore.a
	$(call link,-Wl,--wrap=malloc$(comma)--wrap=calloc$(comma)--wrap=realloc)

-include $(shell find build/obj -name '*.d' 2>/dev/null)
.PRECIOUS: $(OBJ)/%.o
