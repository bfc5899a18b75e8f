# The everyday verbs. Each is a line or two; what is longer is a script beside what it is about.

.PHONY: help run test test-all check soak conformance bench dist
MINUTES ?= 10
TARGET := $(or $(CARGO_TARGET_DIR),target)

help: ## This list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' Makefile | column -t -s '|'

run: ## Build what is needed and run the orders example: some minutes the first time, then seconds
	@examples/run

test: ## Everything that continuous integration runs
	tests/setup
	tests/run

test-all: ## The same with all components
	tests/setup
	tests/run --features daprd/full,dapr-registry/full

check: ## Format and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

soak: ## Sidecars under load for MINUTES=10, callees restarting: no wrong answers, no growth
	cargo build --profile release-lite -p daprd
	DAPR_BIN_DIR=$(TARGET)/release-lite SOAK_MINUTES=$(MINUTES) cargo test -p dapr-tests --test whole soak:: -- --nocapture

conformance: ## The tests of one technology on its real servers: C=redis
	cargo test -p dapr-component-$(C)

bench: ## Side by side with the Go release
	bench/run $(ARGS)

dist: ## Pack a release
	cargo xtask dist
