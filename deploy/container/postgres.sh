#!/bin/sh
# Usage: postgres.sh
#
# PostgreSQL in a container of ours, with the variables that the official image takes: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB.
# Its data are in /var/lib/postgresql/data. Exit code: that of the server.
set -eu
data=/var/lib/postgresql/data/pg
bin=$(ls -d /usr/lib/postgresql/*/bin)
if [ ! -e "$data/PG_VERSION" ]; then
  umask 077
  echo "$POSTGRES_PASSWORD" >/tmp/password
  "$bin/initdb" -D "$data" -U "${POSTGRES_USER:-postgres}" -E UTF8 --locale=C --auth=scram-sha-256 --pwfile=/tmp/password
  rm /tmp/password
  echo "host all all all scram-sha-256" >>"$data/pg_hba.conf"
  # The database is made by a server that nobody else reaches.
  "$bin/pg_ctl" -D "$data" -w -o "-c listen_addresses='' -c unix_socket_directories=/tmp" start
  PGPASSWORD=$POSTGRES_PASSWORD "$bin/createdb" -h /tmp -U "${POSTGRES_USER:-postgres}" "${POSTGRES_DB:-postgres}"
  "$bin/pg_ctl" -D "$data" -w stop
fi
exec "$bin/postgres" -D "$data" -c listen_addresses='*' -c unix_socket_directories=/tmp -c max_connections=200
