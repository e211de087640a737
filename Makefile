# Mola: one Makefile. `make` leaves ./mola and installs nothing; `make help` lists what else there is.
#
#   build/release/  what people run            build/san/  what tests run: ASan and UBSan
#   each room of src/ becomes one archive, linked in the order of the layers (tools/check_layers)
#
# As everywhere: CC, CFLAGS (in place of -O2 -g and the hardening below), CPPFLAGS, LDFLAGS, PREFIX, SYSCONFDIR, DESTDIR.
# WERROR=1 makes warnings errors: for tests and CI, whose compilers are known. V=1 shows the commands.
# UPLOT=FOLDER: uPlot's package, unpacked, in place of npm's (tools/embed).

MODE    ?= release
# ARCH=arm64 or armhf: for that machine instead of this one, with the compiler and the libraries of tools/cross
# (given to make itself: a variable of that name in the environment means something else)
ifeq ($(origin ARCH),command line)
CROSS   := $(filter-out $(shell dpkg --print-architecture),$(ARCH))
endif
Q       := $(if $(V),,@)
COMMA   := ,
JOBS    := $(shell nproc 2>/dev/null || echo 1)
VERSION := $(shell cat VERSION)
B       := build/$(MODE)$(addprefix -,$(CROSS))
WERROR  ?= $(if $(filter san,$(MODE)),1)

ROOMS   := main cli stack replay sharing admin acme tracing targets collect engine certs conf recording proxy pick filter score drive discovery signals world http vault net base
PKGS    := libcurl jansson yaml-0.1 libseccomp libnghttp2 openssl libcrypt libcares zlib libbrotlienc libzstd ncursesw

PKG_CONFIG := pkg-config
ifneq ($(CROSS),)
CROSS_ROOT := $(shell tools/cross root $(CROSS))
ifeq ($(CROSS_ROOT),)
$(error there are no libraries for $(CROSS))
endif
CC      := $(shell tools/cross cc $(CROSS))
PKG_CONFIG := tools/cross pkg-config $(CROSS)
endif

WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror=switch
SANITIZE_san  := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
SANITIZE_fuzz := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
SANITIZE_cov  := --coverage
# LTO=1: as one program at link time (GCC): 3 % less CPU time for a request, but each link takes 35 s of it
WHOLE   := $(if $(LTO),-flto=auto -ffat-lto-objects)
OPTIMIZE_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong $(WHOLE)
OPTIMIZE_san     := -O1 -g
OPTIMIZE_fuzz    := -O1 -g
OPTIMIZE_cov     := -O0
CFLAGS_all := -std=gnu17 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Isrc -DMOLA_VERSION='"$(VERSION)"' $(WARN) $(SANITIZE_$(MODE)) -fPIE \
              $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null) $(CPPFLAGS) $(or $(CFLAGS),$(OPTIMIZE_$(MODE)))
LDFLAGS_all := $(SANITIZE_$(MODE)) $(if $(filter release,$(MODE)),$(WHOLE)) -pie -Wl,-z,relro,-z,now $(LDFLAGS)
LIBS    := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null) -lm
ERRORS  := $(if $(filter 1,$(WERROR)),-Werror)
COMPILE  = $(CC) $(CFLAGS_all) $(ERRORS) -MMD -MP
# make again, for what is built in a mode of its own; with as many jobs as there are CPUs unless -j says otherwise
SUBMAKE  = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))

