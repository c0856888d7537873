/** The page that gives a key to a program, and the exchange of its code (OAuth PKCE). */
import { createHash, randomBytes } from 'node:crypto';
import { stringIn } from '../json';
import { htmlReply, jsonReply, type Reply } from '../wire/reply';
import type { Account } from '../limits/account';
import { errorReply, type Visit } from './visit';

const CODE_LIVES_MS = 600_000;

/** `GET /auth`: back to the program with a code, or a page that shows the code. */
export function authPage(visit: Visit): Reply {
  const { query, world } = visit;
  const method = query.get('code_challenge_method') ?? 'S256';
  if (method !== 'S256') return errorReply(visit, 'badRequest', { message: 'Invalid code_challenge_method' });
  const callback = query.get('callback_url');
  const target = callback === null ? undefined : callbackUrl(callback);
  if (callback !== null && target === undefined) {
    return errorReply(visit, 'badRequest', { message: 'Invalid callback_url' });
  }
  const code = randomBytes(16).toString('hex');
  world.authCodes.set(code, {
    account: signedIn(visit),
    challenge: query.get('code_challenge') ?? undefined,
    label: query.get('key_label') ?? undefined,
    createdAtMs: world.nowMs(),
  });
  if (target === undefined)
    return page(`<p>Paste this code into your program:</p><code id="code">${code}</code>`);
  target.searchParams.set('code', code);
  if (world.options.authPage === 'page') {
    return page(`<a id="authorize" href="${target.href.replaceAll('&', '&amp;')}">Authorize</a>`);
  }
  return { kind: 'whole', status: 302, headers: { Location: target.href }, body: Buffer.alloc(0) };
}

function signedIn(visit: Visit): Account {
  const { options, accounts } = visit.world;
  const account = options.signedIn === undefined ? accounts[0] : visit.world.account(options.signedIn);
  if (account === undefined) throw new RangeError('Nobody can be signed in: there is no account');
  return account;
}

function callbackUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isLoopback = url.protocol === 'http:' && ['localhost', '127.0.0.1'].includes(url.hostname);
  return isLoopback || url.protocol === 'https:' ? url : undefined;
}

function page(content: string): Reply {
  return htmlReply(
    `<!DOCTYPE html><title>Simulated OpenRouter</title><h1>Connect a program</h1>${content}\n`,
    200,
  );
}

/** `POST /auth/keys`: a new key for a code, which works once and for ten minutes. */
export function exchangeCode(visit: Visit): Reply {
  const body = visit.body.json;
  if (body === undefined) return errorReply(visit, 'badRequest', { message: 'Invalid JSON' });
  const code = stringIn(body, 'code') ?? '';
  const given = visit.world.authCodes.get(code);
  const method = stringIn(body, 'code_challenge_method') ?? 'S256';
  if (method !== 'S256') return errorReply(visit, 'badRequest', { message: 'Invalid code_challenge_method' });
  visit.world.authCodes.delete(code);
  const isFresh = given !== undefined && visit.world.nowMs() - given.createdAtMs < CODE_LIVES_MS;
  const challenge = createHash('sha256')
    .update(stringIn(body, 'code_verifier') ?? '')
    .digest('base64url');
  if (!isFresh || (given.challenge !== undefined && given.challenge !== challenge)) {
    return errorReply(visit, 'region', { message: 'Invalid or expired code' });
  }
  const key = visit.world.addKey(given.account, given.label);
  return jsonReply({ key: key.raw, user_id: given.account.userId });
}
