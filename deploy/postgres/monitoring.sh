#!/bin/sh
# For /docker-entrypoint-initdb.d of the image postgres: creates the role of the exporter, with the password of a secret.
set -eu
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set ON_ERROR_STOP=1 \
  --set password="$(cat /run/secrets/postgres_monitoring_password)" --file /etc/nanotally/monitoring.sql
