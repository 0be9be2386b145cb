"""The C library, called from Python, agrees with the Python implementation."""

import ctypes
import pathlib
import random
import sys
import unittest

ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "python"))
from fairshare import MAX_CENTS, MAX_WEIGHT, reference, split  # noqa: E402


class Agreement(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.library = ctypes.CDLL(str(ROOT / "c/build/libfairshare.so"))

    def c_split(self, cents, weights):
        numbers = ctypes.c_int64 * len(weights)
        shares = numbers()
        status = self.library.fairshare_split(
            ctypes.c_int64(cents), numbers(*weights), ctypes.c_size_t(len(weights)), shares
        )
        return list(shares) if status == 0 else None

    def test_random_splits(self):
        numbers = random.Random(2026)
        for _ in range(5000):
            cents = numbers.randrange(MAX_CENTS + 1)
            weights = [numbers.randrange(MAX_WEIGHT + 1) for _ in range(numbers.randrange(1, 12))]
            self.assertEqual(self.c_split(cents, weights), split(cents, weights), (cents, weights))

    def test_random_references(self):
        numbers = random.Random(11649)
        alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        for _ in range(5000):
            body = "".join(numbers.choices(alphabet, k=numbers.randrange(1, 22)))
            out = ctypes.create_string_buffer(26)
            self.assertEqual(self.library.fairshare_reference(body.encode(), out), 0)
            self.assertEqual(out.value.decode(), reference(body))

    def test_c_refuses_what_python_refuses(self):
        self.assertIsNone(self.c_split(10, [0, 0]))
        self.assertIsNone(self.c_split(-1, [1]))


if __name__ == "__main__":
    unittest.main()
