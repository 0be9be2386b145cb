// The JavaScript client and the Python service, over a real socket.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { answer } from '../node/fairshare.mjs';

let service;
let address;

before(async () => {
  service = spawn('python3', ['service.py'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const failed = once(service, 'exit').then(() => { throw new Error('the service did not start'); });
  const [port] = await Promise.race([once(createInterface({ input: service.stdout }), 'line'), failed]);
  address = `http://127.0.0.1:${port}/`;
});

after(async () => {
  service.stdin.end();
  const [status] = await once(service, 'exit');
  assert.equal(status, 0);
});

async function ask(request) {
  const response = await fetch(`${address}?${encodeURIComponent(request)}`);
  return { status: response.status, text: await response.text() };
}

test('both languages give the same split', async () => {
  const request = 'split 99999 7,11,13';
  assert.deepEqual(await ask(request), { status: 200, text: answer(request) });
});

test('a bad request has its own status', async () => {
  assert.deepEqual(await ask('split 10 0'), { status: 400, text: 'error' });
});

test('fifty at once get fifty answers', async () => {
  const bodies = Array.from({ length: 50 }, (_, number) => `reference INV${number}`);
  const replies = await Promise.all(bodies.map(ask));
  assert.deepEqual(replies.map((reply) => reply.text), bodies.map(answer));
});
