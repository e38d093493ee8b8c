"""Where a command runs. Executors know nothing of jobs, SQL or HTTP."""
