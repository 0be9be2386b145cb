/* Divides an amount of money fairly, and makes the reference a payer quotes.
 * No allocation, no files, no global state. */
#ifndef FAIRSHARE_H
#define FAIRSHARE_H

#include <stddef.h>
#include <stdint.h>

enum { FAIRSHARE_MAX_PARTS = 64, FAIRSHARE_MAX_BODY = 21 };
#define FAIRSHARE_MAX_CENTS INT64_C(1000000000000)
#define FAIRSHARE_MAX_WEIGHT INT64_C(1000000)

/* Writes whole cents in proportion to weights; their sum is exactly cents.
 * Shares are rounded down; what is left goes to the largest remainders, then
 * to the earlier part. Returns 0, or -1 when an argument is out of range. */
int fairshare_split(int64_t cents, const int64_t *weights, size_t parts, int64_t *shares);

/* Writes the ISO 11649 creditor reference for body, at most 25 characters and
 * a NUL. Returns 0, or -1 when body is not 1 to 21 digits and capitals. */
int fairshare_reference(const char *body, char out[FAIRSHARE_MAX_BODY + 5]);

#endif
