# Every target does its own set-up. `make` alone lists them.

# what kernels get that build or check the book: one thread, static widgets
include book/kernel.env
KERNEL_VARIABLES := $(shell sed 's/=.*//' book/kernel.env)
export $(KERNEL_VARIABLES)
# each of some sixty kernels would compile the package anew
unexport PYTHONDONTWRITEBYTECODE

# the large data sets, and what the pages carry: if they lie beside, from there
BESIDE := $(wildcard $(abspath ../shared/data))
ifneq ($(BESIDE),)
export MINI_COMPRESS_DATA ?= $(BESIDE)
endif

VENV := .venv
BIN := $(VENV)/bin
HTML := _build/html
PORT ?= 8000
LAB_SETTINGS := $(VENV)/etc/jupyter/labconfig/default_setting_overrides.json

# the first Python that is new enough; evaluated only when it is needed
NEW_ENOUGH := 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11, \
	$(shell $(name) -c $(NEW_ENOUGH) 2>/dev/null && echo $(name))))

.PHONY: help book notebooks pages serve lab lessons grading test bench clean

help:
	@echo "make book    build the book into $(HTML)"
	@echo "make serve   show the built book at http://localhost:$(PORT)"
	@echo "make lab     open the lessons, and the chapters, in JupyterLab"
	@echo "make lessons write the lessons anew after a chapter has changed"
	@echo "make grading hand the lessons out and grade them, with nbgrader"
	@echo "make test    check the code, the pages and every printed number"
	@echo "make bench   compare the speed of the kernels with other libraries"
	@echo "make clean   delete what was built; the environment stays"

book: pages
	@echo "The book is ready: open $(HTML)/index.html in a browser,"
	@echo "or run 'make serve' (python3 -m http.server --directory $(HTML))."

notebooks: $(VENV)/book.installed
	@echo "Running the notebooks that have changed ..."
	@$(BIN)/python tools/run_notebooks.py

# warnings and errors go to stderr; the rest is a banner
pages: notebooks
	@echo "Building the pages ..."
	@$(BIN)/jupyter-book build . -q -W -n --keep-going >/dev/null

serve: book
	@echo "http://localhost:$(PORT) (stop with Ctrl+C)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory $(HTML)

lab: $(VENV)/book.installed
	@mkdir -p $(dir $(LAB_SETTINGS))
	@$(BIN)/jupytext-config --settings-file $(LAB_SETTINGS) \
		set-default-viewer markdown myst
	@$(BIN)/python -m mini_compress lessons my_lessons
	@echo "The chapters are in book/; a double click opens them as notebooks."
	@env $(KERNEL_VARIABLES:%=-u %) $(BIN)/jupyter lab \
		--LabApp.default_url=/lab/tree/my_lessons

lessons: $(VENV)/book.installed
	@$(BIN)/python tools/make_lessons.py

grading: $(VENV)/test.installed
	@$(BIN)/python -m pytest -s tests/tools/test_grading.py

test: $(VENV)/test.installed
	@$(BIN)/python tools/run_tests.py

bench: $(VENV)/test.installed
	@$(BIN)/python -m tests.benchmarks

clean:
	rm -rf _build .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/pip:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is missing:" \
		"sudo apt install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python's venv" \
		"module is missing: sudo apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# one environment; each target adds the extra it needs, and `test` has `book`.
# pip would compile on one core only; some packages hold files that never compile
$(VENV)/%.installed: pyproject.toml constraints.txt | $(VENV)/bin/pip
	@echo "Installing what 'make $*' needs (some minutes the first time) ..."
	@$(BIN)/python -m pip install -q --no-compile -c constraints.txt \
		-e '.[$*]'
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true
	@touch $@ $(if $(filter test,$*),$(VENV)/book.installed)
