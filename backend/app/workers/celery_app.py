"""The Celery app: `celery -A app.workers.celery_app worker --queues=build,simulation`.

What a message means and what happens when one is lost or doubled: see `app.jobs`.
"""

from celery import Celery

from app.core.settings import get_settings
from app.jobs.broker import QUEUES, ROUTES, transport_options
from app.jobs.redis_tls import celery_tls

settings = get_settings()
_options = transport_options(settings)

celery_app = Celery(
    "a6hub",
    broker=settings.broker_url,
    backend=settings.result_backend,
    include=["app.workers.tasks", "app.workers.lifecycle", "app.workers.grace"],
)

celery_app.conf.update(
    # Queues and routes
    task_queues=QUEUES,
    task_routes=ROUTES,
    task_default_queue="build",
    # JSON only: a pickled message would be a program
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    # A job is acknowledged when it has ended; a lost one comes back by its lease, not by Celery
    task_acks_late=True,
    task_reject_on_worker_lost=False,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=50,
    # Celery kills a pool process that has not told within so many seconds that it is up. It hears
    # of none while it looks for Redis, and on a busy machine a start may take longer than its 4 s
    worker_proc_alive_timeout=60,
    # Limits of last resort: an attempt's own limit comes first (app.jobs.work)
    task_time_limit=settings.max_job_duration_seconds,
    task_soft_time_limit=settings.max_job_duration_seconds - 60,
    # Results are for people who look; nothing of ours reads them
    result_expires=86400,
    task_track_started=True,
    worker_send_task_events=True,
    task_send_sent_event=True,
    # Redis: unacknowledged messages come back after the longest job, never sooner
    broker_transport_options=_options,
    result_backend_transport_options=_options,
    visibility_timeout=_options["visibility_timeout"],
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    redis_socket_timeout=_options["socket_timeout"],
    redis_socket_connect_timeout=_options["socket_connect_timeout"],
    redis_socket_keepalive=True,
    **celery_tls(settings),
    # Logging is ours (app.core.logging)
    worker_hijack_root_logger=False,
    timezone="UTC",
)

#: The name that `celery -A app.workers.celery_app` looks for.
app = celery_app
