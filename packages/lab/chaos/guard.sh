# sh guard.sh
#
# Reads lines from its pipe: "+ PID" for a process that began, and "- PID" for one that has ended. When the pipe closes, it kills those that are
# left, frozen ones too. A terminal's signals do not end the guard.
trap '' HUP INT TERM
all=
while read -r sign pid; do
  case $sign in
    +) all="$all $pid" ;;
    -)
      kept=
      for one in $all; do [ "$one" = "$pid" ] || kept="$kept $one"; done
      all=$kept
      ;;
  esac
done
for one in $all; do kill -s KILL "$one" 2>/dev/null; done
exit 0
