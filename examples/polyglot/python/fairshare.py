"""Divides an amount of money fairly, and makes the reference a payer quotes.

Run as a program it answers the requests on stdin, one a line. Knows no files.
"""

import re
import sys

MAX_CENTS = 10**12
MAX_WEIGHT = 10**6
MAX_PARTS = 64


def split(cents, weights):
    """Returns whole cents in proportion to weights; their sum is exactly cents.

    Every share is rounded down; the cents left over go to the largest
    remainders, the earlier part first where remainders are equal.
    """
    if not 0 <= cents <= MAX_CENTS:
        raise ValueError("amount out of range")
    if not 1 <= len(weights) <= MAX_PARTS or any(not 0 <= w <= MAX_WEIGHT for w in weights):
        raise ValueError("weights out of range")
    total = sum(weights)
    if total == 0:
        raise ValueError("no weight at all")
    shares = [cents * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(cents * weights[i] % total))
    for part in by_remainder[: cents - sum(shares)]:
        shares[part] += 1
    return shares


def reference(body):
    """Returns the ISO 11649 creditor reference for body: RF, two check digits, body."""
    if not re.fullmatch(r"[0-9A-Z]{1,21}", body):
        raise ValueError("a reference has 1 to 21 digits and capitals")
    digits = "".join(str(int(character, 36)) for character in body + "RF00")
    return f"RF{98 - int(digits) % 97:02}{body}"


def answer(request):
    """Returns the answer to one request line, "error" for one that makes no sense."""
    try:
        if found := re.fullmatch(r"split ([0-9]{1,18}) ([0-9,]+)", request):
            return ",".join(map(str, split(int(found[1]), [int(w) for w in found[2].split(",")])))
        if found := re.fullmatch(r"reference (.*)", request):
            return reference(found[1])
    except ValueError:
        pass
    return "error"


if __name__ == "__main__":
    for line in sys.stdin:
        print(answer(line.rstrip("\n")))
