// Kinds of failure, told apart by the codes of errors: the system's, and those that say why upstream was not reached.

/** The system's code of an error, such as EADDRINUSE; empty where the error has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** `certificate`: it is not trusted · `proxy`: the network proxy failed · `name`: no address was found · `network`: all else. */
type UnreachedCause = 'certificate' | 'proxy' | 'name' | 'network';

/** `unknownIssuer`: signed by an authority that is not trusted here, as where a company inspects TLS. */
export type CertificateProblem =
  'expired' | 'notYetValid' | 'selfSigned' | 'otherName' | 'unknownIssuer' | 'other';

/** `unusable`: its URL cannot be used · `credentials`: it wants a user name and password, or others · `refused`: it lets nothing through. */
export type ProxyProblem = 'unusable' | 'credentials' | 'refused' | 'silent' | 'unreached';

export const proxyPrefix = 'PROXY_';
export const silentProxyCode = `${proxyPrefix}SILENT`;

const certificateProblems: ReadonlyMap<string, CertificateProblem> = new Map([
  ['CERT_HAS_EXPIRED', 'expired'],
  ['CERT_NOT_YET_VALID', 'notYetValid'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'selfSigned'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'otherName'],
  ['HOSTNAME_MISMATCH', 'otherName'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'unknownIssuer'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'unknownIssuer'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unknownIssuer'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unknownIssuer'],
]);

/** Codes of OpenSSL's verification that all count as `other`. */
const otherCertificateCode =
  /^(?:CERT_|CRL_|CA_|EE_)|^(?:INVALID_(?:CA|PURPOSE)|PATH_LENGTH_EXCEEDED|UNABLE_TO_(?:DECRYPT|DECODE|GET_CRL)\w*)$/;

/** The code of the failure: the system's, Node's for a certificate, `PROXY_…` for the network proxy, else `timeout`. */
export function unreachedCode(cause: unknown): string {
  return codeOf(cause) || 'timeout';
}

export function unreachedCause(code: string): UnreachedCause {
  if (code.startsWith(proxyPrefix)) return 'proxy';
  if (certificateProblem(code) !== null) return 'certificate';
  return code === 'ENOTFOUND' || code === 'ENODATA' || code === 'EAI_AGAIN' ? 'name' : 'network';
}

/** Null where the code is not about a certificate. */
export function certificateProblem(code: string): CertificateProblem | null {
  return certificateProblems.get(code) ?? (otherCertificateCode.test(code) ? 'other' : null);
}

/** Null where the code is not about the network proxy. */
export function proxyProblem(code: string): ProxyProblem | null {
  if (!code.startsWith(proxyPrefix)) return null;
  if (code === `${proxyPrefix}ERR_INVALID_URL`) return 'unusable';
  if (code === `${proxyPrefix}407`) return 'credentials';
  if (code === silentProxyCode) return 'silent';
  return /\d$/.test(code) ? 'refused' : 'unreached';
}

/** Whether another try is in vain until a person has changed something. */
export function isLasting(code: string): boolean {
  return certificateProblem(code) !== null || /^PROXY_(?:ERR_INVALID_URL|401|403|405|407|451)$/.test(code);
}
