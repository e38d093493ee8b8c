# Runs as the container's user between its init and the command: a6hub FOLDER PROGRAM [ARGUMENT...]
#
# Standard output is for the command's output and error in the order written. Standard error is for
# what this script itself has to say, in lines that begin with 'a6hub'; see report.py. Standard input
# is a line to the worker: for each line that comes all that runs here gets TERM, and when it ends the
# worker has gone, and nothing may be left running. Only what is built into sh(1) is used: a process
# may be one too many.
folder=$1
shift
exec 3<&0 </dev/null
(
  trap '' TERM HUP INT
  while read -r _ <&3; do
    kill -TERM -1
  done
  kill -KILL -1
) >/dev/null 2>&1 &
exec 3<&-
unset HOSTNAME container  # which engines set

cd -- "$folder" || { echo "a6hub missing folder" >&2; exit 127; }
unset OLDPWD
case $1 in
  */*) [ -f "$1" ] && [ -x "$1" ] ;;
  *) command -v -- "$1" >/dev/null ;;
esac || { echo "a6hub missing program" >&2; exit 127; }
trap : TERM HUP INT  # for the command, not for us; a trap is not inherited
echo "a6hub began" >&2
(exec "$@" 2>&1)  # in a subshell, so that what sh(1) says of its end is no output of the command
code=$?

show() {
  [ -r "/sys/fs/cgroup/$2" ] || return
  while read -r line; do
    echo "a6hub $1 $line" >&2
  done <"/sys/fs/cgroup/$2"
}
echo >&2
show peak memory/memory.max_usage_in_bytes  # version 1
show nanoseconds cpuacct/cpuacct.usage
show memory memory/memory.oom_control
show processes pids/pids.events
show peak memory.peak  # version 2
show cpu cpu.stat
show memory memory.events
show processes pids.events
exit "$code"
