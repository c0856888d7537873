// Authorities beyond those that Node brings along: the system's, and those of NODE_EXTRA_CA_CERTS.
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import * as v from 'valibot';
import type { WayOut } from './wayOut';

/** Where Linux keeps its authorities: Debian, Red Hat, SUSE. */
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
];

/** Trusts Node's authorities and all that the way out allows beside them; undefined where there are no others. It takes a while. */
export function widerTrust({ systemCertificates, extraCaFile }: WayOut): tls.SecureContext | undefined {
  const more = [
    ...(systemCertificates ? systemAuthorities() : []),
    ...(extraCaFile === '' ? [] : fileOf(extraCaFile)),
  ];
  return more.length === 0 ? undefined : tls.createSecureContext({ ca: [...tls.rootCertificates, ...more] });
}

/** None where this version of Node cannot tell: before 22.15 on macOS and Windows. */
function systemAuthorities(): readonly string[] {
  const read: unknown = Reflect.get(tls, 'getCACertificates');
  if (typeof read === 'function') return v.parse(v.array(v.string()), Reflect.apply(read, tls, ['system']));
  return process.platform === 'linux' ? bundles.flatMap(fileOf) : [];
}

function fileOf(path: string): readonly string[] {
  try {
    return [readFileSync(path, 'utf8')];
  } catch {
    // Not there, or not to be read: then it adds nothing.
    return [];
  }
}
