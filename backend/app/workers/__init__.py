"""The Celery side: the app, its tasks, and the upkeep process beside each worker."""
