#!/bin/sh
# Make the secrets of docker-compose.yml that are missing, in secrets/. None is ever replaced.
#
# The folder is for its owner alone. The files are for all, as users in containers have other numbers;
# nobody else gets as far as to them.
set -eu
cd "$(dirname "$0")/../secrets"
chmod 700 .
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
make() {
    [ -s "$1" ] && return
    printf '%s' "$2" > "$1"
    chmod 444 "$1"
    echo "made secrets/$1"
}
for name in a6hub_admin_password a6hub_metrics_token database_password redis_password \
    redis_sentinel_password s3_secret_key grafana_admin_password; do
    make "$name" "$(random)"
done
make s3_access_key a6hub
make flower_basic_auth "viewer:$(random)"
make flower_admin_basic_auth "admin:$(random)"
# Those that the operator fills in, or leaves empty.
for name in sentry_dsn otel_exporter_otlp_headers; do
    [ -e "$name" ] || { : > "$name"; chmod 644 "$name"; }
done
