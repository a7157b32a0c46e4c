# Every command of this project. `make` lists them. Works with GNU make 3.81 and later.

STACK ?= local
# Of `make promote`: the stack whose model is taken, and the one that shall serve it.
FROM ?=
TO ?=

# What the installed packages depend on, as a name: a step is skipped if the file with this name is there.
INSTALLED := .venv/.installed-$(shell cat requirements.txt constraints.txt | cksum | cut -d ' ' -f 1)
INSTALLED_DEV := .venv/.installed-dev-$(shell cat requirements.txt requirements-dev.txt constraints.txt | cksum | cut -d ' ' -f 1)

# The same surroundings that `source .venv/bin/activate` gives people. Tests and measurements make their own.
ACTIVATE := . .venv/bin/activate
PYTHON := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help up preview predict verify promote refresh destroy lab lab-status lab-down test check bench activate cli stack
.NOTPARALLEL:

help: ## List these commands
	@echo "Usage: make COMMAND [STACK=local]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

up: stack ## Train, serve and ask for predictions: whatever is not done yet
	@$(ACTIVATE) && pulumi up --yes --stack $(STACK)
	@$(MAKE) --no-print-directory predict

preview: stack ## Say what `make up` would do, and do nothing
	@$(ACTIVATE) && pulumi preview --stack $(STACK)

predict: stack ## Send test images to the model that is served, and show the answers
	@$(ACTIVATE) \
	  && { url=$$(pulumi stack output predictUrl --stack $(STACK)) \
	    || { echo "Stack $(STACK) serves nothing: run \`make up STACK=$(STACK)\` first" >&2; exit 1; }; } \
	  && dataset=$$(pulumi config get dataset --stack $(STACK)) \
	  && $(PYTHON) -m model predict --url "$$url" --dataset "$$dataset"

verify: stack ## Ask everything that serves whether it is what was declared; change nothing
	@$(ACTIVATE) && $(PYTHON) -m infra.verify $(STACK)

promote: cli ## Pin what one stack serves for another: FROM=dev TO=prod
	@$(ACTIVATE) && $(PYTHON) -m infra.promotion $(FROM) $(TO)

refresh: stack ## Take into the state what is really there; `make up` then mends it
	@$(ACTIVATE) && pulumi refresh --yes --stack $(STACK)

destroy: stack ## Stop serving and forget all resources; trained models stay in the artifact store
	@$(ACTIVATE) && pulumi destroy --yes --stack $(STACK)

lab: cli ## Run a Docker engine, a registry and Kubernetes here, from packages only (Linux, root)
	@$(PYTHON) -m lab.cluster up
	@$(PYTHON) -m lab.plugins

lab-status: $(INSTALLED) ## Say what of the lab runs
	@$(PYTHON) -m lab.cluster status

lab-down: $(INSTALLED) ## Take the lab down; what is expensive to make stays cached
	@$(PYTHON) -m lab.cluster down

test: cli $(INSTALLED_DEV) ## Run the tests and state what they cover (ARGS: arguments for pytest)
	@$(PYTHON) -m coverage erase
	@$(PYTHON) -m coverage run -m pytest --numprocesses 2 --dist loadscope $(ARGS)
	@$(PYTHON) -m coverage combine --quiet
	@$(PYTHON) -m coverage report --skip-covered

check: $(INSTALLED_DEV) ## Check format, lint and types
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy

bench: cli $(INSTALLED_DEV) ## Measure, side by side in one run
	@$(PYTHON) -m bench

activate: stack ## Set up and no more; then plain `pulumi` commands work in this project
	@echo "Ready. In every new shell: source .venv/bin/activate"

# The steps below are what the commands above rely on. Each says what it does and is skipped when it is done.

stack: cli
	@$(ACTIVATE) && pulumi stack select --create $(STACK)

cli: $(INSTALLED)
	@$(PYTHON) -m lab.activation

# A .venv without this file was never finished: it is made anew. One that was finished for other requirements is
# brought up to date. PYTHONDONTWRITEBYTECODE, where it is set, would cost every later command a second; hence compileall.
$(INSTALLED):
	@ls .venv/.installed-* >/dev/null 2>&1 || sh lab/make-venv .venv
	@rm -f .venv/.installed-*
	@echo "Installing the packages of requirements.txt into .venv (about 420 MB the first time)"
	@$(PYTHON) -m pip install --disable-pip-version-check --requirement requirements.txt
	@echo "Compiling them"
	@$(PYTHON) -m compileall -q -j 0 .venv/lib || echo "Some files of the packages are not valid Python: that is harmless"
	@touch $@

$(INSTALLED_DEV): $(INSTALLED)
	@echo "Installing the tools of requirements-dev.txt into .venv"
	@$(PYTHON) -m pip install --disable-pip-version-check --quiet --requirement requirements-dev.txt
	@touch $@
