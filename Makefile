# Everything a person needs: make demo, make test. Both do all the set-up, with nothing but Python and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Without bytecode, every run and every process of a test compiles everything again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo demo-check test test-slow test-localize test-browser chaos mjml lint format bench setup messages clean

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## Make the environment in .venv

$(READY): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --editable '.[example]' --group dev
	@touch $(READY)

demo: setup ## Run the example site with a worker and a mail inbox
	@$(BIN)/python example_site/manage.py demo

demo-check: setup ## Run the main job headless, and check the figures
	@$(BIN)/python example_site/manage.py demo --check

# What is marked slow takes long and says the same on every database: .ci/run has it on PostgreSQL, and the browser's
# slow tests in a step of their own.
test: setup ## Run the tests on SQLite, and the main journeys in a browser, in under five minutes
	@$(BIN)/python -m pytest -n 2 -q -m "not browser and not slow"
	@$(MAKE) --no-print-directory test-localize
	@$(MAKE) --no-print-directory test-browser

# A run of its own: wagtail-localize takes the place of Wagtail's simple_translation.
test-localize: setup ## Run the tests with wagtail-localize
	@PRECISE_MAIL_LOCALIZE=1 $(BIN)/python -m pytest -q tests/emails/test_localize.py

# BROWSER: "browser" is all of them, and "browser and slow" what make test leaves out.
# A second chance, one at a time, for what failed: a browser on a busy machine misses its waits.
BROWSER ?= browser and not slow
test-browser: setup ## Run the main journeys in a browser; all of them with BROWSER=browser
	@$(BIN)/python -m pytest -n 2 -q tests/browser -m "$(BROWSER)" || \
		$(BIN)/python -m pytest -q tests/browser -m "$(BROWSER)" --last-failed --last-failed-no-failures none

test-slow: setup ## Run what is marked slow, without the browser
	@$(BIN)/python -m pytest -n 2 -q -m "slow and not browser"

# CHAOS="--short", or for example CHAOS="--on sqlite-orm --seed 7 --keep".
chaos: setup ## Send 20,000 mails while everything is killed, and count (PostgreSQL, Redis)
	@$(BIN)/python -m tests.chaos $(CHAOS)

# Only what compares our HTML with the official MJML needs this: the package itself needs no node.
mjml: ## Install the official MJML, for the tests of fidelity (needs npm)
	@cd tests/fidelity && npm ci --no-audit --no-fund --loglevel=error

lint: setup ## Style, types, layers, migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m django makemigrations --check --dry-run

format: setup ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup ## Measure ours and the reference side by side
	@$(BIN)/python -m tests.benchmarks

messages: setup ## Collect and compile translations (needs gettext)
	@cd wagtail_precise_mail && ../$(BIN)/django-admin makemessages -l zh_Hans -e html,txt,py,mjml --no-wrap --add-location file --no-obsolete
	@cd wagtail_precise_mail && ../$(BIN)/django-admin compilemessages -l zh_Hans

clean: ## Remove what the demo made
	rm -rf var
