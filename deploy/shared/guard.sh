#!/bin/sh
# guard.sh GRACE_SECONDS COMMAND [ARGUMENT…]
#
# Runs COMMAND, and ends it when standard input ends: when whoever holds the other end of that pipe is gone, by
# whatever way, kill -9 included. COMMAND gets SIGTERM, and GRACE_SECONDS later the whole process group gets SIGKILL,
# so start this script as the leader of a group of its own. SIGTERM and SIGINT are passed on to COMMAND alone.
# Exits with COMMAND's status. A shell, because it costs a megabyte where a Node process costs forty.

grace=$1
shift
exec 3<&0

# Where Linux offers it, COMMAND also dies with this script, should both ends of the pipe be killed at once.
if setpriv --pdeathsig KILL true 2>/dev/null; then
  set -- setpriv --pdeathsig KILL -- "$@"
fi

"$@" <&3 3<&- &
child=$!
trap 'kill -TERM "$child" 2>/dev/null' TERM INT HUP

(
  read -r _ <&3
  trap '' TERM
  kill -TERM "$child" 2>/dev/null
  waited=0
  while kill -0 "$child" 2>/dev/null && [ "$waited" -lt "$grace" ]; do
    sleep 1
    waited=$((waited + 1))
  done
  kill -KILL "-$$"
) &
watcher=$!
exec 3<&- </dev/null

while :; do
  wait "$child"
  status=$?
  kill -0 "$child" 2>/dev/null || break
done
exec 2>/dev/null
kill -TERM "$watcher" && wait "$watcher"
exit "$status"
