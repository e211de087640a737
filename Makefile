# Mola: one Makefile. `make` leaves ./mola; see README.md for what else there is.
#
#   build/release/  what people run: -O2            build/san/  what tests run: ASan and UBSan
#   `make V=1` shows the commands
#   each room of src/ becomes one archive, linked in the order of the layers (tools/check_layers)

MODE    ?= release
Q       := $(if $(V),,@)
JOBS    := $(shell nproc 2>/dev/null || echo 1)
CC      ?= gcc
VERSION := $(shell cat VERSION)
B       := build/$(MODE)

ROOMS   := base net http world signals discovery score drive proxy conf engine collect targets admin cli main
LINK    := main cli admin targets collect engine conf proxy score drive discovery signals world http net base
PKGS    := libcurl jansson yaml-0.1 libseccomp

WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
CFLAGS_san     := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
CFLAGS_all := -std=gnu17 -D_GNU_SOURCE -Isrc -I$(B)/gen -DMOLA_VERSION='"$(VERSION)"' $(WARN) $(CFLAGS_$(MODE)) -fPIE \
              $(shell pkg-config --cflags $(PKGS) 2>/dev/null) $(CFLAGS)
LDFLAGS_all := $(filter -fsanitize%,$(CFLAGS_$(MODE))) -pie -Wl,-z,relro,-z,now $(LDFLAGS)
LIBS    := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm

