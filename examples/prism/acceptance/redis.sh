# Redis as its users meet it: a journal of writes replayed after a restart.
PRISM=..
. "$PRISM/testing/check.sh"
. ./bench.sh

for order in 1 2 3 4 5; do
    echo "SET order:$order open"
    echo "INCR orders"
done > "$BENCH/journal"
printf 'DEL order:2\nSET order:3 paid\n' >> "$BENCH/journal"

# Prints the last reply after a restart from the journal.
after_restart() {
    { cat "$BENCH/journal"; echo "$1"; } | ask redis | tail -n 1
}

check "the journal has every write" 12 "$(awk 'END { print NR }' "$BENCH/journal")"
check "every write is accepted" 0 "$(ask redis < "$BENCH/journal" | grep -c ERR)"
check "counters survive a restart" ":6" "$(after_restart 'INCR orders')"
check "values survive a restart" "open" "$(after_restart 'GET order:1')"
check "the last write survives" "paid" "$(after_restart 'GET order:3')"
check "a deletion survives" '$-1' "$(after_restart 'GET order:2')"
echo "EXPIRE order:1 5" >> "$BENCH/journal"
check "an expiry survives" ":5" "$(after_restart 'TTL order:1')"
check "a stray line does no harm" "paid" \
    "$(echo 'garbage' >> "$BENCH/journal"; after_restart 'GET order:3')"
finish
