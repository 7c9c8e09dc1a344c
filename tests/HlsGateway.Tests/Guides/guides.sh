#!/usr/bin/env bash
# Usage: guides.sh FOLDER PAGE...
#
# In FOLDER, with nothing else on this machine's loopback: starts the gateway with its demo where the pages expect it, runs each PAGE
# (the blocks of a guide, one script) from the same folder, and ends what it started. Prints "ok PAGE", or what failed. Exit code: 0 when
# every page ran to its end.
set -u
cd "$1" && shift
hlsgateway --urls http://127.0.0.1:8080 --Demo:Enabled=true --Trailers:Active=demo --Transcode:Preset=ultrafast >gateway-of-all.log 2>&1 &
gateway=$!
trap 'kill $gateway 2>/dev/null; wait' EXIT
# The demo's trailer has its copies when its playlist has a discontinuity.
for ((tries = 0; tries < 2400; tries++)); do
  kill -0 $gateway 2>/dev/null || { cat gateway-of-all.log; exit 1; }
  master=$(curl -sf http://127.0.0.1:8080/watch/demo/playlist.m3u8 2>/dev/null) && grep -q '  API token' gateway-of-all.log && break
  sleep 0.25
done

failed=0
for page in "$@"; do
  if timeout -k 5 600 bash -euo pipefail -x "$page" >"$page.out" 2>&1; then
    echo "ok $page"
  else
    echo "failed $page, exit code $?"
    tail -n 40 "$page.out"
    failed=1
  fi
done
[ $failed = 0 ] || tail -n 20 gateway-of-all.log
exit $failed
