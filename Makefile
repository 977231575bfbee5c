# Every target is one line: what it does stands in scripts/.
.DEFAULT_GOAL := help
.PHONY: help demo test test-real lint docs bench fuzz install release

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: ## Show the provider at work against a lab on this machine; leaves nothing behind
	@scripts/demo

test: ## Prove everything that one machine can prove: lint, tests, acceptance, docs
	@scripts/test

test-real: ## Run the acceptance tests on the real systems that HYBRIDOPS_ACC_* name
	@scripts/test-real

lint: ## Judge format, code, dependencies, layers and scripts without running anything
	@scripts/lint

docs: ## Write docs/ from the schema and examples/
	@cargo run --quiet --package terraform-provider-hybridops -- docs

bench: ## Measure the provider against a trivial one (ARGS="...")
	@scripts/bench $(ARGS)

fuzz: ## Run every fuzz target for SECONDS=60 each
	@scripts/fuzz $(or $(SECONDS),60)

install: ## Build the provider into the mirror from which terraform init installs it (ARGS="--command ~/.local/bin" for the command line)
	@scripts/install $(ARGS)

release: ## Build, check and checksum the files a registry takes, into dist/
	@scripts/release $(ARGS)
