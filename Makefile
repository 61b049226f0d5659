# Everything here sets up what it needs in this checkout, once. Only what begins with e2e needs root.

.PHONY: help test lint demo browser e2e-image e2e-cluster e2e-systemd packages e2e-packages bench faults soak fuzz coverage clean

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /make \1	/p' Makefile | expand -t 20

test: lint ## all checks and all tests, on the oldest and the newest supported Python
	@tools/test

lint: ## style, types, and which room may import which
	@tools/lint

demo: ## watch it work beside a simulated node of 8 GPUs (SOURCE=level-zero: no XPU Manager; SINK=node-feature: labels in a cluster)
	@exec tools/demo $(if $(SOURCE),--source $(SOURCE)) $(if $(SINK),--sink $(SINK))

browser: ## the page in a real browser (Debian's chromium); screenshots in .browser/
	@exec tools/browser

e2e-systemd: ## as a service in booted systemds, 252 and 257 (takes root on Debian 12)
	@exec tools/e2e-systemd

e2e-cluster: ## on a node of a real cluster, without a kubelet (takes root and Go; builds Kubernetes once)
	@exec tools/e2e-cluster

e2e-image: ## the image: really built, and run hardened, as any user, and in pods (takes root on Debian 12)
	@exec tools/e2e-image

packages: ## .deb and .rpm, in build/packages/ (takes Debian 12)
	@exec tools/packages

e2e-packages: ## the packages: built twice, checked, and installed in booted systems (takes root on Debian 12)
	@exec tools/e2e-packages

bench: ## the budgets, measured (PEER="command" puts another program beside it)
	@exec tools/bench $(PEER)

faults: ## every fault that it must hold, one after the other, and how it held
	@exec tools/faults

soak: ## 20,000 cycles in half an hour: memory and descriptors stay flat
	@exec tools/soak

fuzz: ## made-up bytes for all that reads bytes of others, 4 minutes (TARGETS="page" for some of it)
	@exec tools/fuzz $(TARGETS)

coverage: ## which branches the tests reach
	@tools/coverage

clean: ## remove what the commands above made
	rm -rf build .venv-* .demo .fuzz .browser .e2e .coverage* htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
