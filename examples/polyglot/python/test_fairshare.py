"""Unit tests of the Python implementation, and the shared vectors."""

import pathlib
import random
import unittest

from fairshare import answer, reference, split

VECTORS = pathlib.Path(__file__).parent.parent / "vectors.tsv"


class Split(unittest.TestCase):
    def test_equal_weights_give_the_odd_cent_to_the_first(self):
        self.assertEqual(split(1000, [1, 1, 1]), [334, 333, 333])

    def test_nothing_is_lost_and_no_share_is_a_cent_off(self):
        numbers = random.Random(11)
        for _ in range(2000):
            cents = numbers.randrange(10**6)
            weights = [numbers.randrange(100) for _ in range(numbers.randrange(1, 9))] + [1]
            shares = split(cents, weights)
            self.assertEqual(sum(shares), cents)
            for share, weight in zip(shares, weights):
                self.assertLess(abs(share - cents * weight / sum(weights)), 1)

    def test_a_part_without_weight_gets_nothing(self):
        self.assertEqual(split(10, [0, 1, 0]), [0, 10, 0])

    def test_no_weight_at_all_is_refused(self):
        with self.assertRaises(ValueError):
            split(10, [0, 0])


class Reference(unittest.TestCase):
    def test_check_digits_make_the_whole_one_modulo_97(self):
        for body in ("1", "INVOICE2026", "539007547034"):
            moved = body + reference(body)[:4]
            digits = "".join(str(int(character, 36)) for character in moved)
            self.assertEqual(int(digits) % 97, 1, body)


class Vectors(unittest.TestCase):
    def test_every_vector(self):
        lines = [line for line in VECTORS.read_text().splitlines() if not line.startswith("#")]
        self.assertGreater(len(lines), 20)
        for line in lines:
            request, expected = line.split("\t")
            with self.subTest(request):
                self.assertEqual(answer(request), expected)


if __name__ == "__main__":
    unittest.main()
