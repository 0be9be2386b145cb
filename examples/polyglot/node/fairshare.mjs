// Divides an amount of money fairly, and makes the reference a payer quotes.
// Knows no files and no process; cli.mjs answers requests on stdin.

const MAX_CENTS = 10n ** 12n;
const MAX_WEIGHT = 10n ** 6n;
const MAX_PARTS = 64;

/**
 * Returns whole cents (BigInt) in proportion to weights; their sum is exactly cents.
 * Shares are rounded down; what is left goes to the largest remainders, then the earlier part.
 */
export function split(cents, weights) {
  if (cents < 0n || cents > MAX_CENTS) throw new RangeError('amount out of range');
  if (weights.length < 1 || weights.length > MAX_PARTS) throw new RangeError('number of parts');
  if (weights.some((weight) => weight < 0n || weight > MAX_WEIGHT)) throw new RangeError('weight out of range');
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  if (total === 0n) throw new RangeError('no weight at all');

  const shares = weights.map((weight) => (cents * weight) / total);
  const remainders = weights.map((weight) => (cents * weight) % total);
  const left = Number(cents - shares.reduce((sum, share) => sum + share, 0n));
  [...weights.keys()]
    .sort((a, b) => Number(remainders[b] - remainders[a]) || a - b)
    .slice(0, left)
    .forEach((part) => { shares[part] += 1n; });
  return shares;
}

/** Returns the ISO 11649 creditor reference for body: RF, two check digits, body. */
export function reference(body) {
  if (!/^[0-9A-Z]{1,21}$/.test(body)) throw new RangeError('a reference has 1 to 21 digits and capitals');
  const digits = [...`${body}RF00`].map((character) => parseInt(character, 36)).join('');
  return `RF${String(98n - (BigInt(digits) % 97n)).padStart(2, '0')}${body}`;
}

/** Returns the answer to one request line, "error" for one that makes no sense. */
export function answer(request) {
  try {
    const found = /^(?:split ([0-9]{1,18}) ([0-9]+(?:,[0-9]+)*)|reference (.*))$/.exec(request);
    if (!found) return 'error';
    if (found[3] !== undefined) return reference(found[3]);
    return split(BigInt(found[1]), found[2].split(',').map(BigInt)).join(',');
  } catch (error) {
    if (error instanceof RangeError) return 'error';
    throw error;
  }
}
