# Unit checks of MemStore; on success leaves build/memstore.awk for the
# integration suites, which is why they depend on this suite.
PRISM=../..
. "$PRISM/testing/check.sh"

rm -f "$BUILD/memstore.awk"

check "a key that was never set is nil" "NIL" "$(echo 'GET a' | ask memstore)"
check "a value comes back as it was set" "OK
VALUE blue green" "$(printf 'SET a blue green\nGET a\n' | ask memstore)"
check "the last value wins" "OK
OK
VALUE 2" "$(printf 'SET a 1\nSET a 2\nGET a\n' | ask memstore)"
check "a deleted key is nil again" "OK
OK
NIL
NIL" "$(printf 'SET a 1\nDEL a\nGET a\nDEL a\n' | ask memstore)"
check "an empty value is not nil" "OK
VALUE " "$(printf 'SET a\nGET a\n' | ask memstore)"
check "keys are counted by prefix" "OK
OK
OK
VALUE 2" "$(printf 'SET user:1 x\nSET user:2 x\nSET job:1 x\nCOUNT user:\n' | ask memstore)"
check "an unknown verb is refused" "ERR unknown verb FLUSH" "$(echo 'FLUSH all' | ask memstore)"

if [ "$failures" -eq 0 ]; then
    sh build.sh || exit 1
    check "the built program answers" "OK" "$(echo 'SET a 1' | awk -f "$BUILD/memstore.awk")"
fi
finish
