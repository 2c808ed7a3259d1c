.PHONY: install demo test histories bands findings check fix bench faults tamper push-faults lock clean help
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
HOME_DIR ?= demo-home

help:            ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "make %-9s %s\n",$$1,$$2}' Makefile

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3,11)<=sys.version_info[:2]<=(3,13))' || { echo "Xunfang needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

install: .venv/installed   ## .venv with everything, test tools included

demo: install    ## a synthetic county of 30,000 people, from raw files to caseworkers' lists
	$(BIN)/xunfang demo --home $(HOME_DIR) --people 30000 --seed 1

test: install    ## all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

histories: install   ## 5,000 histories of deliveries; XUNFANG_SEEDS=100-119 for 10,000 others
	$(BIN)/python -m pytest -n 2 --dist worksteal tests/long/test_delivery_histories_long.py

bands: install   ## how much can be learnt on three counties and in the five worlds, into docs/county.md (ten minutes)
	$(BIN)/python tests/county_bands.py docs/county.md

findings: install   ## every finding code against what is really so in a county of 30,000, into docs/county.md
	PYTHONPATH=tests:. $(BIN)/python tests/county_findings.py docs/county.md

check: install   ## style, types, layers: changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: install     ## what the tools can mend by themselves
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install   ## the night's stages as ratios to pandas, with peak memory
	$(BIN)/python -m bench

faults: install  ## 10,000 spoilt files and a file larger than memory: nothing lost, nothing aborted
	PYTHONPATH=tests:. $(BIN)/python tests/long/faults.py $(FAULTS)
	PYTHONPATH=tests:. $(BIN)/python tests/long/large.py

tamper: install  ## the audit log changed in 14 ways at 1,000 places on SQLite and PostgreSQL: all found
	PYTHONPATH=tests:. $(BIN)/python tests/long/tamper.py $(TAMPER)

push-faults: install   ## ten faults of a receiver, 1,000 lists each: none lost, none told of twice (a quarter of an hour)
	PYTHONPATH=tests:. $(BIN)/python tests/long/push_lists.py $(PUSH_FAULTS)

lock:            ## resolve pyproject.toml again (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-annotate --no-header pyproject.toml -o requirements.lock

clean:           ## remove what the two commands made
	rm -rf .venv $(HOME_DIR) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
