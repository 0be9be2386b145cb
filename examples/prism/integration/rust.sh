# The proxy in front of the built MemStore: what a tenant sees of another.
PRISM=..
. "$PRISM/testing/check.sh"
. ./built.sh

through_proxy() {
    awk -v tenants="$PRISM/proxy/tenants" -f "$PRISM/proxy/proxy.awk" | awk -f "$MEMSTORE"
}

check "a tenant reads what it wrote" "OK
VALUE red" "$(printf 'alice SET colour red\nalice GET colour\n' | through_proxy)"
check "a tenant does not see another's keys" "OK
NIL" "$(printf 'alice SET colour red\nbob GET colour\n' | through_proxy)"
check "a refused write changes nothing" "ERR unknown verb DENY
VALUE 0" "$(printf 'bob SET colour red\nbob COUNT colour\n' | through_proxy)"
check "a stranger gets an error" "ERR unknown verb DENY" "$(echo 'carol GET colour' | through_proxy)"
check "a value keeps its blanks all the way" "OK
VALUE a  b" "$(printf 'alice SET x a  b\nalice GET x\n' | through_proxy)"
finish
