# One door. Each target installs what it needs (scripts/install) and says what it does.
.PHONY: run test build format publish deb deb-test base-image image image-test cluster bench bench-parts load load-players slopes golden players first-view shots players-table truth soak reliability transcode import faults mutants fuzz clean help

run: ## Start the gateway with the demo on http://127.0.0.1:8080 (URLS=http://… for another address)
	@scripts/run $(ARGS)

test: ## Build everything and run all tests (FILTER='FullyQualifiedName~Playback' for a part)
	@scripts/test

build: ## Build everything, warnings as errors
	dotnet build -v quiet --nologo

format: ## Lay out the C# as .editorconfig says
	dotnet format

publish: ## Make folders and archives to run elsewhere, with and without .NET in them, each with its bill of materials (.build/publish)
	@scripts/publish $(RID)

deb: ## Make a Debian package of it (.build/deb)
	@scripts/deb

deb-test: ## Boot a fresh Debian with systemd, install, run, upgrade and remove the package there (root, mmdebstrap, some minutes)
	@scripts/deb-test

base-image: ## Make base images from Debian's packages, where no image registry can be reached
	@scripts/base-image

image: ## Build the container image with podman (BASE=debian: on the images of make base-image)
	@scripts/image

image-test: ## Run compose.yaml with the image and play through it
	@scripts/image-test

cluster: ## Start two gateways, a worker, PostgreSQL, an S3 store and nginx as balancer and CDN, as plain processes
	@scripts/cluster $(ARGS)

bench: ## Measure redirects and playlists beside nginx and bare Kestrel; writes docs/benchmarks.md (SHAPES='redirect paced' for a part)
	@scripts/bench $(SHAPES)

bench-parts: ## Print what rendering, a full playlist cache, a durable commit and a transcoding job cost
	@scripts/bench render memory outbox transcode

load: ## Load 5 million requests into each ledger on one core, then time reports, sessions and exports
	@scripts/load

load-players: ## Let 1,000 and 10,000 viewers play as hls.js does; compares each with the ledger; writes docs/benchmarks.md
	@scripts/load-players

slopes: ## Measure how the cost of a request grows with connections, cores, segments, videos and the ledger (AXES='segments videos')
	@scripts/load-players slopes $(AXES)

golden: ## Write docs/problems.md, the golden playlists and command lines anew from what the code does now; review the diff
	@scripts/golden

players: ## Play streams in real players only
	@scripts/test HlsGateway.Players.Tests

first-view: ## Measure the time from make run to the first counted view, on an empty data directory
	@scripts/first-view

shots: ## Picture every page of the Studio, on a desk and a phone, light and dark (.build/pages)
	@scripts/shots

players-table: ## Play every shape of content in every player and write the table of docs/players.md (a quarter of an hour)
	@scripts/players-table

truth: ## Compare what a real player played with what is reported; writes the table in docs/metrics.md
	@scripts/truth

soak: ## The long forms of every test, then of each case of docs/reliability.md, which it writes; hours
	@SOAK=1 scripts/test HlsGateway.Playlists.Tests HlsGateway.Tests HlsGateway.Players.Tests
	@SOAK=1 scripts/reliability

reliability: ## Run the tests of each case of docs/reliability.md and write the page: CASES="18 29" for some, SOAK=1 for the long forms
	@scripts/reliability $(CASES)

transcode: ## Upload a file to a running gateway and wait for it: FILE=clip.mp4 ID=my-video (ARGS='--data data' without a gateway)
	@scripts/verb transcode "$(FILE)" --id "$(ID)" $(ARGS)

import: ## The same with every video below a folder: FOLDER=films
	@scripts/verb import "$(FOLDER)" $(ARGS)

faults: ## 2,000 requests/s while gateway, PostgreSQL and disk fail in turn: prints what was received, counted and lost
	@scripts/faults

mutants: ## Break the product one line at a time (tests/mutants.txt) and see that the tests notice each; WORDS=… for some
	@scripts/mutants "$(WORDS)"

fuzz: ## Try the parsers with inputs made from what each try reached: MINUTES=5 TARGETS='playlist caption' (REPLAY=target:file again)
	@scripts/fuzz $(if $(REPLAY),--replay "$(REPLAY)",$(or $(MINUTES),5) $(TARGETS))

clean: ## Remove what builds made; data/ (ledger, uploads, API token) stays
	rm -rf .build node_modules src/*/bin src/*/obj tests/*/bin tests/*/obj src/HlsGateway/wwwroot TestResults

help: ## This list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "  make %-14s %s\n", $$1, $$2 }'
