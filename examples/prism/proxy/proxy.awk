# The proxy: a filter from clients' lines to drivers' requests.
#   in   TENANT VERB KEY REST…
#   out  VERB TENANT:KEY REST…, or on refusal DENY, which no driver knows
# Rights come from the file named by -v tenants=PATH: a tenant and r or rw a line.
# Knows no driver.

BEGIN {
    while ((getline line < tenants) > 0) {
        if (line ~ /^#/ || split(line, field, " ") != 2) continue
        rights[field[1]] = field[2]
    }
    writes["SET"] = writes["DEL"] = 1
}

{
    if (NF < 3) deny("malformed")
    else if (!($1 in rights)) deny("unknown-tenant")
    else if ($2 in writes && rights[$1] != "rw") deny("read-only")
    else forward()
}

function forward(    line) {
    line = $2 " " $1 ":" $3
    if (match($0, /^ *[^ ]+ +[^ ]+ +[^ ]+ +/)) line = line " " substr($0, RLENGTH + 1)
    print line
}

function deny(reason) {
    print "DENY " reason
}
