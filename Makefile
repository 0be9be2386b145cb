# The two commands of the README are `make test-parallel` and `make test`.

CARGO ?= cargo
REGATTA = target/debug/regatta

.PHONY: docs pictures test-parallel test-parallel-fast test-parallel-fail-fast test test-html lint bench install-tools regatta

# This repository's own suites, run by Regatta from regatta.toml.
test-parallel: regatta
	$(REGATTA)

# The same without the slow ones.
test-parallel-fast: regatta
	$(REGATTA) --fast

# The same, until one fails.
test-parallel-fail-fast: regatta
	$(REGATTA) --fail-fast

# The same checks one after another and without Regatta, so that a broken runner cannot hide itself.
test: install-tools
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --locked
	$(CARGO) test --workspace --locked
	$(MAKE) --no-print-directory test-html

# The HTML report of runs that never were, in a real browser. Leaves a screenshot of each view in target/html-report.
test-html:
	scripts/install-browser
	$(CARGO) run --quiet --locked --package regatta --example html_samples -- target/html-report/pages
	node --test --test-concurrency=2 tests/html/*.test.mjs

# Formatting, lints, and what dependencies may bring (needs cargo-deny).
lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) deny check bans licenses sources

# Beside the bare minimum and whichever other tools are installed. `make bench BENCH=quick` takes a minute.
bench:
	benches/run $(BENCH)

# The documentation as a site in target/docs (needs mdbook), and its pictures from real runs (needs chromium).
docs:
	mdbook build docs

pictures:
	scripts/make-pictures

install-tools:
	scripts/install-tools
	scripts/install-consumers

regatta:
	@$(CARGO) build --quiet --locked --package regatta
