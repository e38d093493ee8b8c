# Sourced by the start scripts: go to backend/ and find the service's programs.
cd "$(dirname "$0")/.." || exit 1
home="${A6HUB_HOME:-$(pwd)/../.a6hub}"
[ -d "$home/envs/service/bin" ] && PATH="$home/envs/service/bin:$PATH"
command -v celery >/dev/null || {
    echo "celery is not there: run ./a6hub doctor once, it sets the environment up" >&2
    exit 1
}
export PATH
