# A double-entry ledger in one folder, sourced by its suites. The folder has one
# user at a time: opening it while another has it open fails, it never waits.
# Knows nothing of who tests it; parallel_group "ledger" keeps the users apart.
LEDGER="$(pwd)/data"

# open_ledger: takes the folder, empty, until the suite ends.
open_ledger() {
    mkdir -p "$LEDGER"
    if ! mkdir "$LEDGER/lock"; then
        echo "the ledger is open elsewhere; if no run is, remove ledger/data/lock"
        exit 1
    fi
    trap 'rmdir "$LEDGER/lock"' EXIT
    trap 'exit 143' TERM
    trap 'exit 130' INT
    : > "$LEDGER/journal"
}

# post FROM TO CENTS: moves an amount between two accounts.
post() {
    case $3 in
        '' | *[!0-9]*)
            echo "refused: '$3' is no amount"
            return 1
            ;;
    esac
    printf '%s %s %s\n' "$1" "$2" "$3" >> "$LEDGER/journal"
}

# balance ACCOUNT: prints what came in less what went out.
balance() {
    awk -v account="$1" '
        $1 == account { sum -= $3 }
        $2 == account { sum += $3 }
        END { print sum + 0 }' "$LEDGER/journal"
}

# expect NAME EXPECTED ACTUAL: ends the suite when the texts differ.
expect() {
    if [ "$2" != "$3" ]; then
        echo "not ok - $1: expected '$2', got '$3'"
        exit 1
    fi
    echo "ok - $1"
}
