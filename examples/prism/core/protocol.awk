# The request line that every driver reads: VERB SUBJECT REST, divided by blanks.
# Knows no verb; what a verb means is the driver's business.

# Reads one line into verb, subject and rest. Returns 0, after replying ERR,
# when the line has no verb and subject.
function read_request(line) {
    verb = subject = rest = ""
    sub(/^ +/, "", line)
    if (line !~ /^[A-Z]+ +[^ ]/) {
        print "ERR malformed request"
        return 0
    }
    verb = take_word(line)
    line = after_word(line)
    subject = take_word(line)
    rest = after_word(line)
    return 1
}

function take_word(line) {
    sub(/ .*$/, "", line)
    return line
}

function after_word(line) {
    if (!sub(/^[^ ]+ +/, "", line)) return ""
    return line
}

# Says whether text is a whole number that may be counted with.
function is_integer(text) {
    return text ~ /^-?[0-9]+$/
}

function refuse_verb() {
    print "ERR unknown verb " verb
}