PREFIX  ?= /usr/local
SYSCONFDIR ?= /etc
MAN     := $(wildcard doc/man/*.[1578])

room_objs = $(patsubst src/%.c,$(B)/%.o,$(filter-out src/main/main.c,$(wildcard src/$(1)/*.c)))
OBJS    := $(foreach r,$(ROOMS),$(call room_objs,$(r)))
ARCHIVES := $(foreach r,$(ROOMS),$(B)/lib/$(r).a)
UNITS   := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*/*.c))
FUZZERS := $(patsubst tests/fuzz/%_fuzz.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
SCENE  := $(B)/brain/scene
SHARES  := $(B)/shares/share
SIM     := $(B)/sim/sim
WEB     := $(shell find src/web tools/web -type f -o -type d)
BENCH   := $(patsubst bench/%.c,$(B)/bench/%,$(wildcard bench/*.c))
BENCHLIB := $(patsubst bench/lib/%.c,$(B)/bench/lib/%.o,$(wildcard bench/lib/*.c))
HELPERS := $(patsubst tests/%.c,$(B)/%,$(wildcard tests/real/*.c tests/faults/*.c tests/swarm/*.c tests/prom/*.c))

.SECONDARY:
.PHONY: all FORCE test-bins fuzzers test-ready $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' Makefile)

all: mola

COMPLETION := build/completion/mola.bash build/completion/mola.zsh
mola: $(COMPLETION)	## the program, optimised (what `make` alone does); ARCH=arm64 or armhf: for another machine, as build/release-ARCH/mola
	+@$(SUBMAKE) MODE=release build/release$(addprefix -,$(CROSS))/mola
	$(if $(CROSS),,@ln -f build/release/mola mola 2>/dev/null || cp build/release/mola mola)

help:			## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | while IFS="$$(printf '\t')" read -r target words; do \
		printf '  make %-17s %s\n' "$$target" "$$words"; done

# ---- building ----

# Of what everything is made: the compiler and its flags. Other ones than last time: all is compiled again.
$(B)/flags: export FLAGS = $(CC) $(CFLAGS_all) $(LDFLAGS_all) $(LIBS)
$(B)/flags: FORCE
	@CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' tools/deps check build
	@mkdir -p $(@D)
	@{ $(CC) --version | head -n 1; echo "$$FLAGS"; } >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

define room_rule
$(B)/lib/$(1).a: $(call room_objs,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rule,$(r))))
$(B)/lib/admin.a: $(B)/admin/web.o

# Objects in a folder of the build, from the sources of a folder, with flags of their own.
define compile_rule
$(B)/$(1)%.o: $(2)%.c $(B)/flags
	@mkdir -p $$(@D)
	$$(if $$(V),,@echo "  cc  $$@")
	$$(Q)$$(COMPILE) $(3) -c -o $$@ $$<
endef
$(eval $(call compile_rule,,src/))
$(eval $(call compile_rule,bench/,bench/,-Ibench))
$(eval $(call compile_rule,brain/,tests/brain/))
$(eval $(call compile_rule,shares/,tests/sharing/))
$(eval $(call compile_rule,sim/,tests/sim/))
$(eval $(call compile_rule,unit/,tests/unit/,-Wno-missing-prototypes))
$(eval $(call compile_rule,fuzz/,tests/fuzz/,-Wno-missing-prototypes))

# The page's files, as C.
$(B)/admin/web.c: $(WEB) src/tbl/warnings.h tools/embed tools/texts | $(B)/flags
	$(if $(V),,@echo "  embed $@")
	$(Q)UPLOT='$(UPLOT)' tools/embed $@
$(B)/admin/web.o: $(B)/admin/web.c $(B)/flags
	$(if $(V),,@echo "  cc  $@")
	$(Q)$(COMPILE) -c -o $@ $<

# Archives are linked in the order of the layers, each once: what a room calls in one above it is not found. Tests that
# include the .c they test never pull in its archive member.
$(B)/mola: $(B)/main/main.o
$(UNITS): $(B)/unit/%: $(B)/unit/%.o
$(UNITS): private LIBS += -lcmocka -lbrotlidec
$(FUZZERS): $(B)/fuzz/%: $(B)/fuzz/%_fuzz.o $(if $(filter fuzz,$(MODE)),,$(B)/fuzz/replay.o)
$(FUZZERS): private LIBS += -lbrotlidec $(if $(filter fuzz,$(MODE)),-fsanitize=fuzzer)
$(BENCH): $(B)/bench/%: $(B)/bench/%.o $(BENCHLIB)
$(B)/bench/model: $(patsubst bench/%.c,$(B)/bench/%.o,$(wildcard bench/sim/*.c))
$(SCENE): $(patsubst tests/%.c,$(B)/%.o,$(wildcard tests/brain/*.c))
$(SIM): $(patsubst tests/%.c,$(B)/%.o,$(wildcard tests/sim/*.c))
# what tests/sim/kernel.c has in the place of the system's
KERNEL_CALLS := socket socketpair bind listen accept4 connect recv recvmsg send sendmsg ioctl shutdown close setsockopt getsockopt getsockname write \
                epoll_create1 epoll_ctl epoll_wait getrandom malloc_trim stream_look sink_write_lines
$(SIM): private LIBS += -lbrotlidec $(addprefix -Wl$(COMMA)--wrap=,$(KERNEL_CALLS))
$(B)/mola $(UNITS) $(FUZZERS) $(BENCH) $(SCENE) $(SIM): $(ARCHIVES)
	$(if $(V),,@echo "  cc  $@")
	$(Q)$(CC) $(LDFLAGS_all) -o $@ $(filter %.o,$^) $(ARCHIVES) $(LIBS)

# It runs on other machines, too: nothing but the C library.
$(SHARES): $(patsubst tests/sharing/%.c,$(B)/shares/%.o,$(wildcard tests/sharing/*.c)) $(B)/lib/sharing.a $(B)/lib/base.a
	$(if $(V),,@echo "  cc  $@")
	$(Q)$(CC) $(LDFLAGS_all) -o $@ $^ -lm -lpthread

$(B)/swarm/%: private STATIC := -static		# it is all that is in its image
$(B)/swarm/%: private LIBS := -lnghttp2
$(HELPERS): $(B)/%: tests/%.c $(B)/flags
	@mkdir -p $(@D)
	$(if $(V),,@echo "  cc  $@")
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra $(ERRORS) $(STATIC) -o $@ $< $(if $(STATIC),$(LIBS)) -lm -lpthread

# Loaded before the C library and the sanitizers.
$(B)/failing/fail.so: tests/failing/fail.c $(B)/flags
	@mkdir -p $(@D)
	$(if $(V),,@echo "  cc  $@")
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -O1 -g -fPIC -shared -Wall -Wextra $(ERRORS) -o $@ $< -ldl

test-bins: $(B)/mola $(UNITS) $(FUZZERS) $(SCENE) $(BENCH) $(HELPERS) $(SHARES) $(SIM) $(B)/failing/fail.so
fuzzers: $(FUZZERS)

# What shells complete; made on this machine, whichever the program is for.
$(COMPLETION): build/completion/mola.%: deploy/completion/mola.% tools/completion tools/completion_parts.c $(addprefix src/tbl/,cmds.h clients.h options.h policies.h)
	@mkdir -p $(@D)
	@CC=$(if $(CROSS),gcc,'$(CC)') tools/completion $* >$@.new && mv $@.new $@

# ---- trying ----

deps:			## what building needs, installed (Debian; asks for root only then); deps-test, deps-bench ... for the rest
	@tools/deps build
deps-%:
	@tools/deps $*

demo: deps		## Mola at work beside other policies: a minute, no Docker, no root
	+@$(SUBMAKE) MODE=release $(call bench_of,release,cluster load demo) build/release/mola
	+@$(SUBMAKE) mola
	@build/release/bench/demo

# Fuzzing and newer Engines and Debians take hours: test-long. A memory limit means nothing to sanitizers: release, too.
test-ready:
	@tools/deps build test
	+@$(SUBMAKE) MODE=san test-bins
	+@$(SUBMAKE) MODE=release WERROR=1 build/release/mola

test: test-ready	## everything, with sanitizers; installs what is missing
	@tests/run

test-long: test-ready	## what takes hours: fuzzing, newer Engines of Docker, newer Debians; large clients
	@tests/run long

check:			## a fast look: house, unit tests, scenes of the brain, inputs that fuzzing once found, smoke
	+@$(SUBMAKE) MODE=san test-bins
	@tests/run house unit brain fuzz smoke

fuzz:			## libFuzzer on every function that parses foreign bytes; FUZZ_SECONDS=600 for longer
	@tools/deps check fuzz
	@tests/fuzz/run

SEEDS   ?= 1000
sim:			## the data plane and the brain on a virtual clock and network (doc/simulation.md): SEEDS=1000, from FROM=1 on
	+@$(SUBMAKE) MODE=san build/san/sim/sim
	@build/san/sim/sim -j $(JOBS) $(or $(FROM),1) $(SEEDS)

fuzz-long:		## the same for a night: half an hour for each function, then what of each room was reached
	@tools/deps check fuzz
	@FUZZ_SECONDS="$${FUZZ_SECONDS:-1800}" tests/fuzz/run
	+@$(MAKE) --no-print-directory fuzz-coverage

fuzz-coverage:		## which lines of each room the inputs of fuzzing reach
	+@$(SUBMAKE) MODE=cov fuzzers
	@tests/fuzz/coverage

tail:			## the longest functions and files
	@tools/tail

# ---- measuring ----

bench_of = $(patsubst %,build/$(1)/bench/%,$(2))

bench: bench-micro bench-proxy bench-demo bench-memory	## the numbers of README.md: all of these

bench-micro:		## a choice among tasks, a tick of the brain, finding a route
	+@$(SUBMAKE) MODE=release $(call bench_of,release,pick tick routes)
	@build/release/bench/pick && build/release/bench/tick && build/release/bench/routes

bench-proxy: mola	## what a request costs, beside HAProxy and nginx; BEFORE=path/to/mola for an older one
	@tools/deps check bench
	+@$(SUBMAKE) MODE=release $(call bench_of,release,origin load forward)
	@bench/proxy

bench-tls: mola		## the same over TLS, and with a handshake for each request; bytes of an idle connection
	@tools/deps check bench
	+@$(SUBMAKE) MODE=release $(call bench_of,release,origin dial keeps)
	@MODES="$${MODES:-tls-small tls-handshake tls-resumed}" bench/proxy
	@KIND=tls bench/idle

bench-h2: mola		## the same over HTTP/2
	@tools/deps check bench
	+@$(SUBMAKE) MODE=release $(call bench_of,release,origin keeps)
	@MODES=h2-small bench/proxy
	@KIND=h2 bench/idle

bench-retries: mola	## what clients see and what is sent in all, while tasks fail; root, two minutes
	@tools/deps check bench
	+@$(SUBMAKE) MODE=release $(call bench_of,release,origin load)
	@bench/retries

bench-faults: mola	## requests that fail while something breaks, under an open-loop load; root, two minutes
	@tools/deps check bench
	+@$(SUBMAKE) MODE=release $(call bench_of,release,origin load)
	@bench/faults

bench-overload: mola	## load 1.5 on emulated nodes: what is served in time, beside HAProxy, Envoy and Traefik; 45 minutes
	@tools/deps check bench peers
	@tools/peers traefik-3.7 envoy
	+@$(SUBMAKE) MODE=release $(call bench_of,release,cluster load)
	@bench/overload

bench-neighbours: mola	## small requests beside many readers of large responses
	@tools/deps check bench
	+@$(SUBMAKE) MODE=release $(call bench_of,release,origin load)
	@bench/neighbours

bench-page: mola	## the page in Chromium: until a hog is seen, until a click is painted; 500 nodes
	@tools/deps check page
	+@$(SUBMAKE) MODE=release $(call bench_of,release,cluster load)
	@bench/page

bench-replay: mola	## ten recorded minutes of an emulated cluster, replayed
	@tools/deps check bench
	+@$(SUBMAKE) MODE=release $(call bench_of,release,cluster load)
	@bench/replay

bench-idle: mola	## bytes that an idle connection of a client costs
	@tools/deps check bench
	+@$(SUBMAKE) MODE=release $(call bench_of,release,origin)
	@bench/idle

bench-footprint: mola	## memory of all processes with ten services and no requests
	@tools/deps check bench
	@bench/footprint

bench-routers: mola	## what Traefik's labels cost, beside a real Traefik; 10 000 routers beside 10
	@tools/deps check bench peers
	@tools/peers traefik
	+@$(SUBMAKE) MODE=release $(call bench_of,release,origin load)
	@bench/routers

bench-watched: mola	## what ten dashboards cost that watch 50 nodes and 200 tasks
	@tools/deps check bench
	+@$(SUBMAKE) MODE=release $(call bench_of,release,cluster load)
	@bench/watched

bench-demo: mola	## policies on one emulated cluster
	@tools/deps check bench
	+@$(SUBMAKE) MODE=release $(call bench_of,release,cluster load)
	@bench/decision demo

bench-decision: mola	## Mola and today's proxies on clones of one emulated cluster
	@tools/deps check bench peers
	@tools/peers traefik-3.7 envoy
	+@$(SUBMAKE) MODE=release $(call bench_of,release,cluster load model)
	@bench/decision

bench-react: mola	## how soon a hog is noticed: emulated, and in a real Swarm (as root)
	@tools/deps check bench
	+@$(SUBMAKE) MODE=release $(call bench_of,release,cluster load) $(patsubst %,build/release/%,real/procview real/hog swarm/hello bench/contender)
	@bench/react

bench-agent: mola	## what an agent costs a node, beside 0, 10 and 100 containers: memory, CPU time; root, a minute
	@tools/deps check bench
	@bench/agent

bench-scale: mola	## what the size of a cluster costs: up to 2000 nodes and 20 000 tasks
	@tools/deps check bench
	+@$(SUBMAKE) MODE=release $(call bench_of,release,cluster pick tick)
	@bench/scale

bench-real: mola	## three real machines with CPU quotas, real tenants' containers and real work: Mola beside HAProxy; root, 12 minutes
	@tools/deps check bench
	+@$(SUBMAKE) MODE=release $(call bench_of,release,load tenants) build/release/real/burnd build/release/real/procview
	@bench/real

model:			## policies on clusters in virtual time (bench/scenarios): a minute; one: build/release/bench/model FILE
	+@$(SUBMAKE) MODE=release $(call bench_of,release,model)
	@build/release/bench/model $(if $(SECONDS_EACH),--seconds $(SECONDS_EACH)) bench/scenarios/*.scenario

model-check: mola	## the model beside the emulated cluster, the same tenants and requests: half an hour
	@tools/deps check bench
	+@$(SUBMAKE) MODE=release $(call bench_of,release,cluster load model)
	@bench/check-model

bench-law:		## the law beside the one before: all scenarios, the proof set, several balancers; 15 minutes. PROOF="SEED N"
	+@$(SUBMAKE) MODE=release $(call bench_of,release,model)
	@bench/law

bench-memory: mola	## a service that needs memory, with profiles ram and cpu
	@tools/deps check bench
	+@$(SUBMAKE) MODE=release $(call bench_of,release,cluster load)
	@bench/memory

# ---- installing ----

BIN     := $(PREFIX)/bin/mola
UNIT_DIR := $(PREFIX)/lib/systemd/system
DOC_DIR := $(PREFIX)/share/doc/mola
DOCS    := LICENSE NEWS.md doc/api.md doc/example.yaml
UNIT_FILES := $(wildcard deploy/systemd/*.service)
CONF    := $(SYSCONFDIR)/mola/mola.yaml
BASH_COMPLETION := $(PREFIX)/share/bash-completion/completions/mola
# where zsh looks: for packages of Debian, and for what is installed by hand
ZSH_COMPLETION := $(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)/_mola

# What was built is installed, whoever calls: `make && sudo make install` compiles nothing as root.
PROGRAM := $(if $(CROSS),build/release-$(CROSS)/mola,mola)
install: $(if $(wildcard $(PROGRAM)),,mola) $(if $(wildcard $(COMPLETION)),,$(COMPLETION))	## into PREFIX (/usr/local), under DESTDIR; a configuration that is there stays as it is
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(BIN)
	for m in $(MAN); do install -D -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/} || exit 1; done
	for s in $(notdir $(UNIT_FILES)); do \
		install -D -m 644 deploy/systemd/$$s $(DESTDIR)$(UNIT_DIR)/$$s && \
		sed -i 's,/usr/bin/mola,$(BIN),; s,/etc/mola/,$(SYSCONFDIR)/mola/,' $(DESTDIR)$(UNIT_DIR)/$$s || exit 1; \
	done
	install -D -m 644 build/completion/mola.bash $(DESTDIR)$(BASH_COMPLETION)
	install -D -m 644 build/completion/mola.zsh $(DESTDIR)$(ZSH_COMPLETION)
	install -d $(DESTDIR)$(DOC_DIR)
	install -m 644 $(DOCS) $(DESTDIR)$(DOC_DIR)
	[ -e $(DESTDIR)$(CONF) ] || install -D -m 644 deploy/systemd/mola.yaml $(DESTDIR)$(CONF)

uninstall:		## what install has put there, except the configuration
	rm -f $(DESTDIR)$(BIN) $(DESTDIR)$(BASH_COMPLETION) $(DESTDIR)$(ZSH_COMPLETION) $(addprefix $(DESTDIR)$(UNIT_DIR)/,$(notdir $(UNIT_FILES))) $(addprefix $(DESTDIR)$(DOC_DIR)/,$(notdir $(DOCS)))
	for m in $(MAN); do rm -f $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done
	[ ! -d $(DESTDIR)$(DOC_DIR) ] || rmdir $(DESTDIR)$(DOC_DIR)

PLATFORM_ARCH := $(if $(PLATFORM),$(or $(and $(filter linux/arm64 linux/arm64/v8,$(PLATFORM)),arm64),$(and $(filter linux/arm/v7,$(PLATFORM)),armhf),none))
image: $(if $(PLATFORM),,mola)		## a container image, made by the Docker that `docker` talks to; PLATFORM=linux/arm64 or linux/arm/v7: a file for `docker load` there
	$(if $(filter-out none,$(PLATFORM_ARCH)),+@$(MAKE) --no-print-directory mola ARCH=$(PLATFORM_ARCH))
	@tools/image $(if $(PLATFORM),platform $(PLATFORM),build)

deb: mola		## a Debian package, in build/; ARCH=arm64 or armhf: for another machine
	@tools/deps check deb
	@tools/deb $(CROSS)

site:			## the documents as one static site, in build/site
	@tools/deps check site
	@tools/site

clean:			## removes build/ and ./mola
	rm -rf build mola

-include $(shell find $(B) -name '*.d' 2>/dev/null)
