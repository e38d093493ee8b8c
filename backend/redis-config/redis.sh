#!/bin/sh
# redis.sh NAME [MASTER [PORT]]: Redis as a6hub's broker, known to Sentinels as the host NAME.
#
# REDIS_TLS: a folder with ca.crt, redis.crt and redis.key; then nothing is said without TLS.
#
# Sentinels note in the file who is whose replica, so that is kept; all else is ours and is written
# anew. Passwords go through the file, never through arguments, which others can see.
set -eu
umask 077
name=$1 master=${2:-} data=${REDIS_DATA:-/data}
config=$data/redis.conf
secret=$(cat "${SECRETS_DIR:-/run/secrets}/redis_password")

kept=$(grep '^replicaof ' "$config" 2>/dev/null || true)
if [ ! -e "$config" ] && [ -n "$master" ]; then kept="replicaof $master ${3:-6379}"; fi
place="port ${REDIS_PORT:-6379}"
if [ -n "${REDIS_TLS:-}" ]; then . "$(dirname "$0")/tls.sh"; fi
cat > "$config.new" <<END
$place
dir "$data"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
requirepass "$secret"
masterauth "$secret"
replica-announce-ip $name
$kept
END
mv "$config.new" "$config"
exec redis-server "$config"
