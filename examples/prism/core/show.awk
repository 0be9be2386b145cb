# Shows how a request line was read; for the unit checks only.
{ if (read_request($0)) print "[" verb "][" subject "][" rest "]" }
