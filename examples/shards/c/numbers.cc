// Twelve tests about numbers. GoogleTest divides them by itself.
#include <gtest/gtest.h>

class Square : public testing::TestWithParam<int> {};

TEST_P(Square, IsTheProduct) {
    int n = GetParam();
    EXPECT_EQ(n * n, n * GetParam());
}

INSTANTIATE_TEST_SUITE_P(Of, Square, testing::Range(0, 12));
