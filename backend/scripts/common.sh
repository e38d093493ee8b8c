# Sourced by the start scripts: go to backend/ and find the service's programs.
cd "$(dirname "$0")/.." || exit 1
home="${A6HUB_HOME:-$(dirname "$(pwd)")/.a6hub}"
[ -d "$home/envs/service/bin" ] && PATH="$home/envs/service/bin:$PATH"
command -v celery >/dev/null || {
    echo "celery is not there: run ./a6hub doctor once, it sets the environment up" >&2
    exit 1
}
export PATH
# What ./a6hub names too, so that builds can be done: LibreLane and the PDKs that it has set up. In
# containers LibreLane is that of the image.
is_set() { eval "[ -n \"\${$1:-}\" ]" || grep -qs "^$1=" .env; }
default() { is_set "$1" || is_set "${1#A6HUB_}" || [ ! -e "$2" ] || export "$1=$2"; }
is_set A6HUB_DOCKER_IMAGES || default A6HUB_FLOW_PYTHON "$home/envs/flow/bin/python"
default A6HUB_PDK_ROOT "$home/pdk"
