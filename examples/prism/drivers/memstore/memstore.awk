# MemStore: keys and values in memory. SET, GET, DEL, COUNT by key prefix.
# Forgets everything at its end.

{ if (read_request($0)) reply() }

function reply() {
    if (verb == "SET") {
        values[subject] = rest
        print "OK"
    } else if (verb == "GET") {
        print (subject in values) ? "VALUE " values[subject] : "NIL"
    } else if (verb == "DEL") {
        print (subject in values) ? "OK" : "NIL"
        delete values[subject]
    } else if (verb == "COUNT") {
        print "VALUE " count_prefix(subject)
    } else {
        refuse_verb()
    }
}

function count_prefix(prefix,    key, found) {
    found = 0
    for (key in values) if (index(key, prefix) == 1) found++
    return found
}
