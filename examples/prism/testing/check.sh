# Assertions for the suites: sourced with PRISM set to the example's folder.
# Every check prints one TAP line; finish prints the plan and sets the status.
# Knows nothing of what is tested. PRISM_PACE is the pause before each check in
# seconds, so that a run of these tiny programs can be watched.

BUILD="$PRISM/build"
checks=0
failures=0

# check NAME EXPECTED ACTUAL: passes when both texts are equal.
check() {
    sleep "${PRISM_PACE:-0.3}"
    checks=$((checks + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $checks - $1"
        return
    fi
    failures=$((failures + 1))
    echo "not ok $checks - $1"
    printf '%s\n' "$2" | sed 's/^/#   expected: /'
    printf '%s\n' "$3" | sed 's/^/#   actual:   /'
}

# finish: ends the suite, with status 1 when a check failed.
finish() {
    echo "1..$checks"
    [ "$failures" -eq 0 ] || exit 1
    exit 0
}

# ask DRIVER: sends the requests on stdin to a driver and prints its replies.
ask() {
    awk -f "$PRISM/core/protocol.awk" -f "$PRISM/drivers/$1/$1.awk"
}
