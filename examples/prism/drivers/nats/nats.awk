# NATS: subjects with publishers and subscribers. SUB, UNSUB, PUB.
# In a pattern, * stands for one token and a final > for one or more.

{ if (read_request($0)) reply() }

function reply() {
    if (verb == "SUB") {
        patterns[++last] = subject
        print "OK " last
    } else if (verb == "UNSUB") {
        print (subject in patterns) ? "OK" : "NIL"
        delete patterns[subject]
    } else if (verb == "PUB") {
        publish()
    } else {
        refuse_verb()
    }
}

# Deliveries come in the order of subscription, then the count.
function publish(    id, delivered) {
    delivered = 0
    for (id = 1; id <= last; id++) {
        if (!(id in patterns) || !matches(patterns[id], subject)) continue
        print "MSG " id " " subject " " rest
        delivered++
    }
    print "OK " delivered
}

function matches(pattern, name,    wanted, given, count, i) {
    count = split(pattern, wanted, ".")
    split(name, given, ".")
    for (i = 1; i <= count; i++) {
        if (!(i in given)) return 0
        if (wanted[i] == ">") return 1
        if (wanted[i] != "*" && wanted[i] != given[i]) return 0
    }
    return !(i in given)
}
