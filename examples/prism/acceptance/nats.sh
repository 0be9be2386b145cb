# NATS as its users meet it: many messages, in order, to the right inboxes.
PRISM=..
. "$PRISM/testing/check.sh"
. ./bench.sh

{
    echo "SUB orders.>"
    echo "SUB orders.eu.*"
    echo "SUB audit"
    awk 'BEGIN { for (i = 1; i <= 500; i++) print "PUB orders." (i % 2 ? "eu" : "us") ".new " i }'
    echo "PUB audit done"
} | ask nats > "$BENCH/traffic"

# Prints the payloads of one inbox, a line each.
inbox() {
    awk -v id="$1" '$1 == "MSG" && $2 == id { print $4 }' "$BENCH/traffic"
}

check "the wide inbox gets all" 500 "$(inbox 1 | awk 'END { print NR }')"
check "the narrow inbox gets its region" 250 "$(inbox 2 | awk 'END { print NR }')"
check "another inbox gets its own only" "done" "$(inbox 3)"
check "the wide inbox is in order" "$(inbox 1)" "$(inbox 1 | sort -n)"
check "the narrow inbox is in order" "$(inbox 2)" "$(inbox 2 | sort -n)"
check "nothing comes twice" "" "$(inbox 1 | sort | uniq -d)"
# The first three replies answer the subscriptions.
check "each message is acknowledged" 501 \
    "$(awk 'NR > 3 && $1 == "OK" { count++ } END { print count }' "$BENCH/traffic")"
finish
