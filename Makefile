# Everything a developer does with this repository. `make` alone lists it.

GO ?= go
# Modules besides the root one whose tests need nothing but Go.
MODULES = framework/model/apilife/gen examples/custom-check

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/precheck
	$(GO) build -o bin/precheck ./runner/precheck

.PHONY: demo
demo: build ## compare the two clusters of examples/quickstart (the answer is "blocked")
	@bin/precheck run --source examples/quickstart/source --target examples/quickstart/target; \
	status=$$?; [ $$status -eq 1 ] || { echo "make demo: want exit code 1 (blocked), got $$status" >&2; exit 1; }

.PHONY: test
test: ## run the tests; needs nothing but Go
	$(GO) vet ./...
	$(GO) test ./...
	@set -e; for m in $(MODULES); do echo "$(GO) -C $$m test ./..."; $(GO) -C $$m test ./...; done

.PHONY: e2e
e2e: ## test against real API servers, built on first use (about 10 minutes)
	$(GO) -C e2e run ./cmd/build
	$(GO) -C e2e vet ./...
	$(GO) -C e2e test -count=1 -timeout 60m .

.PHONY: bench
bench: ## measure a run over 36,500 objects against kubectl get --raw
	$(GO) -C e2e run ./cmd/bench

.PHONY: docs
docs: ## write checks/README.md and the demo in README.md anew
	$(GO) test ./checks -run TestCatalogue -update
	$(GO) test ./examples/quickstart -run TestReadme -update

.PHONY: generate
generate: ## write the API lifecycle data anew (downloads every minor of k8s.io/api)
	$(GO) generate ./...

.PHONY: fmt
fmt: ## format Go and Rego
	gofmt -w checks examples framework policies runner e2e
	$(GO) test ./policies -run TestFormat -update

.PHONY: lint
lint: ## run the linters of .golangci.yml
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run ./...
