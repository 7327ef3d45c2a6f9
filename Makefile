# Mainstay. "make help" lists the targets.

SHELL   := /bin/bash
export PATH := $(CURDIR)/.go/bin:/usr/local/go/bin:$(PATH)
export CGO_ENABLED ?= 0

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)

# Packages whose goroutines touch the machine: the race detector watches these.
HANDS   := $(shell go list ./internal/... 2>/dev/null | grep -Ev '/internal/(lint|sim|simulate|conformance|playground)$$')
# Everything but the end-to-end tests, which need root and the playground.
UNITS   := $(shell go list ./... 2>/dev/null | grep -Ev '^mainstay/test/(e2e|shells|vm)')
# Packages with story tests, which know -rewrite.
STORIES := $(shell grep -rlE --include='*_test.go' 'cockroachdb/datadriven|face/facetest' . 2>/dev/null | xargs -r -n1 dirname | sort -u)
# Where the scheduler cases of the peer lie (never copied into this repository).
CASES   ?= ../shared/scheduler-cases
# The lab of the peers, for make bench.
LAB     ?= ../shared/lab
# Who does membership in the end-to-end tests: ring, or corosync (the installed one).
ENGINE  ?= ring
# A directory of CIBs whose texts make shells compares with crmsh's, besides those of
# shell/crm (two seconds each); none if it is empty.
TEXTS   ?=
SEEDS   ?= 20
# A directory of CIBs for make documents, and how many changes of each; some of our own if it is empty.
DOCUMENTS ?=
CHANGES ?= 1
FROM    ?= 1
MUTANTS ?= known
YEARS   ?= 1000
MINUTES ?= 10
FUZZTIME ?= 10s

.PHONY: help deps build test unit story lint race sim sim-ring sim-ring-night mutants mutants-all sim-mutants sim-same bench-sim soak years e2e vm shells record-shells demo bench bench-ring bench-sched bench-rehearse bench-results soak-links fuzz conformance clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

deps: ## install what is missing: Debian packages, Go, Go modules
	@./.ci/deps

build: ## build bin/mainstay, one static binary
	@echo "== build"
	@mkdir -p bin
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/mainstay ./cmd/mainstay

test: deps build ## everything: unit and story tests, lint, race, simulator smoke, end to end
	@$(MAKE) --no-print-directory unit race sim mutants sim-mutants MUTANTS=ten e2e
	@echo "== all tests passed"

unit: ## unit tests, story tests and lint
	@echo "== vet"
	go vet ./...
	@echo "== unit tests, stories and lint"
	go test $(UNITS)

story: ## story tests only; make story REWRITE=1 writes what they print (read the diff)
	go test $(STORIES) $(if $(REWRITE),-rewrite)

lint: ## the house's own rules: imports, purity, sizes, names, comments, order
	@echo "== lint"
	go test -count=1 ./internal/lint

race: ## tests of the hands under the race detector
	@echo "== race detector on the hands"
	CGO_ENABLED=1 go test -race $(HANDS)

sim: sim-ring ## simulated rings and clusters: fixed seeds (SEEDS=n for how many, SEED=n for one, STEPS=n)
	@echo "== simulator"
	go test -count=1 -run 'TestSim' ./internal/sim -seeds $(SEEDS) $(if $(SEED),-seed $(SEED) -v)

sim-ring: ## the ring alone: SEED=n replays one with its story, STEPS=n makes each at least so long, SEEDS=n FROM=n
	@echo "== ring simulator"
	go test -count=1 -timeout 24h -run TestRandomFaults ./ring -v $(if $(SEED),-ring.seed $(SEED),-ring.seeds $(SEEDS) -ring.from $(FROM)) $(if $(STEPS),-ring.steps $(STEPS))

sim-ring-night: ## the ring alone, 10,000 seeds: some 100 million steps, a quarter of an hour
	@$(MAKE) --no-print-directory sim-ring SEEDS=10000

mutants: ## break the ring's protocol in each documented way, with the seed that is known to notice
	@echo "== mutants of the ring"
	go test -count=1 -run TestMutations ./ring -ring.mutate $(MUTANTS)

mutants-all: ## the same, searching for a seed; writes it down (long)
	go test -count=1 -timeout 2h -run TestMutations ./ring -ring.mutate remember -v

soak: build ## simulated clusters with ever new seeds for MINUTES=n; the first bad seed ends it
	@echo "== simulator, $(MINUTES) minutes"
	./bin/mainstay sim --search $(MINUTES)m

years: build ## a thousand cluster-years (YEARS=n) from seed FROM=n on, quiet time left out
	@echo "== simulator, $(YEARS) cluster-years"
	./bin/mainstay sim --years $(YEARS) --seed $(FROM)

sim-mutants: ## plant two dozen faults in the deciders and play what is known to notice each (MUTANTS=ten, known, search)
	@echo "== planted faults"
	go test -count=1 -timeout 30m -v -run 'TestSimMutants' ./internal/sim -mutants $(MUTANTS) | grep -v '^=== RUN'; exit $${PIPESTATUS[0]}

