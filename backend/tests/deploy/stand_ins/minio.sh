#!/bin/sh
# minio.sh server FOLDER: an S3 server on port 9000, with the key and secret that the files hold.
set -eu
[ "$1" = server ]
key=$(cat "$MINIO_ROOT_USER_FILE") secret=$(cat "$MINIO_ROOT_PASSWORD_FILE")
mkdir -p "$2"
export RCLONE_AUTH_KEY="\"$key,$secret\"" HOME=/tmp
exec rclone serve s3 --addr :9000 "$2"
