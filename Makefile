# What one does here; every target first sets up what it needs, in .venv.
#
#   make run                   the dashboard on http://localhost:8501   (PORT=9000 changes it)
#   make serve                 the same for a class: whoever reaches this machine can use it (README says what that means)
#   make test                  the whole suite, browser tests included
#   make fuzz                  damaged pictures, ZIP files and weights, 50 times as many as the suite tries (TIMES=500)
#   make lint                  format, ruff, mypy, who may import whom
#   make bench                 speed and memory against their bounds
#   make load                  1, 8, 20 and 30 people at once, against an empty app   (PEOPLE="1 3", MINUTES=120 for a soak),
#                              then 1, 20 and 100 sessions without browsers   (SESSIONS="300")
#   make models                train the shipped networks again (hours)
#
# PYTHON=python3.12 chooses the interpreter of .venv; without it .venv keeps the one it has.

PORT ?= 8501
PYTHON ?= python3
TIMES ?= 50
PEOPLE ?= 1 8 20 30
SESSIONS ?= 1 20 100
MINUTES ?= 0
# Not from the environment, where conda and some shells have a HOST of their own: `make run HOST=192.168.1.5`.
HOST := localhost
BIN := .venv/bin
# One heap for all threads: each of several would keep what a pass through a network has left (docs/scaling.md).
STREAMLIT := MALLOC_ARENA_MAX=1 $(BIN)/python -m streamlit run streamlit_app.py

.PHONY: help run serve test fuzz lint bench load models for-running for-testing

help:
	@sed -n 's/^#   //p' Makefile

run: for-running
	@echo "Open http://$(HOST):$(PORT)"
	@$(STREAMLIT) --server.address $(HOST) --server.port $(PORT)

serve: for-running
	@echo "Open http://$$(uname -n):$(PORT) from any machine that reaches this one. Nobody has to log in."
	@$(STREAMLIT) --server.address 0.0.0.0 --server.port $(PORT)

# Bytecode is kept, whatever the shell says: the suite starts dozens of processes, which would all compile again.
test: export PYTHONDONTWRITEBYTECODE :=
test: for-testing
	@$(BIN)/python -m tests.browser.find_browser --install
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder --durations 15

fuzz: for-testing
	FUZZ_TIMES=$(TIMES) $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 tests/fuzzing

lint: for-testing
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

bench: for-testing
	$(BIN)/python -m benchmarks

load: for-testing
	@$(BIN)/python -m tests.browser.find_browser --install
	$(BIN)/python -m benchmarks.load --people $(PEOPLE) --sessions $(SESSIONS) --minutes $(MINUTES)

models: for-testing
	$(BIN)/python -m explorer.training
	$(BIN)/python -m explorer.training.vit_recipe
	$(BIN)/python -m explorer.training.photo_captioner photo-captioner photo-transformer
	$(BIN)/python -m explorer.training.caption_kinds
	$(BIN)/python -m explorer.training.scene_recipe
	$(BIN)/python -m explorer.training.dates
	$(BIN)/python -m explorer.training.tagger
	$(BIN)/python -m explorer.training.digit_gan

for-running:
	@$(PYTHON) scripts/set_up.py requirements.txt

for-testing:
	@$(PYTHON) scripts/set_up.py requirements.txt requirements-dev.txt
