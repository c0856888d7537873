/** One exchange is recorded after the command, and no other is. */
import assert from 'node:assert/strict';
import { recordWithinMs } from '../../src/service/recorder';
import { keyFor, PROXY_KEY, Rig } from './support';

const saying = (content: string): { body: Record<string, unknown> } => ({
  body: { model: 'x/y:free', messages: [{ role: 'user', content }] },
});

describe('recording the next request', () => {
  let rig: Rig;

  beforeEach(async () => {
    rig = await Rig.start();
  });

  afterEach(async () => {
    await rig[Symbol.asyncDispose]();
  });

  it('holds the request and its answer, and no secret', async () => {
    const recorded = rig.service.recorder.next();
    const answered = await rig.get(saying(`My key is ${keyFor('a')}, say hello`));
    const text = (await recorded) ?? '';
    assert.match(text, /^--- request ---\nPOST \/chat\/completions\n/);
    assert.match(text, /My key is \[secret\], say hello/);
    assert.match(text, /--- answer ---\n200\n/);
    assert.match(text, /x-keywheel-key: [ab]-1/);
    assert.ok(text.includes(answered.text.trim()));
    for (const secret of [keyFor('a'), keyFor('b'), PROXY_KEY])
      assert.ok(!text.includes(secret), 'a secret got out');
  });

  it('holds a stream as it came', async () => {
    const recorded = rig.service.recorder.next();
    const answered = await rig.get({ stream: true });
    const text = (await recorded) ?? '';
    assert.ok(text.includes(answered.text.trim()));
    assert.match(text, /data: \[DONE\]/);
  });

  it('holds a refusal too', async () => {
    rig.service.setKeys([]);
    const recorded = rig.service.recorder.next();
    await rig.get();
    assert.match((await recorded) ?? '', /--- answer ---\n402\n/);
  });

  it('is over after one request', async () => {
    const recorded = rig.service.recorder.next();
    await rig.get(saying('first'));
    await rig.get(saying('second'));
    const text = (await recorded) ?? '';
    assert.match(text, /first/);
    assert.doesNotMatch(text, /second/);
  });

  it('does not begin for who does not show the proxy key', async () => {
    const recorded = rig.service.recorder.next();
    const strange = await rig.get({ ...saying('stranger'), proxyKey: 'kw-wrong' });
    assert.equal(strange.status, 401);
    await rig.get();
    assert.doesNotMatch((await recorded) ?? '', /stranger/);
  });

  it('is given up after ten minutes, and when it is asked for anew', async () => {
    const first = rig.service.recorder.next();
    const second = rig.service.recorder.next();
    assert.equal(await first, null);
    rig.manual.advance(recordWithinMs);
    assert.equal(await second, null);
    await rig.get();
  });

  it('keeps the beginning of what is long, and of what is no text its length', async () => {
    const long = rig.service.recorder.next();
    await rig.get(saying('x'.repeat(400_000)));
    const text = (await long) ?? '';
    assert.ok(text.length < 300_000);
    assert.match(text, /\[and \d+ bytes more\]/);
    const spoken = rig.service.recorder.next();
    await rig.get({
      path: '/api/v1/audio/speech',
      body: { model: 'x/y', input: 'Hello', voice: 'a' },
    });
    assert.match((await spoken) ?? '', /\[\d+ bytes of audio\/\w+, identity\]/);
  });
});
