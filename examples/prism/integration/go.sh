# A client at work with the built MemStore, the program that memstore-unit
# leaves in build/.
PRISM=..
. "$PRISM/testing/check.sh"
. ./built.sh

replies=$(awk 'BEGIN {
    for (i = 1; i <= 100; i++) print "SET item:" i " " i * i
    for (i = 1; i <= 100; i += 2) print "DEL item:" i
    print "COUNT item:"
    print "GET item:10"
    print "GET item:11"
}' | awk -f "$MEMSTORE")

# Prints one of the replies, counted from 1.
reply() {
    printf '%s\n' "$replies" | sed -n "$1p"
}

check "each request has its reply" 153 "$(printf '%s\n' "$replies" | awk 'END { print NR }')"
check "every write succeeded" 150 "$(printf '%s\n' "$replies" | grep -c '^OK$')"
check "half of the items are left" "VALUE 50" "$(reply 151)"
check "an even item has its square" "VALUE 100" "$(reply 152)"
check "an odd item is gone" "NIL" "$(reply 153)"
finish
