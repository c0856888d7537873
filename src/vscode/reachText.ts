// Why something could not be reached, in words; no vscode, so that it can be tested.
import { redact } from '../base/secret';
import type { Translate } from '../webview/translate';

/** Such as `connection refused, ECONNREFUSED`: the words are for the user, the code for a report. Secrets are taken out. */
export function reachText(detail: string, t: Translate): string {
  switch (detail) {
    case 'ENOTFOUND':
    case 'ENODATA':
    case 'EAI_AGAIN':
      return t('its address was not found, {0}', detail);
    case 'ECONNREFUSED':
      return t('connection refused, {0}', detail);
    case 'ENETUNREACH':
    case 'ENETDOWN':
    case 'EHOSTUNREACH':
      return t('no way there from this machine, {0}', detail);
    case 'ECONNRESET':
    case 'EPIPE':
    case 'noAnswer':
      return t('connection broken off, {0}', detail);
    case 'noHttp':
      return t('something else answers there, {0}', detail);
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'headTimeout':
    case 'timeout':
      return t('no answer in time, {0}', detail);
    case 'CERT_HAS_EXPIRED':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return t('certificate not trusted, {0}', detail);
    default:
      return redact(detail);
  }
}
