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
  # shellcheck disable=SC2046,SC2016
  setsid bash -c '"$@"; echo $? >/run/kuvert.status' service runuser -u "$user" -- $(from_unit ExecStart) \
    >>/run/kuvert.log 2>&1 </dev/null &
}

# SIGTERM, as systemd sends it; the end must be in order and in time.
stop() {
  local waited=0
  rm -f /run/kuvert.status
  pkill --signal TERM --exact kuvert
  while [ ! -e /run/kuvert.status ]; do
    waited=$((waited + 1))
    if [ "$waited" -gt 600 ]; then
      echo "kuvert did not stop within 60 s" >&2
      exit 1
    fi
    sleep 0.1
  done
  if [ "$(cat /run/kuvert.status)" != 0 ]; then
    echo "kuvert stopped with status $(cat /run/kuvert.status)" >&2
    exit 1
  fi
}

case "$*" in
  daemon-reload) test -f "$unit" ;;
  "enable --now kuvert" | "start kuvert") start ;;
  "stop kuvert") stop ;;
  "restart kuvert") stop && start ;;
  "is-active kuvert") pgrep --exact kuvert >/dev/null ;;
  *)
    echo "the stand-in for systemctl does not know: $*" >&2
    exit 2
    ;;
esac
