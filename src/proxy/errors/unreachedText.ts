// Why upstream was not reached, in a client's refusal, and what a person can do about it.
import {
  certificateProblem,
  isLasting,
  proxyProblem,
  unreachedCause,
  type CertificateProblem,
  type ProxyProblem,
} from '../../base/systemError';

/** For the client: why, with the code, and what to do. */
export function unreachedText(code: string): string {
  const certificate = certificateProblem(code);
  if (certificate !== null) return `${certificateTexts[certificate](code)} ${lasting}`;
  const proxy = proxyProblem(code);
  if (proxy !== null)
    return isLasting(code) ? `${proxyTexts[proxy](code)} ${lasting}` : proxyTexts[proxy](code);
  return unreachedCause(code) === 'name'
    ? `OpenRouter’s address was not found (${code}): is this machine online?`
    : `OpenRouter cannot be reached (${code}): is this machine online?`;
}

const lasting =
  'No new connection is tried for 5 minutes, unless you choose Check Now, change the settings, or restart Keywheel.';

const certificateTexts: Readonly<Record<CertificateProblem, (code: string) => string>> = {
  expired: (code) =>
    `The certificate that came for OpenRouter has expired, or this machine’s clock is wrong (${code}). Set the clock; if it is right, something on the way answers in OpenRouter’s place.`,
  notYetValid: (code) =>
    `The certificate that came for OpenRouter is not valid yet: this machine’s clock is behind (${code}). Set the clock.`,
  selfSigned: (code) =>
    `The certificate that came for OpenRouter is self-signed (${code}): a sign-in page or a gateway answers in its place. Sign in to the network; if you trust that gateway, name its certificate’s PEM file in NODE_EXTRA_CA_CERTS.`,
  otherName: (code) =>
    `The certificate that came for OpenRouter is for another name (${code}): something on the way answers in its place. Sign in to the network, and look at the upstream URL.`,
  unknownIssuer: (code) =>
    `The certificate that came for OpenRouter is signed by an authority that is not trusted here, as where a company inspects TLS (${code}). Name that authority’s PEM file in NODE_EXTRA_CA_CERTS, or install it among the system’s certificates.`,
  other: (code) => `The certificate that came for OpenRouter is not accepted (${code}).`,
};

const proxyTexts: Readonly<Record<ProxyProblem, (code: string) => string>> = {
  credentials: (code) =>
    `The network proxy wants a user name and password, or does not accept these (${code}). Put them into http.proxy or HTTPS_PROXY, as http://user:password@host:port.`,
  refused: (code) =>
    `The network proxy does not let the connection to OpenRouter through (${code}). Ask who runs it to allow OpenRouter’s host at port 443.`,
  silent: (code) => `The network proxy did not answer in time (${code}).`,
  unreached: (code) =>
    `The network proxy cannot be reached (${code}). Look at http.proxy or HTTPS_PROXY, and whether this machine is online.`,
};
