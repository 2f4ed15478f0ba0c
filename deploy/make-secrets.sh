#!/bin/sh
# Makes the secrets of compose.yaml that are not there yet, each a file with random text: deploy/make-secrets.sh [FOLDER]
# The key of PagerDuty is yours to give, as PAGERDUTY_ROUTING_KEY in the environment. Without it the file says `none`, and PagerDuty
# refuses what it is told.
set -eu

folder="${1:-$(dirname "$0")/secrets}"
# Only this user can enter the folder. The files in it can be read by all, as each container reads them as a user of its own.
mkdir -p "$folder"
chmod 700 "$folder"

# write NAME: what comes on stdin, unless there is such a file; it appears whole.
write() {
  if [ -e "$folder/$1" ]; then
    cat >/dev/null
    return
  fi
  cat >"$folder/.$1"
  chmod 644 "$folder/.$1"
  mv "$folder/.$1" "$folder/$1"
  echo "made $folder/$1"
}

for name in alert-receiver-token grafana-admin-password postgres-monitoring-password postgres-password redis-password; do
  head -c 32 /dev/urandom | base64 | tr -d '=\n' | tr '+/' '-_' | write "$name"
done
printf %s "${PAGERDUTY_ROUTING_KEY:-none}" | write pagerduty-routing-key
