// An upstream whose certificate is not accepted: reported by its reason, and not tried again until something has changed.
import assert from 'node:assert/strict';
import { english } from '../unit/vscode/views';
import { reachAdvice } from '../../src/words/reachReason';
import { reachText } from '../../src/words/reachText';
import { ForwardProxy } from '../support/forwardProxy';
import { identities, PemFile, withTlsRig } from './upstreams';
import { headersOf } from './client';

interface Row {
  readonly identity: keyof typeof identities;
  readonly code: RegExp;
  /** Words in the refusal, and in VS Code. */
  readonly words: RegExp;
  readonly advice: RegExp;
}

const rows: readonly Row[] = [
  {
    identity: 'expired',
    code: /^CERT_HAS_EXPIRED$/,
    words: /has expired, or .*clock is wrong/,
    advice: /clock/,
  },
  { identity: 'notYetValid', code: /^CERT_NOT_YET_VALID$/, words: /not valid yet/, advice: /clock/ },
  {
    identity: 'selfSigned',
    code: /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
    words: /self-signed/,
    advice: /sign in/i,
  },
  {
    identity: 'otherName',
    code: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    words: /for another name/,
    advice: /sign in/i,
  },
  {
    identity: 'unknownIssuer',
    code: /^UNABLE_TO_VERIFY_LEAF_SIGNATURE$/,
    words: /authority that is not trusted/,
    advice: /NODE_EXTRA_CA_CERTS/,
  },
];

describe('a certificate of upstream', () => {
  for (const { identity, code, words, advice } of rows) {
    it(`that is ${identity} is refused once, in words of its own, and not tried again`, async () => {
      await withTlsRig(identities[identity], async ({ rig, front }) => {
        rig.simulator.forget();
        const first = await rig.get();
        const opened = front.connections;
        const second = await rig.get();
        for (const reply of [first, second]) {
          assert.equal(reply.status, 502);
          assert.equal(reply.header('x-keywheel-refusal'), 'upstream_unreachable');
          assert.equal(reply.header('x-should-retry'), 'false');
          const { message, metadata } = errorIn(reply.json());
          assert.match(message, words);
          assert.match(message, advice);
          assert.match(message, /No new connection is tried for 5 minutes/);
          assert.equal(metadata['cause'], 'certificate');
          assert.match(String(metadata['cause_code']), code);
        }
        assert.equal(front.connections, opened, 'nothing was opened for the second request');
        assert.deepEqual(rig.simulator.requests, []);
        const { unreached } = rig.service.snapshot();
        assert.ok(unreached);
        assert.ok((unreached.heldUntilMs ?? 0) - unreached.sinceMs >= 5 * 60_000 - 1_000);
        assert.match(reachText(unreached.code, english.t), words);
        assert.match(reachAdvice(unreached.code, english.t) ?? '', advice);
      });
    });
  }

  it('is verified whatever the environment says: what was set for another program would give the keys away', async () => {
    await withTlsRig(identities.selfSigned, async ({ rig, go }) => {
      await using proxy = await ForwardProxy.open();
      process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
      try {
        rig.simulator.forget();
        for (const proxyUrl of ['', proxy.url]) {
          await go({ proxyUrl });
          assert.equal((await rig.get()).status, 502, proxyUrl);
        }
        assert.deepEqual(rig.simulator.requests, []);
      } finally {
        delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      }
    });
  });

  it('is tried again at once by Check Now, and the hold is over as soon as it is good', async () => {
    await withTlsRig(identities.expired, async ({ rig, front }) => {
      await rig.get();
      front.present(identities.good);
      assert.equal((await rig.get()).status, 502);
      await rig.service.refresh();
      assert.equal(rig.service.snapshot().unreached, undefined);
      assert.equal((await rig.get()).status, 200);
    });
  });

  it('is tried again at once after a change of the network, or of the settings', async () => {
    await withTlsRig(identities.expired, async ({ rig, front, go }) => {
      await rig.get();
      front.present(identities.good);
      rig.service.changedNetwork();
      assert.equal((await rig.get()).status, 200);
      front.present(identities.expired);
      front.reset();
      await rig.get();
      front.present(identities.good);
      await go({ noProxy: 'example.org' });
      assert.equal((await rig.get()).status, 200);
    });
  });

  it('of an inspecting company is accepted as soon as its authority is named', async () => {
    await withTlsRig(identities.good, async ({ rig, go }) => {
      await go({ extraCaFile: '' });
      assert.equal((await rig.get()).status, 502);
      using pem = new PemFile();
      await go({ extraCaFile: pem.path });
      const reply = await rig.get();
      assert.equal(reply.status, 200);
      assert.equal(headersOf(reply.rawHeaders, 'x-keywheel-attempts')[0], '1');
    });
  });

  it('that changes to a bad one leaves the connections alone that stand', async () => {
    await withTlsRig(identities.good, async ({ rig, front }) => {
      assert.equal((await rig.get()).status, 200);
      front.present(identities.expired);
      const replies = await Promise.all([rig.get(), rig.get(), rig.get()]);
      const statuses = replies.map(({ status }) => status).sort();
      assert.equal(statuses[0], 200);
      assert.equal(statuses[2], 502);
      assert.equal((await rig.get()).status, 200);
    });
  });
});

function errorIn(body: unknown): { readonly message: string; readonly metadata: Record<string, unknown> } {
  return (body as { error: { message: string; metadata: Record<string, unknown> } }).error;
}