sim-same: ## the same seed gives the same history: SEEDS=n FROM=n, on one core, on eight, and under the race detector
	@echo "== simulator, determinism"
	@rm -f bin/same.*; set -e -o pipefail; for how in 1:0 8:0 8:1; do echo "GOMAXPROCS=$${how%:*}, race detector $${how#*:}"; \
	  CGO_ENABLED=$${how#*:} GOMAXPROCS=$${how%:*} go test $$([ $$how != 8:1 ] || echo -race) -count=1 -timeout 24h -v -run TestSimSame ./internal/sim -once -seeds $(SEEDS) -from $(FROM) \
	    | sed -n 's/.*the histories/the histories/p' > bin/same.$$how; cat bin/same.$$how; done; \
	cmp bin/same.1:0 bin/same.8:0; cmp bin/same.1:0 bin/same.8:1; test -s bin/same.1:0; rm -f bin/same.*; echo "== the same histories in all three"

bench-sim: ## how much faster than real time simulated clusters run, as time passes and per core
	@echo "== simulator, speed"
	go test -count=1 -run '^$$' -bench 'Sim' -benchtime 1x ./internal/sim

e2e: build ## end-to-end tests on whole nodes in the playground (needs root); LONG=1 for some that take minutes
	@echo "== end to end in the playground"
	go test -tags e2e -count=1 -timeout 20m -v ./test/e2e -program $(CURDIR)/bin/mainstay -engine $(ENGINE) $(if $(LONG),-long)

vm: build ## the watchdog on a whole machine: QEMU without acceleration, some minutes (needs qemu-system-x86 linux-image-amd64 busybox-static)
	@echo "== watchdog in a virtual machine"
	go test -tags vm -count=1 -timeout 30m -v ./test/vm -program $(CURDIR)/bin/mainstay

# Packages whose scripts drive a cluster beside the shells.
SCRIPTS = drbd-utils prometheus-hacluster-exporter puppet-module-voxpupuli-corosync puppet-agent

shells: build ## Debian's crmsh and pcs, and scripts of its packages, drive a cluster in the playground (needs root)
	@./.ci/deps $(SCRIPTS)
	@echo "== shells and scripts of the distribution"
	go test -tags e2e -count=1 -timeout 40m -v ./test/shells -program $(CURDIR)/bin/mainstay -session "$(SESSION)" -cases "$(abspath $(TEXTS))"

record-shells: build ## the same on real Pacemaker, recorded for make shells; SESSION=name records one (needs root)
	@./.ci/deps $(SCRIPTS) pacemaker
	go test -tags e2e -count=1 -timeout 40m -v -run TestShells ./test/shells -program $(CURDIR)/bin/mainstay -session "$(SESSION)" -record

demo: deps build ## three nodes, real services, one power cut: watch them survive
	@if [ "$$(id -u)" = 0 ]; then ./bin/mainstay playground rehearse; else sudo ./bin/mainstay playground rehearse; fi

bench: deps build ## the figures: failover, cold start, idle cost, switchover
	./bench/run $(LAB)

bench-ring: deps build ## the ring's figures beside Corosync's (needs root)
	./bench/ring --lab $(LAB)

soak-links: build ## no false view in MINUTES=n under loss, delay, load and stops (needs root)
	./bench/false-alarms --minutes $(MINUTES)

bench-sched: deps build ## the scheduler's figures beside Pacemaker's
	./bench/sched $(LAB)/gen_cib.py

.PHONY: bench-cib
bench-cib: ## the CIB's figures: parse, update, diff, digest, in a tree of 100,000 elements
	@echo "== CIB, 100 nodes x 500 resources"
	go test -count=1 -run '^$$' -bench . -benchmem ./cib

bench-results: build ## a thousand results a second on three real nodes: updates, failover and CPU meanwhile (needs root, gcc)
	bench/results --rate 1200

bench-rehearse: build ## how long all single faults of 16 nodes and 200 resources take to rehearse
	./bench/rehearse bin/mainstay --phases idle

fuzz: ## each fuzz target for a while (FUZZTIME=10s)
	@set -e; for d in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -rh --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' $$d | sed 's/^func //' | sort -u); do \
	    if grep -qh "^func $$f(" $$d/*_test.go; then echo "== $$d $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$d; fi; \
	  done; done

conformance: ## compare the scheduler with the peer's regression cases (CASES=dir)
	@echo "== conformance"
	SCHEDULER_CASES=$(abspath $(CASES)) go test -count=1 -timeout 15m -v ./internal/conformance | sed -n '/cases  /,$$p'; exit $${PIPESTATUS[0]}

.PHONY: differ
differ: ## plan random changes of cases beside the installed crm_simulate: CASES=dir SEEDS=n FROM=n OUT=dir NAMES=a,b
	@echo "== mutants of $(CASES), planned by us and by the peer"
	go test -count=1 -timeout 24h -v -run 'TestDiffer$$' ./internal/conformance -differ $(abspath $(CASES)) -differ.seeds $(SEEDS) -differ.seed $(FROM) $(if $(OUT),-out $(abspath $(OUT))) $(if $(NAMES),-names $(NAMES)) $(if $(SHRINK),-differ.shrink $(SHRINK))

.PHONY: documents
documents: ## upgrades, digests and patches of the CIBs in DOCUMENTS=dir beside the installed Pacemaker's: CHANGES=n of each
	@echo "== documents of $(DOCUMENTS)"
	go test -count=1 -timeout 4h -v -run TestDocumentsAsThePeer ./internal/tools $(if $(DOCUMENTS),-documents $(abspath $(DOCUMENTS))) -documents.seeds $(CHANGES)

clean: ## remove what was built
	rm -rf bin
