# make course   set up, release, book, a graded class: open what it prints
# make test     the test suite, from nothing
# make book     the book alone                 -> _build/html/index.html
# make lab      JupyterLab with formgrader, sources open as notebooks
# make release  the student notebooks          -> assignments/
# make clean    remove all that was generated here but the environment

SHELL := /bin/bash
PYTHON ?= python3
.DEFAULT_GOAL := course

# nbgrader starts alembic by its name, so the environment's bin must be found.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Results depend on the number of threads; workers share the cores.
export OMP_NUM_THREADS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONPATH := $(CURDIR)

DONE := _build/done
LAB_SETTINGS := .venv/share/jupyter/lab/settings
# More options for JupyterLab, such as LAB='--no-browser --port=8890'.
LAB ?=
SOURCES := $(shell find solutions autograder -name '*.py' -not -path '*/.ipynb_checkpoints/*') \
           nbgrader_config.py _config.yml pyproject.toml
PAGES := $(shell find book -type f -not -path '*/__pycache__/*') _config.yml

.PHONY: course test book lab release clean check
course: $(DONE)/book $(DONE)/class
	@echo
	@cat _build/class/grades.txt
	@echo
	@echo "The book:      _build/html/index.html"
	@echo "A student's:   assignments/batchnorm/batchnorm.ipynb  (make lab opens it)"

.venv/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "This needs Python 3.11 or newer. Install it, then: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq python3-venv; } \
	  || { echo "Python can't make environments here. Run: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing packages into .venv (about 2.3 GB, one to five minutes)"
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --progress-bar on -r requirements.txt || { \
	  echo "The packages could not be installed. Is there a network? Then run make again." >&2; exit 1; }
	@printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s/.venv/bin/python" -m autograder.course "$$@"\n' \
	  '$(CURDIR)' '$(CURDIR)' > .venv/bin/autograder
	@chmod +x .venv/bin/autograder
	@touch $@

# A release is noted in a gradebook: here in that of the demonstration class,
# which begins anew, since nbgrader adds no notebook to what was handed in.
$(DONE)/release: $(SOURCES) | .venv/installed
	@mkdir -p $(DONE)
	@rm -rf _build/class
	COURSE_CLASS=_build/class autograder release
	@touch $@

$(DONE)/bundle: $(DONE)/release
	autograder bundle
	@touch $@

# The execution cache knows a page by its cells alone, not by what they import.
$(DONE)/lecture: $(wildcard book/*.py)
	@mkdir -p $(DONE)
	@rm -rf _build/.jupyter_cache
	@touch $@

$(DONE)/book: $(PAGES) $(DONE)/bundle $(DONE)/lecture
	jupyter-book build book --config _config.yml --path-output . --all -W -n --keep-going
	@touch $@

# Walls around students' code; without them the class below has weaker ones.
$(DONE)/walls: | .venv/installed
	@mkdir -p $(DONE)
	@command -v bwrap > /dev/null \
	  || { [ "$$(id -u)" = 0 ] && apt-get update -qq \
	       && apt-get install -y -qq bubblewrap libseccomp2; } \
	  || echo "bubblewrap is missing. To grade strangers' notebooks: sudo apt-get install bubblewrap"
	@touch $@

$(DONE)/class: $(DONE)/release $(DONE)/walls
	autograder demo
	@touch $@

book: $(DONE)/book
release: | .venv/installed
	autograder release

check: .venv/installed
	ruff check .
	ruff format --check .
	mypy

# Three share two cores: a third of the time a test waits for what it started.
# The book is built by the first test that opens it, beside the others.
test: check $(DONE)/bundle $(DONE)/lecture
	@$(MAKE) --silent --question $(DONE)/book || rm -rf _build/html
	pytest -n 3 --dist worksteal
	@touch $(DONE)/book

lab: $(DONE)/release
	@mkdir -p $(LAB_SETTINGS)
	@echo '{"@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"python": "Jupytext Notebook"}}}' \
	  > $(LAB_SETTINGS)/overrides.json
	jupyter lab $(LAB)

clean:
	rm -rf _build dist build *.egg-info
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
