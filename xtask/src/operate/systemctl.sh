#!/bin/bash
# Stands in for systemd where docs/operate.md is tested: runs what kuvert.service says as whom it says.
set -euo pipefail
unit=/etc/systemd/system/kuvert.service
from_unit() { sed -n "s/^$1=//p" "$unit"; }

start() {
  local user
  user=$(from_unit User)
  # shellcheck disable=SC2046 # the unit's lines are words
  runuser -u "$user" -- $(from_unit ExecStartPre)
  # shellcheck disable=SC2046
  setsid runuser -u "$user" -- $(from_unit ExecStart) >>/run/kuvert.log 2>&1 </dev/null &
  echo $! >/run/kuvert.pid
}

# SIGTERM, as systemd sends it; the end must be in order and in time.
stop() {
  local pid waited=0
  pid=$(pgrep --parent "$(cat /run/kuvert.pid)" || cat /run/kuvert.pid)
  kill -TERM "$pid"
  while kill -0 "$pid" 2>/dev/null; do
    waited=$((waited + 1))
    if [ "$waited" -gt 600 ]; then
      echo "kuvert did not stop within 60 s" >&2
      exit 1
    fi
    sleep 0.1
  done
}

case "$*" in
  daemon-reload) test -f "$unit" ;;
  "enable --now kuvert" | "start kuvert") start ;;
  "stop kuvert") stop ;;
  "restart kuvert") stop && start ;;
  "is-active kuvert") kill -0 "$(cat /run/kuvert.pid)" ;;
  *)
    echo "the stand-in for systemctl does not know: $*" >&2
    exit 2
    ;;
esac
