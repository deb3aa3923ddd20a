# What shells do all day: pipelines, redirections, command substitution, traps.
set -u
printf '%s\n' pear apple fig apple >fruit
sort fruit | uniq -c | sort -rn >counted
n=$(wc -l <counted)
echo "$n kinds" | cat - counted
while read -r count name; do
	case $name in
	a*) echo "$name x$count" ;;
	esac
done <counted
trap 'echo usr1' USR1
kill -USR1 $$
(cd / && pwd)
cat <<-END | tr a-z A-Z
	here is a document
END
[ -f fruit ] && test ! -e missing
ls missing 2>/dev/null || echo "status $?"
exec 3<fruit
read -r first <&3
exec 3<&-
echo "$first" >>counted
umask 077
: >private
ulimit -c 0
true & wait $!
exit 3
