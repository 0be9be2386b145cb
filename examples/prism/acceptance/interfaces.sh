# What every driver promises, whatever it stores.
PRISM=..
. "$PRISM/testing/check.sh"
. ./bench.sh

for driver in memstore redis nats; do
    echo "# $driver"
    printf 'NOSUCH thing\nget lower\n\n' | ask "$driver" > "$BENCH/replies"
    check "$driver answers each bad line once" 3 "$(awk 'END { print NR }' "$BENCH/replies")"
    check "$driver says ERR to each" 3 "$(grep -Ec '^-?ERR ' "$BENCH/replies")"
    check "$driver says nothing unasked" "" "$(ask "$driver" < /dev/null)"
done
finish
