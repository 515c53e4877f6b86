# sh guard.sh SIGNAL FOLDER TRIES
#
# Reads the numbers of processes from its pipe. When the pipe closes, it stops the last process, and then removes the folder. It
# kills a process that still runs after so many times 20 ms. A terminal's signals do not end the guard.
trap '' HUP INT TERM
pid=
while read -r line; do pid=$line; done
if [ -n "$pid" ] && kill -s "$1" "$pid" 2>/dev/null; then
  left=$3
  while [ "$left" -gt 0 ] && kill -0 "$pid" 2>/dev/null; do left=$((left - 1)); sleep 0.02; done
  kill -s KILL "$pid" 2>/dev/null
fi
rm -rf "$2"
