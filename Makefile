# Every target works on a fresh machine: bin/ngao makes the environment on first use.
SHELL := /bin/bash
NGAO := bin/ngao
RUN := $(NGAO) run
.DEFAULT_GOAL := help
.PHONY: help demo up down status test test-fast test-thorough test-long test-all bench lint types imports generate check-generated lock clean faults compose-test leaks audit images-pin

##@ Try it
demo: ## Start everything and send real reports through; leaves the platform running
	@$(NGAO) demo

##@ Run it
up: ## Start RabbitMQ, MongoDB and the services on this machine
	@$(NGAO) up
status: ## What runs, and where
	@$(NGAO) status
down: ## Stop all of it
	@$(NGAO) down

##@ Change it
test-fast: ## The tests that need no broker and no database; under a minute on an idle machine
	@$(NGAO) test --fast
test: ## All checks and tests, with everything they need; leaves no process behind; ARGS="--thorough" as in CI
	@$(NGAO) test $(ARGS)
lint: ## Style
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
types: ## Types
	@$(RUN) mypy
imports: ## Who may import whom
	@$(RUN) lint-imports
bench: ## The platform beside its floors, a plain one and its own last recorded run; takes 20 minutes, wants a quiet machine
	@$(RUN) python -W ignore -m bench
generate: ## Write the generated files anew
	@$(RUN) python tools/generate.py
check-generated: ## Fail when a generated file differs from the code
	@$(RUN) python tools/generate.py --check
lock: ## Resolve the dependencies again, with hashes
	@$(RUN) bash tools/lock.sh
clean: ## Stop everything and remove what was made here: .venv, .ngao, caches
	@[ ! -d .ngao ] || $(NGAO) down
	rm -rf .venv .venv.lock .ngao .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

##@ Prove it
faults: ## Break the platform under load in every way we know; ARGS="--seed 7 --only broker-killed", "--mutants", "--list"
	@$(RUN) python -W ignore -m tests.faults.engine $(ARGS)
compose-test: ## The deployment on a real container engine, under faults; ARGS="--only broker-restarted --seed 7", "--keep"
	@$(RUN) python -m pytest tests/compose -m compose -p no:randomly -sv $(ARGS)
test-thorough: ## `make test`, every page of the docs and of the console, a fresh installation, a restore, eleven faults; what CI runs
	@$(NGAO) test --thorough
test-long: ## The tests that take minutes: each kind of secret rotated while a source posts
	@$(NGAO) test --only-tests tests/service -m long -v
test-all: test-thorough test-long leaks faults compose-test ## Everything that proves anything, one after the other; takes hours, wants a container engine
leaks: ## Send marked reports through everything, and search every place for the marks; ARGS="--no-faults", "--mutants", "--json"
	@$(RUN) python -W ignore -m tests.privacy.leaks $(ARGS)

audit: ## Known vulnerabilities of the locked packages; says so where no feed can be reached
	@$(RUN) python tools/audit.py
images-pin: ## Name every image in .env by the digest of what is here or can be pulled
	@deploy/images/build.sh --pin

##@ Help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
