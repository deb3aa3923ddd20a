# Fields, pipes and files.
BEGIN { FS = ":"; OFS = "-" }
{ shell[$7]++; print $1, $3 > "users" }
END {
	for (s in shell) print shell[s], s | "sort -n"
	close("sort -n")
	close("users")
	while ((getline line < "users") > 0) n++
	"echo done" | getline word
	printf "%d %s\n", n, word
	system("exit 3")
	print "appended" >> "users"
}
