"""A filter before an engine's socket, which lets through what the docker executor asks, no more.

Who holds an engine's socket can have a container with the machine's root folder in it, and so is
root. A list of allowed methods and paths does not help: the harm is in the body of
POST /containers/create. So this filter takes such a body apart, makes a body of the same command by
the executor's own code (create.py), and sends that on only if both are equal; what may differ
(image, folders, limits) is held to the operator's settings. All other requests are about containers
that were made in this way (rules.py). Every request is written anew (server.py): nothing of a
client's bytes reaches the engine but the standard input of a container, which is start.sh's.

What it does not do: a worker that was broken into can put a link where a job's folder was. The
engine follows it, and a container sees another folder of the engine's machine, as a user that is
not root and owns nothing. Together with a rootless engine that is little.
"""
