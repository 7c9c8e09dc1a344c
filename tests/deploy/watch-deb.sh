#!/bin/bash
# Usage: watch-deb.sh
#
# Run by scripts/deb-test inside a fresh Debian: installs /hlsgateway.deb and watches its service. Prints a line for each step.
# Exit code: 0 all as it should be.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
fail() { echo "failed: $*"; systemctl --no-pager status hlsgateway || true; journalctl --no-pager -u hlsgateway -n 40 || true; exit 1; }
ask() { curl -sf -m 10 -H "Authorization: Bearer $(cat /var/lib/hlsgateway/data/api-token)" "http://127.0.0.1:8080$1"; }
main() { systemctl show --property MainPID --value hlsgateway; }

dpkg --install /hlsgateway.deb >/install.log 2>&1 || { cat /install.log; fail "it is not installed"; }
# The installation has waited for READY=1: nothing has to be waited for now.
[ "$(systemctl is-active hlsgateway)" = active ] || fail "it is not active"
[ "$(systemctl is-enabled hlsgateway)" = enabled ] || fail "it is not enabled"
curl -sf -o /dev/null http://127.0.0.1:8080/healthz/live || fail "it is active and does not listen"
[ "$(ps -o user= -p "$(main)")" = hlsgateway ] || [ "$(stat -c %U "/proc/$(main)")" = hlsgateway ] || fail "another user runs it"
echo "installed, active, serves as its own user"

ready=$(ask /healthz/ready) || fail "it does not tell how it is"
jq -e '.checks[] | select(.name == "transcoder") | .status == "healthy"' <<<"$ready" >/dev/null || fail "ffmpeg is not isolated: $ready"
# As the unit says it, or as far as this machine lets its systemd go.
most=$(awk '/^Max open files/ { print ($5 < 65536) ? $5 : 65536 }' /proc/1/limits)
awk -v most="$most" '/^Max open files/ { exit $4 != most }' "/proc/$(main)/limits" || fail "open files: $(grep 'open files' "/proc/$(main)/limits")"
awk '/^(NoNewPrivs|Seccomp|CapBnd):/ { told[$1] = $2 } END { exit !(told["NoNewPrivs:"] == 1 && told["Seccomp:"] == 2 && told["CapBnd:"] ~ /^0+$/) }' "/proc/$(main)/status" ||
  fail "the unit's confinement does not hold: $(cat "/proc/$(main)/status")"
echo "ffmpeg isolated by bubblewrap under the unit's confinement"

ffmpeg -v error -f lavfi -i testsrc2=s=160x90:r=25:d=2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p /clip.mp4
curl -sf -o /dev/null -T /clip.mp4 -H "Authorization: Bearer $(cat /var/lib/hlsgateway/data/api-token)" http://127.0.0.1:8080/api/videos/one || fail "an upload is refused"
for ((tries = 0; tries < 600; tries++)); do [ "$(ask /api/videos/one | jq -r .status)" != ready ] || break; sleep 0.2; done
[ "$(ask /api/videos/one | jq -r .status)" = ready ] || fail "the upload was not made: $(ask /api/videos/one)"
echo "an upload is made"

# A gateway that hangs: the watchdog ends it, systemd starts another one. A shorter time than the unit's, for the test alone.
mkdir -p /run/systemd/system/hlsgateway.service.d
printf '[Service]\nWatchdogSec=6s\n' >/run/systemd/system/hlsgateway.service.d/watchdog.conf
systemctl daemon-reload
systemctl restart hlsgateway
before=$(main)
sleep 8
[ "$(main)" = "$before" ] || fail "the watchdog ended a gateway that lives"
kill -STOP "$before"
for ((tries = 0; tries < 300; tries++)); do
  now=$(main)
  [ "$now" = 0 ] || [ "$now" = "$before" ] || [ "$(systemctl is-active hlsgateway)" != active ] || break
  sleep 0.2
done
[ "$(main)" != "$before" ] && [ "$(systemctl is-active hlsgateway)" = active ] || fail "a gateway that hangs was not started again"
[ "$(ask /api/videos/one | jq -r .status)" = ready ] || fail "its data are gone"
echo "a gateway that hangs is started again by the watchdog"

sed -i 's/"MaxSide": 4096/"MaxSide": 1234/' /etc/hlsgateway/appsettings.json
dpkg --install /hlsgateway.deb >/install.log 2>&1 || fail "it is not upgraded: $(cat /install.log)"
ask /api/limits | jq -e '.max_side == 1234' >/dev/null || fail "the upgrade took the options away, or did not start it again"
[ "$(ask /api/videos/one | jq -r .status)" = ready ] || fail "the upgrade took the data away"
echo "an upgrade keeps options and data, and starts it again"

sed -i 's/"MaxSide": 1234/"MaxSide": -1/' /etc/hlsgateway/appsettings.json
systemctl restart hlsgateway && fail "it started with an option that cannot be used"
sleep 3
[ "$(systemctl show --property NRestarts --value hlsgateway)" = 0 ] || fail "systemd tries wrong options again and again"
[ "$(systemctl show --property ExecMainStatus --value hlsgateway)" = 78 ] || fail "wrong options end it with another code"
sed -i 's/"MaxSide": -1/"MaxSide": 1234/' /etc/hlsgateway/appsettings.json
systemctl reset-failed hlsgateway
systemctl start hlsgateway
echo "wrong options: exit code 78, and no second try"

dpkg --purge hlsgateway >/install.log 2>&1 || fail "it is not purged: $(cat /install.log)"
! curl -s -o /dev/null http://127.0.0.1:8080/ || fail "it runs on"
[ ! -e /etc/hlsgateway ] && [ -e /var/lib/hlsgateway/data/ledger.db ] || fail "purged too little or too much"
echo "purged; what was counted stays"
