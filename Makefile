# SPDX-License-Identifier: GPL-2.0-or-later
#
# The front door.  meson and ninja do the building; "make help" lists what
# else there is.

.DEFAULT_GOAL := build

help:	## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 20

deps:	## install the Debian packages that are missing (root)
	@lab/deps

build: deps	## build/fbnicd and its tools
	@[ -e build/build.ninja ] || meson setup --buildtype=release -Dc_args=-O3 build >/dev/null
	@ninja -C build --quiet

run: build	## the main job: a guest with one card, real traffic
	@lab/run

# LAB=pair, firmware, full ... another one; CHECK=1 runs its checks instead
lab: build	## a lab in panes: virtual machines around a card (see docs/fbnic-lab.1)
	@build/fbnic-lab $(if $(CHECK),--check) $(or $(LAB),host)

shell: build	## an interactive guest with one card
	@lab/shell

check: deps	## all tests
	@tests/run

check-fast: deps	## the tests that need no guest
	@tests/run --fast

# TESTS="hw/rss_ctx.py" runs some, NIC=igb or virtio QEMU's own cards, RUNS=3 in a row
selftests: build	## Linux's own driver selftests on two cards (see docs/selftests.md)
	@tests/selftests/run $(if $(NIC),--nic $(NIC)) $(if $(RUNS),--runs $(RUNS)) $(TESTS)

platform: build	## the long guest tests: resets, IOMMUs, sleep, kexec, many queues, arm64
	@lab/deps gcc-aarch64-linux-gnu libc6-dev-arm64-cross || true	# without them its test is skipped
	@tests/guest/run --driver latest --long

bmc: build	## guest tests with a BMC, the long ones too (see docs/bmc.md)
	@tests/guest/run --driver latest --flavour full $(patsubst tests/guest/%.sh,%,$(wildcard tests/guest/bmc_*.sh))

kernels: build	## the guest tests on each kernel release that we serve, and a table
	@tests/guest/kernels

driver-coverage: build	## which lines of the driver the tests reach: docs/driver-coverage.md
	@tests/coverage/run

bench: build	## benchmarks, numbers for docs/performance.md
	@bench/run

docs: build	## what is generated: docs/registers.md, docs/ncsi.md, tables of docs/hardware
	@build/regdoc > docs/registers.md
	@build/regdoc --update docs/hardware/*.md docs/firmware.md
	@build/ncsidoc > docs/ncsi.md

clean:	## the build directories (the cache stays)
	rm -rf build build-gcc build-clang-san

.PHONY: help deps build run lab shell check check-fast selftests platform bmc bench docs clean kernels driver-coverage
