# `make help` lists what can be done. Everything sets itself up: nothing has to
# be installed first but Go, Node and make.

GO      ?= go
NPM     := npm --prefix web
SCRIPT  := $(NPM) run --silent
MODULES := web/node_modules/.installed
LINT    := bin/golangci-lint
# Build, vet and lint compile alike, so that each finds what the other has
# compiled; only the race detector needs cgo.
STATIC  := CGO_ENABLED=0
ENDING  ?= 15m
FUZZ    ?= 60s
COUNT   ?= 3
SEEDS   ?= 200
RACED   ?= 10
TESTED  ?= 40
MINUTES ?= 10
# The interpreter of the scripts runs under one lock: that it looks for races in
# itself finds nothing, and takes as long as all the rest.
UNRACED := -gcflags='github.com/yuin/gopher-lua/...=-race=false'

.PHONY: help run build web test test-go test-sim test-web sizes e2e sim sim-race planted soak fuzz bench check format vet lint generated types tools clean

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

run: build ## set up, build and start Parlour with the demo shop
	bin/parlour serve --demo

build: web ## the web apps, then bin/parlour with them inside
	$(STATIC) $(GO) build -o bin/parlour ./cmd/parlour

web: $(MODULES) ## the web apps
	$(SCRIPT) build

test: tools test-go test-sim test-web sizes e2e ## everything: Go with the race detector, people and faults in virtual time, web units, sizes, stories in browsers

# Go tests serve the built web apps, so these come first.
test-go: tools web
	CGO_ENABLED=1 $(GO) test -race -shuffle=on -timeout $(ENDING) ./...

test-sim: ## TESTED=40 seeds without the race detector, RACED=10 with it; make sim has more
	$(MAKE) --no-print-directory sim SEEDS=$(TESTED)
	$(MAKE) --no-print-directory sim-race

test-web: $(MODULES)
	$(SCRIPT) test

sizes: web ## the sizes of what browsers load
	$(SCRIPT) sizes

e2e: tools build ## the stories in real browsers
	$(SCRIPT) e2e

sim: ## people and faults in virtual time: SEEDS=200 of MINUTES=10 each, without the race detector
	$(STATIC) $(GO) test -count=1 -timeout $(ENDING) ./chat/routing -run '^TestSimulation$$' -v -seeds $(SEEDS) -minutes $(MINUTES)

sim-race: ## the same with the race detector: RACED=10 seeds
	CGO_ENABLED=1 $(GO) test -race $(UNRACED) -count=1 -timeout $(ENDING) ./chat/routing -run '^TestSimulation$$' -v -seeds $(RACED) -minutes $(MINUTES)

planted: ## plants bugs, one after the other, and sees that the tests find each
	$(STATIC) PLANTED=1 $(GO) test -count=1 -timeout 1h -run '^TestPlantedBugsAreFound$$' -v .

soak: tools web fuzz ## each fuzz target for FUZZ=60s, all Go tests COUNT=3 times in other orders, then 500 hours in virtual time and parts that fail for minutes
	CGO_ENABLED=1 SOAK=1 $(GO) test -race -shuffle=on -count=$(COUNT) -timeout 3h $$($(GO) list ./... | grep -v /cmd/parlour/faults$$)
	$(MAKE) --no-print-directory sim SEEDS=500 MINUTES=60 ENDING=3h
	CGO_ENABLED=1 SOAK=1 $(GO) test -race -count=1 -timeout 1h -v ./cmd/parlour/faults

fuzz: ## each fuzz target for FUZZ=60s
	@.ci/fuzz $(FUZZ)

bench: build ## the benches, one JSON object each
	bin/parlour bench sessions --json
	bin/parlour bench chat --json
	bin/parlour bench routing --json

check: format vet lint generated types ## format, vet, lint, generated files, web types and lint

format:
	@unformatted=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
	test -z "$$unformatted" || { echo "not formatted (gofmt -w):" $$unformatted >&2; exit 1; }

vet: web
	$(STATIC) $(GO) vet ./...

lint: $(LINT) web
	$(STATIC) $(LINT) run ./...

# Writes the generated files again and compares. Committed or not does not matter.
generated:
	@list='*.gen.ts *.gen.md *.gen.go *.gen.json'; \
	before=$$(git ls-files --cached --others --exclude-standard -- $$list | xargs -r sha256sum); \
	$(GO) generate ./...; \
	after=$$(git ls-files --cached --others --exclude-standard -- $$list | xargs -r sha256sum); \
	test "$$before" = "$$after" || { echo 'generated files were out of date: they are written now, commit them' >&2; exit 1; }

types: $(MODULES)
	$(SCRIPT) types
	$(SCRIPT) lint

tools: $(MODULES) ## what tests need beside Go and Node, where it is missing
	@.ci/install

$(MODULES): web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

$(LINT): .ci/tools/go.mod .ci/tools/go.sum
	cd .ci/tools && $(GO) build -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

clean: ## removes what was built; data and modules stay
	rm -rf bin
	find web/dist -mindepth 1 ! -name .keep -delete