PREFIX  ?= /usr/local
SYSCONFDIR ?= /etc
MAN     := $(wildcard doc/man/*.[1578])

room_objs = $(patsubst src/%.c,$(B)/%.o,$(filter-out src/main/main.c,$(wildcard src/$(1)/*.c)))
OBJS    := $(foreach r,$(ROOMS),$(call room_objs,$(r)))
ARCHIVES := $(foreach r,$(LINK),$(B)/lib/$(r).a)
UNITS   := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*/*.c))
SCENES  := $(B)/brain/scene
BENCH   := $(patsubst bench/%.c,$(B)/bench/%,$(wildcard bench/*.c))
BENCHLIB := $(patsubst bench/lib/%.c,$(B)/bench/lib/%.o,$(wildcard bench/lib/*.c))
HELPERS := $(patsubst tests/%.c,$(B)/%,$(wildcard tests/real/*.c tests/faults/*.c tests/swarm/*.c tests/prom/*.c))
DEPS    := build/.deps

.SECONDARY:
.PHONY: all mola image deb demo test test-deps test-long test-bins bench bench-micro bench-proxy bench-neighbours bench-demo bench-decision bench-memory fuzz tail install clean

all: mola

mola: $(DEPS)
	@$(MAKE) --no-print-directory -j$(JOBS) MODE=release build/release/mola
	@ln -f build/release/mola mola 2>/dev/null || cp build/release/mola mola

# What is missing is installed on Debian (asking for root only then); elsewhere it is named.
$(DEPS): tools/deps
	@tools/deps build
	@mkdir -p build && touch $@

$(B)/mola: $(B)/main/main.o $(ARCHIVES)
	$(if $(V),,@echo "  cc  $@")
	$(Q)$(CC) $(LDFLAGS_all) -o $@ $< -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(LIBS)

define room_rule
$(B)/lib/$(1).a: $(call room_objs,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rule,$(r))))

$(B)/%.o: src/%.c VERSION
	@mkdir -p $(@D)
	$(if $(V),,@echo "  cc  $@")
	$(Q)$(CC) $(CFLAGS_all) -MMD -MP -c -o $@ $<

# Unit tests include the .c they test, so its archive member is never pulled in.
$(B)/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_all) -Wno-missing-prototypes -MMD -MP -c -o $@ $<

$(B)/unit/%: $(B)/unit/%.o $(ARCHIVES)
	$(if $(V),,@echo "  cc  $@")
	$(Q)$(CC) $(LDFLAGS_all) -o $@ $< -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(LIBS) -lcmocka

$(SCENES): $(wildcard tests/brain/*.c) $(ARCHIVES)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  cc  $@")
	$(Q)$(CC) $(CFLAGS_all) $(LDFLAGS_all) -o $@ $(filter %.c,$^) -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(LIBS)

$(B)/bench/lib/%.o: bench/lib/%.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "  cc  $@")
	$(Q)$(CC) $(CFLAGS_all) -Ibench -MMD -MP -c -o $@ $<

$(B)/bench/%: bench/%.c $(BENCHLIB) $(ARCHIVES)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  cc  $@")
	$(Q)$(CC) $(CFLAGS_all) -Ibench -MMD -MP $(LDFLAGS_all) -o $@ $< $(BENCHLIB) -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(LIBS)

$(B)/swarm/%: HELPER_LD := -static		# it is all that is in its image
$(HELPERS): $(B)/%: tests/%.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "  cc  $@")
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra $(HELPER_LD) -o $@ $< -lm -lpthread

demo: mola
	@$(MAKE) --no-print-directory -j$(JOBS) MODE=release $(patsubst %,build/release/bench/%,cluster load demo)
	@build/release/bench/demo

test-deps:
	@tools/deps build test
	@mkdir -p build && touch $(DEPS)
	@$(MAKE) --no-print-directory -j$(JOBS) MODE=san test-bins
	@$(MAKE) --no-print-directory -j$(JOBS) MODE=release build/release/mola	# a memory limit means nothing to sanitizers

test: test-deps
	@tests/run

# What takes hours: fuzzing, the Swarm on newer Engines, everything on newer Debians.
test-long: test-deps
	@tests/run long

test-bins: $(B)/mola $(UNITS) $(if $(wildcard tests/brain/*.c),$(SCENES)) $(BENCH) $(HELPERS)

bench: bench-micro bench-proxy bench-demo bench-memory

bench-micro: $(DEPS)
	@$(MAKE) --no-print-directory -j$(JOBS) MODE=release build/release/bench/pick build/release/bench/tick
	@build/release/bench/pick && build/release/bench/tick

bench-proxy: mola
	@tools/deps bench
	@$(MAKE) --no-print-directory -j$(JOBS) MODE=release $(patsubst bench/%.c,build/release/bench/%,$(wildcard bench/*.c))
	@bench/proxy

bench-neighbours: mola
	@tools/deps bench
	@$(MAKE) --no-print-directory -j$(JOBS) MODE=release build/release/bench/origin build/release/bench/load
	@bench/neighbours

bench-demo: mola
	@tools/deps bench
	@$(MAKE) --no-print-directory -j$(JOBS) MODE=release $(patsubst bench/%.c,build/release/bench/%,$(wildcard bench/*.c))
	@bench/decision demo

bench-decision: mola
	@tools/deps bench peers
	@tools/peers traefik envoy
	@$(MAKE) --no-print-directory -j$(JOBS) MODE=release build/release/bench/cluster build/release/bench/load
	@bench/decision

bench-memory: mola
	@tools/deps bench
	@$(MAKE) --no-print-directory -j$(JOBS) MODE=release build/release/bench/cluster build/release/bench/load
	@bench/memory

fuzz:
	@tools/deps fuzz
	@tests/fuzz/run

tail:
	@tools/tail

# What is in /etc/mola stays as it is.
install: mola
	install -D -m 755 mola $(DESTDIR)$(PREFIX)/bin/mola
	for m in $(MAN); do install -D -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done
	for u in deploy/systemd/*.service; do \
		install -D -m 644 $$u $(DESTDIR)$(PREFIX)/lib/systemd/system/$${u##*/}; \
		sed -i 's,/usr/bin/mola,$(PREFIX)/bin/mola,; s,/etc/mola/,$(SYSCONFDIR)/mola/,' $(DESTDIR)$(PREFIX)/lib/systemd/system/$${u##*/}; \
	done
	install -d $(DESTDIR)$(PREFIX)/share/doc/mola
	install -m 644 LICENSE NEWS.md doc/api.md doc/example.yaml $(DESTDIR)$(PREFIX)/share/doc/mola
	[ -e $(DESTDIR)$(SYSCONFDIR)/mola/mola.yaml ] || \
		install -D -m 644 deploy/systemd/mola.yaml $(DESTDIR)$(SYSCONFDIR)/mola/mola.yaml

# A container image, made by the Docker that `docker` talks to; a Debian package, in build/.
image: mola
	@tools/image build

deb: mola
	@tools/deps deb
	@tools/deb

clean:
	rm -rf build mola

-include $(shell find $(B) -name '*.d' 2>/dev/null)
