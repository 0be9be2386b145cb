# Asks is_integer about four texts; for the unit checks only.
function answer(text) { return is_integer(text) ? "yes" : "no" }
BEGIN { print answer("12"), answer("-3"), answer("1.5"), answer("") }
