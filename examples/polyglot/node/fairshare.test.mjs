// Unit tests of the JavaScript implementation, and the shared vectors.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { answer, reference, split } from './fairshare.mjs';

test('equal weights give the odd cent to the first', () => {
  assert.deepEqual(split(1000n, [1n, 1n, 1n]), [334n, 333n, 333n]);
});

test('nothing is lost, whatever the amount', () => {
  for (let cents = 0n; cents < 500n; cents += 1n) {
    const shares = split(cents, [19n, 7n, 100n, 0n, 3n]);
    assert.equal(shares.reduce((sum, share) => sum + share, 0n), cents);
  }
});

test('amounts beyond exact doubles stay exact', () => {
  assert.deepEqual(split(10n ** 12n, [999999n, 1000000n, 1n]), [499999500000n, 500000000000n, 500000n]);
});

test('no weight at all is refused', () => {
  assert.throws(() => split(10n, [0n, 0n]), RangeError);
});

test('check digits have two places', () => {
  assert.match(reference('INVOICE2026'), /^RF[0-9]{2}INVOICE2026$/);
});

test('every vector', () => {
  const lines = readFileSync(new URL('../vectors.tsv', import.meta.url), 'utf8').trim().split('\n').filter((line) => !line.startsWith('#'));
  assert.ok(lines.length > 20);
  for (const line of lines) {
    const [request, expected] = line.split('\t');
    assert.equal(answer(request), expected, request);
  }
});
