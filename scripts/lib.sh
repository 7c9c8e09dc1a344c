# Sourced by the scripts beside it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/.build
mkdir -p "$build/logs"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

say() { printf '%s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# step "what it does" log-name command…: runs quietly, shows that time passes, and shows the log when it fails.
step() {
  local what=$1 log=$build/logs/$2.log began=$SECONDS status=0 ticks=0
  shift 2
  printf '  %s ' "$what"
  "$@" >"$log" 2>&1 &
  local child=$!
  while kill -0 "$child" 2>/dev/null; do
    sleep 0.2
    ticks=$((ticks + 1))
    if ((ticks % 10 == 0)); then printf '.'; fi
  done
  wait "$child" || status=$?
  if ((status == 0)); then
    printf ' %ss\n' $((SECONDS - began))
  else
    printf ' failed after %ss\n' $((SECONDS - began))
    tail -n 40 "$log" >&2
    fail "$what: exit code $status. The whole log is in ${log#"$root"/}."
  fi
}
