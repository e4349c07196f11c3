# Everything a person does with a checkout. Needs Python 3.11 or newer and make, nothing else.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
PORT ?= 8000
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
unexport PYTHONDONTWRITEBYTECODE  # some machines set it; then each of many processes would compile the whole program anew
LOCK := requirements/develop.txt
STAMP := .venv/installed-$(shell cksum < $(LOCK) | tr -d ' ')

.PHONY: install run stop status reset test test-servers soak bench lint format lock
.DEFAULT_GOAL := run

install: $(STAMP)  ## the virtual environment, from locked and hashed requirements

$(STAMP):
	@test -n "$(PYTHON)" || { echo "Xinqiao needs Python 3.11, 3.12 or 3.13; none was found."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	@rm -f .venv/installed-* && touch $@

run: install  ## the whole site; Ctrl-C ends it
	@exec $(MANAGE) run --port $(PORT)

stop: install
	@$(MANAGE) stop

status: install
	@$(MANAGE) status

reset: install  ## erase the embedded data (asks; YES=1 does not)
	@$(MANAGE) reset $(if $(filter 1,$(YES)),--yes)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	@if [ -n "$$(git ls-files 'templates/*.html')" ]; then git ls-files -z 'templates/*.html' | xargs -0 $(BIN)/djade --check --target-version 5.2; fi

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	@git ls-files -z 'templates/*.html' | xargs -0 -r $(BIN)/djade --target-version 5.2

test: install  ## everything, at the counts of every day; `make lint` is part of it (tests/config/test_architecture.py)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

test-servers: install  ## the tests on servers of your own: make test-servers DATABASE_URL=… REDIS_URL=…
	@test -n "$(DATABASE_URL)" -a -n "$(REDIS_URL)" || { echo "Set DATABASE_URL and REDIS_URL."; exit 1; }
	DATABASE_URL="$(DATABASE_URL)" REDIS_URL="$(REDIS_URL)" $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

soak: install  ## the tests that count to large numbers, at full counts
	SOAK=1 $(BIN)/python -m pytest -m soak -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

bench: install
	$(BIN)/python -m benchmarks $(ARGS)

lock:  ## resolve requirements/*.in again, for every supported Python, with hashes
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -o requirements/product.txt requirements/product.in
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -o requirements/develop.txt requirements/develop.in
