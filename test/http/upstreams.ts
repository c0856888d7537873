// The common parts of the tests of the way to upstream: an upstream with TLS, an authority, and a proxy that goes there.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { directRoute, type NetworkRoute } from '../../src/proxy/upstream/networkRoute';
import { defaultSettings } from '../../src/service/settings';
import { Authority, type Identity } from '../support/certificates';
import { TlsFront } from '../support/tlsFront';
import { realTime, Rig } from './support';

const authority = Authority.create('Tests of Keywheel');
const stranger = Authority.create('Inspection of a company');

export const identities = {
  good: authority.issue({ names: ['localhost', 'upstream.test'] }),
  expired: authority.issue({ names: ['localhost'], fromDay: -20, toDay: -1 }),
  notYetValid: authority.issue({ names: ['localhost'], fromDay: 2, toDay: 9 }),
  otherName: authority.issue({ names: ['signin.example'] }),
  selfSigned: Authority.selfSigned({ names: ['localhost'] }),
  unknownIssuer: stranger.issue({ names: ['localhost'] }),
} satisfies Record<string, Identity>;

/** A PEM file that is removed with its folder at the test's end. */
export class PemFile implements Disposable {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'keywheel-pem-'));
  readonly path = path.join(this.folder, 'authority.pem');

  constructor(pem = authority.pem) {
    writeFileSync(this.path, pem);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface TlsRig {
  readonly rig: Rig;
  readonly front: TlsFront;
  /** Sets another way to upstream from now on. */
  readonly go: (
    networkRoute: Partial<NetworkRoute>,
    upstream?: { readonly host?: string; readonly port?: number },
  ) => Promise<void>;
}

/** A proxy whose upstream speaks TLS on `https://localhost:…`, in the machine's own time; it trusts the tests' authority. */
export async function withTlsRig(identity: Identity, use: (parts: TlsRig) => Promise<void>): Promise<void> {
  await using rig = await Rig.start({ clock: realTime() });
  await using front = await TlsFront.open(rig.simulator.port, identity);
  using pem = new PemFile();
  const go: TlsRig['go'] = async (networkRoute, { host = 'localhost', port = front.port } = {}) => {
    await rig.service.configure({
      ...defaultSettings,
      port: 0,
      upstreamUrl: `https://${host}:${port}/api/v1`,
      networkRoute: { ...directRoute, extraCaFile: pem.path, ...networkRoute },
    });
  };
  await go({});
  await use({ rig, front, go });
}
