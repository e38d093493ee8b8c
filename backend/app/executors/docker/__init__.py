"""The `docker` executor: each command in a container of its own, by the engine's HTTP API.

Theory of operation. An image from the operator's allow-list, pinned by its digest, is started with
every restriction that the engine has (body.py). The job's folder is bound into it as /job: the
worker reads the files where they are, live, and nothing is copied (places.py says under which name
the engine knows the folder when the worker is itself in a container). In the container, init starts
start.sh, which starts the command.

The worker's connection carries three things (stream.py). Standard output is the command's output.
Standard error belongs to start.sh: what it says there of the beginning and the end is read by
report.py. By standard input the worker tells start.sh to send TERM to all that is in the container
(the engine could only reach init). The engine closes it when the worker is gone, for whatever
reason, and then start.sh kills all. A hostile command can prevent both; so KILL comes from the
engine, and what has the labels of a dead attempt is removed by the next upkeep (Executor.sweep).

The worker looks after time, disk and the wish to stop, as for other executors (limiting.py);
memory, processes and the size of files are limited by the kernel, as the engine sets it up.
"""
