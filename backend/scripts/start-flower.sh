#!/bin/sh
# Start Flower. Settings come from the environment or .env; options are passed on.
. "$(dirname "$0")/common.sh"
exec celery -A app.workers.celery_app flower --port="${FLOWER_PORT:-5555}" "$@"
