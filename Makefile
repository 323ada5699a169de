# make run    the whole site on this machine
# make test   everything that is checked before a change goes in
# make help   the rest

PY := .venv/bin/python
SOURCES := manage.py totetaxi catalog booking payments logistics staff tests

.PHONY: help
help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

.PHONY: setup
setup:
	@totetaxi/dev/setup.sh

.PHONY: run
run: setup
	@exec $(PY) -m totetaxi.dev

# make dev    as make run, and follows changes of code, templates and styles
.PHONY: dev
dev: setup
	@exec $(PY) -m totetaxi.dev --reload

.PHONY: test
test: check css browser
	$(PY) -m pytest -m "not browser" --numprocesses auto --maxprocesses 4
	$(PY) -m pytest -m browser --numprocesses auto --maxprocesses 4

# make test-fast    the tests without a browser
.PHONY: test-fast
test-fast: setup css
	$(PY) -m pytest -m "not browser"

# make coverage    the same, and which lines no test reaches
.PHONY: coverage
coverage: setup css
	$(PY) -m pytest -m "not browser" --cov --numprocesses auto --maxprocesses 4

# make test-load    many customers at once; all of it in some minutes
.PHONY: test-load
test-load: setup css
	$(PY) -m pytest tests/load -s

# make test-faults    web and worker killed at random moments while customers pay; some minutes
.PHONY: test-faults
test-faults: setup css
	$(PY) -m pytest tests/faults -s

# make test-image    every RUN line of the Dockerfile, then what it built; needs root on Linux
.PHONY: test-image
test-image: setup css
	$(PY) -m pytest tests/image -s

# make bench    how long pages take, beside a page that does nothing
.PHONY: bench
bench: setup css
	$(PY) -m pytest tests/bench -s

# make check    all that needs no test run: lint, format, types, layers, migrations, deploy settings
.PHONY: check
check: lint types layers migrations deploy-check

.PHONY: lint
lint: setup
	$(PY) -m ruff check $(SOURCES)
	$(PY) -m ruff format --check $(SOURCES)
	.venv/bin/bandit --quiet --configfile pyproject.toml --recursive $(filter-out tests,$(SOURCES))
	find templates -name '*.html' -print0 | xargs -0 .venv/bin/djade --check --target-version 5.2
	.venv/bin/djlint templates --lint --quiet

# make audit    known holes in the packages we install; asks PyPI, so it needs the internet
.PHONY: audit
audit: setup
	.venv/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off \
		$(foreach name,base dev,--requirement requirements/$(name).txt)

# make format    what lint asks for, where a tool can do it
.PHONY: format
format: setup
	$(PY) -m ruff check --fix $(SOURCES)
	$(PY) -m ruff format $(SOURCES)
	find templates -name '*.html' -print0 | xargs -0 .venv/bin/djade --target-version 5.2

.PHONY: types
types: setup
	$(PY) -m mypy .

.PHONY: layers
layers: setup
	.venv/bin/lint-imports

.PHONY: migrations
migrations: setup
	$(PY) manage.py makemigrations --check --dry-run

.PHONY: deploy-check
deploy-check: setup
	$(PY) -m totetaxi.dev.production_like check --deploy --fail-level WARNING

.PHONY: css
css: setup
	$(PY) -m totetaxi.dev.assets

.PHONY: browser
browser: setup
	$(PY) -m totetaxi.dev.browser

# make lock    renew the locked requirements from requirements/*.in
.PHONY: lock
lock: setup
	for name in base dev; do .venv/bin/uv pip compile --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
		requirements/$$name.in -o requirements/$$name.txt; done

# make clean    remove everything made here: environment, databases, built files
.PHONY: clean
clean:
	rm -rf .venv .local static/css/site.css
