# Runs in the job's sandbox, in the job's folder, before LibreLane: a6hub PROGRAM [ARGUMENT...]
#
# Needs sh(1) alone; what else is missing is done without. Meanwhile, beside LibreLane, it writes to
# run/versions which tools there are, a line for each: NAME VERSION.
command -v -- "$1" >/dev/null || {
  echo "ERROR: there is no $1 here; the image has to have it on its PATH" >&2
  exit 127
}

# A copy, because numba takes no cache that it cannot write to.
export NUMBA_CACHE_DIR="$PWD/run/.numba-cache"
mkdir -p "$NUMBA_CACHE_DIR"
[ -d "$A6HUB_NUMBA_CACHE" ] && cp -R "$A6HUB_NUMBA_CACHE/." "$NUMBA_CACHE_DIR"
unset A6HUB_NUMBA_CACHE

command -v timeout >/dev/null || timeout() { shift; "$@"; }

say() {  # NAME PROGRAM [ARGUMENT...]: what a program prints first, if there is that program
  name=$1
  shift
  command -v -- "$1" >/dev/null || return 0
  timeout 20 "$@" 2>&1 | {
    while read -r line && [ -z "$line" ]; do :; done
    echo "$name $line"
  }
}

{
  say openroad openroad -version
  say yosys yosys -V
  say opensta sta -version
  say magic magic --version
  say netgen netgen -batch quit
  say klayout klayout -v
  say verilator verilator --version
  say python python3 -V
  timeout 20 python3 -I -c '
from importlib.metadata import distributions
for one in distributions():
    name = str(one.metadata["Name"]).lower()
    if name in ("librelane", "ciel", "coloquinte", "klayout", "numba", "pyosys", "verilator"):
        print(name, one.version)
'
} >run/versions 2>/dev/null </dev/null &

exec "$@"
