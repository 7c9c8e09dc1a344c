#!/usr/bin/env bash
# Usage: cluster.sh FOLDER
#
# With nothing else on this machine's loopback: starts scripts/cluster below FOLDER, uploads and plays a video through its
# balancer, compares what was counted with what was fetched, and takes one gateway away. Prints a line for each thing that was seen; ends all of it.
# Exit code: 0 when all is as it should be.
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
state=$1/state
fail() { echo "failed: $*"; tail -n 15 "$state"/*.log 2>/dev/null; exit 1; }
STATE=$state PORT=8080 "$root/scripts/cluster" --Transcode:Preset=ultrafast --Demo:Enabled=false >"$1/said" 2>&1 &
cluster=$!
trap 'kill $cluster 2>/dev/null; wait' EXIT
until grep -q '^Ready' "$1/said"; do
  kill -0 $cluster 2>/dev/null || { cat "$1/said"; exit 1; }
  sleep 0.1
done
token=$(cat "$state/api-token")
api() { curl -sf --max-time 20 -H "Authorization: Bearer $token" "http://127.0.0.1:$1"; }
echo "started"

# An upload through the balancer, whichever gateway takes it; the worker makes it, and the trailer's copies for it.
ffmpeg -v error -f lavfi -i testsrc2=s=160x90:r=25:d=8 -c:v libx264 -preset ultrafast -pix_fmt yuv420p "$1/clip.mp4"
curl -sf -o /dev/null -T "$1/clip.mp4" -H "Authorization: Bearer $token" http://127.0.0.1:8080/api/videos/lessons/one || fail "the upload was refused"
base=http://127.0.0.1:8080/watch/lessons/one
for ((tries = 0; tries < 1200; tries++)); do
  # With its trailer, which stands behind a discontinuity.
  media=$(curl -sf $base/playlist.m3u8 | grep 'video.m3u8') && playlist=$(curl -sf "$base/$media") && grep -q DISCONTINUITY <<<"$playlist" && break
  sleep 0.1
done
grep -q DISCONTINUITY <<<"${playlist:-}" || fail "it has no trailer"
folder=$base/${media%/*}
echo "uploaded through the balancer, made by the worker, with its trailer"

# One session, its segments in turn by the balancer: both gateways count some of them.
session=$(sed 's/.*session_id=//; s/&.*//' <<<"$media")
mapfile -t segments < <(grep -v '^#' <<<"$playlist")
content=0
for segment in "${segments[@]}"; do
  place=$(curl -s -o /dev/null -w '%{http_code} %{redirect_url}' "$folder/$segment")
  [[ $place == "302 http://127.0.0.1:8081/"* ]] || fail "not sent to the CDN: $place"
  # The CDN gives the bytes to a page of any host, and from its cache the second time.
  curl -sf -D "$1/headers" -o "$1/segment" "${place#302 }" || fail "the CDN has no ${place#302 }"
  grep -qi '^access-control-allow-origin: \*' "$1/headers" || fail "pages may not read it"
  [ -s "$1/segment" ] || fail "an empty segment"
  curl -sf -D "$1/headers" -o "$1/again" "${place#302 }"
  grep -qi '^x-cache-status: hit' "$1/headers" || fail "not from the cache: $(cat "$1/headers")"
  cmp -s "$1/segment" "$1/again" || fail "other bytes from the cache"
  [[ $segment == *'~t/'* ]] || content=$((content + 1))
done
curl -sf -o /dev/null -X PUT -d x http://127.0.0.1:8081/videos/intruder && fail "the CDN took an object"
echo "played through the balancer and the CDN"

# The same at either gateway, and the same as was fetched.
counted() { api "$1/api/sessions/$session" | jq -r '[.segments_fetched, .watch_seconds] | @tsv'; }
for ((tries = 0; tries < 600; tries++)); do
  one=$(counted 8084) && two=$(counted 8085) && [ "$one" = "$two" ] && [ "${one%%$'\t'*}" = "$content" ] && break
  sleep 0.1
done
[ "$one" = "$two" ] && [ "${one%%$'\t'*}" = "$content" ] || fail "fetched $content, counted $one and $two"
# Each gateway has moved some of it.
for at in 8084 8085; do
  api $at/metrics | awk '$1 ~ /^hlsgateway_ledger_forwarded_total/ { sum += $2 } END { exit !(sum > 0) }' || fail "the gateway at $at counted nothing"
done
echo "counted exactly, over both gateways"

# One gateway dies: the next session goes on at the other, which takes what the balancer sends it.
kill -KILL "$(head -n 1 "$state/gateway-1/ledger.lock.pid")"
for _ in 1 2 3 4; do curl -sf -o /dev/null "$folder/${segments[0]}" || fail "a viewer was refused"; done
echo "one gateway gone, nobody refused"
