"""`python -m tests.cli.stand_ins DATA KIND`: a supervisor of shell scripts instead of servers.

Each writes its name to DATA/ended when it is asked to end. KIND is `good`, or `stubborn` for a
worker that does not end when it is asked to, `hopeless` for one that does not even start, or `slow`
for one that is ready once there is DATA/go.
"""

import sys
from pathlib import Path

import app.cli.child
import app.cli.supervisor
from app.cli.parts import Part
from app.cli.running import only_one
from app.cli.stack import Stack
from app.cli.supervisor import StartError, Supervisor

_LIVE = "while :; do sleep 0.05; done"
_WORKER = {
    "good": f"trap 'echo worker >>ended; exit' TERM; echo up; {_LIVE}",
    "stubborn": f"trap 'echo worker >>ended' TERM; echo up; {_LIVE}",
    "hopeless": "echo nothing works; exit 3",
    "slow": f"echo looking around; while [ ! -e go ]; do sleep 0.05; done; echo up; {_LIVE}",
}


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def part(stack: Stack, name: str, script: str) -> Part:
    log = stack.log(name)
    return Part(name, ["sh", "-c", f"cd {stack.data}; {script}"], lambda: b"up" in log.read_bytes())


def main(data: Path, kind: str) -> None:
    app.cli.child.STOP_SECONDS = 0.3 if kind == "stubborn" else 30.0
    app.cli.supervisor.NEWS_SECONDS = 0.1 if kind == "slow" else 60.0
    with only_one(data):
        stack = Stack(data)
        supervisor = Supervisor(stack, say)
        scripts = {
            name: f"trap 'echo {name} >>ended; exit' TERM; echo up; {_LIVE}"
            for name in ("redis", "api", "flower")
        }
        parts = [part(stack, name, script) for name, script in scripts.items()]
        try:
            supervisor.start(*parts, worker := part(stack, "worker", _WORKER[kind]))
            supervisor.await_parts(*parts, worker)
            supervisor.mark_ready()
            supervisor.keep_running()
        except StartError as error:
            say(str(error))
        finally:
            supervisor.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
