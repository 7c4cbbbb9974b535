# Linli: every task of the project. `make` alone prints this list. Needs python3 >= 3.11 and make, nothing else.

PYTHON3 ?= python3
PYTHON := .venv/bin/python
LINLI := $(PYTHON) -m app.cli
CODE := app migrations tests benchmarks scripts
PG15 ?= /usr/lib/postgresql/15/bin
UV ?= uv
# Two by default, for a machine of two cores: make test WORKERS=8
WORKERS ?= 2
# Of make simulate
PROFILE ?= weekday
SEED ?= 1
DAYS ?= 1
# Of make storm: seconds
LASTS ?= 300

.DEFAULT_GOAL := help
.PHONY: help run demo simulate storm test check test-pg15 contract migration bench kill-test crash-test browser compose-config lock format clean venv browser-venv

help: ## 列出全部任务 · list the tasks
	@grep -E '^[a-z0-9-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

run: venv ## 启动全部，Ctrl-C 结束 · start everything; Ctrl-C ends it
	@exec env LINLI_MODE=local $(LINLI) up

demo: venv ## 在运行中的系统上演一遍 · play the thread once against the running system
	@LINLI_MODE=local $(LINLI) demo

simulate: venv ## 模拟一条街的一天，生成报告 · a street lives a day; report in build/ (make simulate PROFILE=storm SEED=2 DAYS=1)
	@LINLI_MODE=local $(LINLI) simulate --strict --profile $(PROFILE) --seed $(SEED) --days $(DAYS)

storm: venv ## 五分钟集中上报，每秒 28 件 · 28 cases a second for five minutes: acknowledged = stored (make storm LASTS=30)
	@LINLI_MODE=local $(LINLI) storm --seconds $(LASTS) --seed $(SEED)

test: venv ## 快速测试 · the quick tests, on servers of their own
	$(PYTHON) -m pytest -n $(WORKERS) --dist loadfile -m "not slow and not crash and not kill and not browser" tests

check: venv ## 静态检查、迁移无漂移、锁文件一致 · lint, types, layers, migrations, lock
	$(PYTHON) -m ruff check $(CODE)
	$(PYTHON) -m ruff format --check $(CODE)
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	$(PYTHON) scripts/lock_in_step.py
	$(PYTHON) -m pytest tests/migrations

test-pg15: venv ## 在 PostgreSQL 15 上跑快速测试 · the quick tests on PostgreSQL 15 (PG15=/folder/of/its/programs)
	@test -x $(PG15)/postgres || { echo "没有找到 PostgreSQL 15：$(PG15) · PostgreSQL 15 is not in $(PG15)"; \
	  echo "→ apt-get install postgresql-15, or make test-pg15 PG15=/its/bin"; exit 2; }
	LINLI_PG_BIN=$(PG15) $(MAKE) test

contract: venv ## 冻结小程序契约 · freeze the mini-program's contract
	$(LINLI) contract

migration: venv ## 起草迁移：make migration m="说明" · draft a migration from the models
	@PYTHONPATH=. $(PYTHON) scripts/migration.py "$(m)"

bench: venv ## 三分钟基准 · the three-minute benchmark
	$(PYTHON) -m benchmarks

kill-test: venv ## 随机 kill -9，核对无丢失无重复 · random kills; nothing missing, nothing twice
	$(PYTHON) -m pytest -s -m kill tests

crash-test: venv ## 精确崩溃点 · the exact crash points
	$(PYTHON) -m pytest -m crash tests

browser: browser-venv ## 真实浏览器中的文档页 · the docs page in a real browser
	$(PYTHON) -m pytest -m browser tests

compose-config: ## 检查 docker-compose.yml · check docker-compose.yml, without and with the example's settings
	@compose="docker compose"; $$compose version >/dev/null 2>&1 || compose=docker-compose; \
	$$compose config --quiet && $$compose --env-file .env.example config --quiet && echo ok

lock: ## 重新生成锁文件（需要 uv）· make the locks anew (needs uv)
	$(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra embedded --extra dev --extra simulation -o requirements.lock
	$(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  -c requirements.lock -o requirements-production.lock
	$(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra browser -c requirements.lock -o requirements-browser.lock
	echo uv | $(UV) pip compile - --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  -o requirements-bootstrap.lock
	@$(MAKE) venv && $(PYTHON) scripts/lock_in_step.py

format: venv ## 统一格式 · format the code
	$(PYTHON) -m ruff check --fix-only --quiet $(CODE)
	$(PYTHON) -m ruff format $(CODE)

clean: ## 删除 .venv、缓存与本地数据（先结束 make run）· remove .venv, caches and the local data
	@if [ -e .linli/lock ] && ! flock -n .linli/lock true 2>/dev/null && command -v flock >/dev/null; then \
	  echo "系统仍在运行，先用 Ctrl-C 结束 · it still runs: end it first (Ctrl-C)"; exit 2; fi
	@if [ -L .linli/servers ]; then rm -rf "$$(readlink -f .linli/servers)"; fi
	rm -rf .venv .tools .linli .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build screenshots
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

venv:
	@$(PYTHON3) scripts/bootstrap.py

browser-venv:
	@$(PYTHON3) scripts/bootstrap.py requirements-browser.lock
