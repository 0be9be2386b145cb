// Answers the requests on stdin, one a line.
import { createInterface } from 'node:readline';
import { answer } from './fairshare.mjs';

for await (const line of createInterface({ input: process.stdin })) {
  console.log(answer(line));
}
