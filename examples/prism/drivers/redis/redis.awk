# Redis: SET, GET, DEL, INCR, EXPIRE and TTL, replying in the RESP encoding.
# Time stands still but for TICK, so that expiry can be tested without waiting.

{ if (read_request($0)) reply() }

function reply() {
    expire_if_due(subject)
    if (verb == "SET") {
        values[subject] = rest
        delete expires_at[subject]
        print "+OK"
    } else if (verb == "GET") {
        bulk()
    } else if (verb == "DEL") {
        print ":" (subject in values)
        forget(subject)
    } else if (verb == "INCR") {
        increment()
    } else if (verb == "EXPIRE") {
        print ":" (subject in values)
        if (subject in values) expires_at[subject] = now + rest
    } else if (verb == "TTL") {
        print ":" remaining()
    } else if (verb == "TICK") {
        now += subject
        print "+OK"
    } else {
        print "-ERR unknown verb " verb
    }
}

# A bulk string carries its length, so that it may hold anything.
function bulk() {
    if (subject in values) print "$" length(values[subject]) "\n" values[subject]
    else print "$-1"
}

function increment() {
    if (!(subject in values)) values[subject] = 0
    if (!is_integer(values[subject])) {
        print "-ERR value is no integer"
        return
    }
    print ":" ++values[subject]
}

# Seconds left; -1 for a key that stays, -2 for a key that is not there.
function remaining() {
    if (!(subject in values)) return -2
    return (subject in expires_at) ? expires_at[subject] - now : -1
}

function expire_if_due(key) {
    if (key in expires_at && expires_at[key] <= now) forget(key)
}

function forget(key) {
    delete values[key]
    delete expires_at[key]
}
