#!/bin/sh
# What the official image's entry point does with a password in a file: the cluster at first start,
# its database, and a rule that everybody from elsewhere needs the password.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # The options are words of a shell, as in the official image.
    # shellcheck disable=SC2086
    initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" \
        --auth-local=trust --encoding=UTF8 $POSTGRES_INITDB_ARGS
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    echo "CREATE DATABASE $POSTGRES_DB" | postgres --single -D "$PGDATA" postgres
fi
shift # the word postgres
exec postgres -c listen_addresses='*' -c unix_socket_directories=/run/postgresql "$@"
