"""The worker's app with a visibility timeout that is shorter than a job: a mistake, on purpose."""

from app.workers.celery_app import celery_app

VISIBILITY_SECONDS = 1
changed = {
    "visibility_timeout": VISIBILITY_SECONDS,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}
for options in ("broker_transport_options", "result_backend_transport_options"):
    celery_app.conf[options] = {**celery_app.conf[options], **changed}
celery_app.conf.visibility_timeout = VISIBILITY_SECONDS

app = celery_app
