"""What runs: tool families. Toolchains know nothing of Celery, SQL or HTTP."""
