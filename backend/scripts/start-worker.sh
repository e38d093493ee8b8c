#!/bin/sh
# Start a worker on both queues. Settings come from the environment or .env; options are passed on.
. "$(dirname "$0")/common.sh"
exec celery -A app.workers.celery_app worker --loglevel=info --queues=build,simulation \
    --concurrency="${CELERY_CONCURRENCY:-2}" -E --without-mingle "$@"
