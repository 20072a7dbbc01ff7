# Thin names for dev.py, for those whose fingers type "make".
.PHONY: help demo test lint format types bench

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile

demo: ## start the demo application
	python3 dev.py demo

test: ## run the whole test suite
	python3 dev.py test

lint: ## check style
	python3 dev.py lint

format: ## rewrite in the project's format
	python3 dev.py format

types: ## check types
	python3 dev.py types

bench: ## measure CPU time per request
	python3 dev.py bench
