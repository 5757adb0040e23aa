# Everything a user or CI does. The work is in the scripts of build/.
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
AGENT := out/ebpf-actors
SOURCES := $(shell git ls-files src bpf Akka.conf 'Directory.*.props' conf 2>/dev/null)

.PHONY: setup build run test test-kernels bench format clean

setup:          ## install what builds and tests need, by package name
	@build/setup

build: setup    ## the single executable out/ebpf-actors
	@$(MAKE) --no-print-directory $(AGENT)

$(AGENT): $(SOURCES)
	dotnet publish src/Agent -c Release -o out --nologo -v quiet
	@touch $@

run: build      ## the flows of this host, live
	@$(SUDO) $(AGENT) run --output table --include-loopback --interval 2s

test: build     ## every test; kernel tests need root and load programs on this host
	@$(SUDO) env --default-signal=INT,HUP "PATH=$$PATH" build/test # background jobs and nohup ignore them, and so would what runs there

test-kernels: build ## every BPF program and a smoke with counts on Debian's kernels, in VMs; downloads 0.5 GB the first time
	@build/setup kernels
	@$(SUDO) env --default-signal=INT,HUP "PATH=$$PATH" tests/kernels/run

bench: build    ## what the agent costs, on this host; writes out/bench.json
	@$(SUDO) env "PATH=$$PATH" build/bench

format:         ## rewrite what the format check would refuse
	dotnet format EbpfActors.sln
	clang-format -i $$(git ls-files 'bpf/*.c' 'bpf/*.h')

clean:
	rm -rf out artifacts
	find src tests -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
