# make demo    train, prune, quantise and convert a capsule network, run it in two runtimes, print what each step cost
# make test    all tests, under both Keras flavours
# make lint    style, types, C formatting, static analysis of the C
# make venv    only the set-up, which every target above does by itself
# make boards  compilers and emulators of microcontrollers as well, which `make test` asks for by itself
# make clean   away with what was built; .venv stays

JOBS ?= 2
PYTHON_IN_VENV = .venv/bin/python
PYTEST = $(PYTHON_IN_VENV) -m pytest -q -n $(JOBS) --dist loadfile
# What depends on the Keras flavour; everything else runs under tf_keras, as the command line does.
BOTH_FLAVOURS = $(wildcard tests/layers tests/routing tests/models tests/losses tests/test_losses.py tests/converters) \
	tests/pruning/test_channel_graph.py tests/pruning/test_shrink.py tests/pruning/test_prune_function.py \
	$(wildcard tests/pruning/methods)

.PHONY: demo test lint venv boards clean

demo: boards
	$(PYTHON_IN_VENV) examples/demo.py

# The whole suite comes last, so that its count closes the output.
test: boards
	TF_USE_LEGACY_KERAS=0 $(PYTEST) $(BOTH_FLAVOURS)
	TF_USE_LEGACY_KERAS=1 $(PYTEST) tests

lint:
	tools/setup.sh lint
	$(PYTHON_IN_VENV) -m ruff check .
	$(PYTHON_IN_VENV) -m mypy
	find micro -name '*.[ch]' -o -name '*.cc' | xargs clang-format --dry-run -Werror
	tools/lint_c.sh

venv:
	tools/setup.sh

boards:
	tools/setup.sh boards

clean:
	rm -rf build dist out micro/lib .venv/.project .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name .venv -prune -o -name __pycache__ -prune -exec rm -rf {} +
