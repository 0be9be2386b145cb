import pytest


@pytest.mark.parametrize("n", range(12))
def test_square_of(n):
    assert n**2 == n * n
