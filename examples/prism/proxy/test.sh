# Unit checks of the proxy alone.
PRISM=..
. "$PRISM/testing/check.sh"

proxy() {
    awk -v tenants=tenants -f proxy.awk
}

check "a key gets its tenant's prefix" \
    "GET alice:colour" "$(echo 'alice GET colour' | proxy)"
check "a value passes through unread" \
    "SET alice:motto one  two" "$(echo 'alice SET motto one  two' | proxy)"
check "a reader reads" "GET bob:colour" "$(echo 'bob GET colour' | proxy)"
check "a reader cannot write" "DENY read-only" "$(echo 'bob SET colour red' | proxy)"
check "a reader cannot delete" "DENY read-only" "$(echo 'bob DEL colour' | proxy)"
check "a stranger is refused" "DENY unknown-tenant" "$(echo 'carol GET colour' | proxy)"
check "a comment in the rights file is no tenant" \
    "DENY unknown-tenant" "$(echo '# GET colour' | proxy)"
check "half a request is refused" "DENY malformed" "$(echo 'alice GET' | proxy)"
finish
