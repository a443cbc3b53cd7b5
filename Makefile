# The front door. `make help` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
JOBS ?= $(shell nproc)
SERVE ?= 1
PORT ?= 8080
LAKE ?=
SCALE ?= 0.001

# A clone elsewhere on the machine finds what this one compiled.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

REELHOUSE := build/reelhouse --project netflix

## run: build, run the workflow on the lake at LAKE (default: a generated sample), serve [SERVE=0 PORT=8080 SCALE=0.001]
.PHONY: run
run: build
ifeq ($(LAKE),)
	$(REELHOUSE) generate --scale $(SCALE)
	$(REELHOUSE) run
else
	$(REELHOUSE) --lake '$(LAKE)' run
endif
ifneq ($(SERVE),0)
	$(REELHOUSE) serve --listen 127.0.0.1:$(PORT)
endif

## test: everything that decides whether a change is good
.PHONY: test
test: packages-test third_party pages
	cmake --preset release -DREELHOUSE_TESTS=ON -DREELHOUSE_WERROR=ON
	cmake --build build -j $(JOBS) --target reelhouse unit_warehouse  # which publishes end to end too
	scripts/test

## build: the program, at build/reelhouse
.PHONY: build
build: packages pages build/build.ninja
	cmake --build build -j $(JOBS)

## pages: the dashboards' front end, at web/dist (nothing when nothing changed)
.PHONY: pages
pages: packages
	scripts/build_web

build/build.ninja: CMakeLists.txt CMakePresets.json cmake/*.cmake | third_party pages
	cmake --preset release

.PHONY: packages packages-test third_party
packages:
	@scripts/install_packages
packages-test:
	@scripts/install_packages test
third_party: packages
	@scripts/fetch_duckdb

## bench: measure a whole run beside a hand-written script, and the phases of ours [LAKE=...]
.PHONY: bench
bench: build
	bench/run $(if $(LAKE),"$(LAKE)")

## fmt: format the C++ sources
.PHONY: fmt
fmt: packages-test
	git ls-files '*.cpp' '*.hpp' | xargs clang-format -i

## check: the inner loop: lint, unit and end-to-end tests of what changed (scripts/changed)
.PHONY: check
check: packages-test third_party pages
	cmake --preset release -DREELHOUSE_TESTS=ON >/dev/null
	scripts/check

## lint: what a compiler does not check: format, includes, scripts, Python, SQL, documents
.PHONY: lint
lint: packages-test
	scripts/lint

## tidy: clang-tidy over the whole program (minutes)
.PHONY: tidy
tidy: packages-test build/build.ninja
	JOBS=$(JOBS) scripts/tidy

## clean: remove what was built (not what was run)
.PHONY: clean
clean:
	rm -rf build third_party bench/out web/dist web/node_modules

## help: this list
.PHONY: help
help:
	@sed -n 's/^## //p' Makefile
