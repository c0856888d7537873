// Certificates made by the tests, from an authority that only the tests know.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import forge from 'node-forge';

/** PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface Wanted {
  /** Names and addresses that the certificate is for. */
  readonly names: readonly string[];
  /** Days from now; default: since yesterday, for ten days. */
  readonly fromDay?: number;
  readonly toDay?: number;
}

const dayMs = 86_400_000;

export class Authority {
  private constructor(
    private readonly name: string,
    /** The certificate to trust, as PEM. */
    readonly pem: string,
    private readonly keyPem: string,
  ) {}

  /** The name is ASCII. */
  static create(name: string): Authority {
    const subject = keys();
    const made = certificate({ name, fromDay: -1, toDay: 10, publicPem: subject.publicPem });
    made.setIssuer(made.subject.attributes);
    made.setExtensions([
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
      { name: 'subjectKeyIdentifier' },
    ]);
    return new Authority(name, signed(made, subject.privatePem), subject.privatePem);
  }

  issue({ names, fromDay = -1, toDay = 10 }: Wanted): Identity {
    const subject = keys();
    const made = certificate({ name: names[0] ?? 'nobody', fromDay, toDay, publicPem: subject.publicPem });
    made.setIssuer([{ name: 'commonName', value: this.name }]);
    made.setExtensions(leafExtensions(names));
    return { cert: signed(made, this.keyPem), key: subject.privatePem };
  }

  /** An identity without an authority. */
  static selfSigned({ names, fromDay = -1, toDay = 10 }: Wanted): Identity {
    const subject = keys();
    const made = certificate({ name: names[0] ?? 'nobody', fromDay, toDay, publicPem: subject.publicPem });
    made.setIssuer(made.subject.attributes);
    made.setExtensions(leafExtensions(names));
    return { cert: signed(made, subject.privatePem), key: subject.privatePem };
  }
}

function keys(): { readonly publicPem: string; readonly privatePem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { publicPem: publicKey, privatePem: privateKey };
}

function certificate({ name, fromDay, toDay, publicPem }: CertificateParts): forge.pki.Certificate {
  const made = forge.pki.createCertificate();
  made.publicKey = forge.pki.publicKeyFromPem(publicPem);
  made.serialNumber = `01${randomBytes(8).toString('hex')}`;
  made.validity.notBefore = new Date(Date.now() + fromDay * dayMs);
  made.validity.notAfter = new Date(Date.now() + toDay * dayMs);
  made.setSubject([{ name: 'commonName', value: name }]);
  return made;
}

interface CertificateParts {
  readonly name: string;
  readonly fromDay: number;
  readonly toDay: number;
  readonly publicPem: string;
}

function signed(made: forge.pki.Certificate, keyPem: string): string {
  made.sign(forge.pki.privateKeyFromPem(keyPem), forge.md.sha256.create());
  return forge.pki.certificateToPem(made);
}

function leafExtensions(names: readonly string[]): object[] {
  const altNames = names.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name }));
  return [
    { name: 'basicConstraints', cA: false },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames },
  ];
}
