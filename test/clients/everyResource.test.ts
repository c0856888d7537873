// OpenRouter's own SDK, all of it: each call reaches upstream as it would without the proxy, and brings back the same.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { OpenRouterCore } from '@openrouter/sdk/core.js';
import { SystemClock } from '../../src/base/clock';
import { TextLog } from '../../src/base/log';
import { KeywheelService } from '../../src/service/keywheelService';
import { defaultSettings } from '../../src/service/settings';
import { keyFor, PROXY_KEY } from '../http/support';

type Call = (core: OpenRouterCore, request: unknown, options: unknown) => Promise<unknown>;

/** Calls that send nothing: one makes a link, the other a hash. `call-model` uses `responsesSend`. */
const local = new Set(['oAuthCreateAuthorizationUrl', 'oAuthCreateSHA256CodeChallenge', 'call-model']);

const id = '11111111-1111-4111-8111-111111111111';
const messages = [{ role: 'user', content: 'hi' }];

/** A body with the fields of all calls: the SDK drops fields that a call does not have. */
const body = {
  name: 'n',
  model: 'x/y:free',
  input: 'hi',
  prompt: 'hi',
  messages,
  stream: true,
  code: 'c',
  callbackUrl: 'https://example.com',
  query: 'q',
  documents: ['d'],
  metrics: ['requests'],
  key: 'k',
  value: 'v',
  slug: 's',
  hosts: ['example.com'],
  keyHashes: ['h'],
  memberUserIds: ['m'],
  userIds: ['m'],
  type: 'webhook',
  config: { url: 'https://example.com' },
  file: new Blob(['x']),
  inputAudio: { data: 'eA==', format: 'wav' },
  voice: 'v',
  limitUsd: 1,
  names: ['n'],
  category: 'other',
  groupId: 'g',
  groupName: 'g',
  role: 'member',
  scimGroupId: 'g',
  workspaceId: id,
  generationId: 'g',
  federationPolicyId: 'f',
  grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subjectToken: 't',
  subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
  questions: {},
  state: 's',
  id,
};

const bodies = [
  'bulkAddWorkspaceMembersRequest',
  'bulkAssignKeysRequest',
  'bulkAssignMembersRequest',
  'bulkRemoveWorkspaceMembersRequest',
  'bulkUnassignKeysRequest',
  'bulkUnassignMembersRequest',
  'createGuardrailRequest',
  'createInternRequest',
  'createObservabilityDestinationRequest',
  'createScimGroupMappingRequest',
  'createWorkspaceRequest',
  'decisionsRequest',
  'deleteInternRequest',
  'imageGenerationRequest',
  'internChatCompletionRequest',
  'messagesRequest',
  'requestBody',
  'speechRequest',
  'sttRequest',
  'submitGenerationFeedbackRequest',
  'tokenExchangeRequest',
  'updateBYOKKeyRequest',
  'updateGuardrailRequest',
  'updateInternRequest',
  'updateObservabilityDestinationRequest',
  'updateScimGroupMappingRequest',
  'updateWorkspaceRequest',
  'upsertWorkspaceBudgetRequest',
  'vaultSecretCopyRequest',
  'vaultSecretWriteRequest',
  'videoGenerationRequest',
];

const request = {
  author: 'a',
  containerId: 'c1',
  fileId: 'f1',
  hash: 'h',
  id,
  internId: 'i1',
  interval: 'daily',
  jobId: 'j',
  keepMembers: true,
  model: 'x/y',
  name: 'n',
  slug: 'b',
  version: '1',
  workspaceRef: 'w',
  createBYOKKeyRequest: { ...body, provider: 'openai' },
  ...Object.fromEntries(bodies.map((each) => [each, body])),
  chatRequest: { model: 'x/y:free', messages },
  responsesRequest: { model: 'x/y:free', input: 'hi' },
};

type Named = readonly [name: string, call: Call];

async function calls(): Promise<readonly Named[]> {
  const folder = path.join(path.dirname(require.resolve('@openrouter/sdk')), 'funcs');
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.js'))
    .map((file) => path.basename(file, '.js'));
  return await Promise.all(
    names
      .filter((name) => !local.has(name))
      .map(async (name) => {
        const module = (await import(`@openrouter/sdk/funcs/${name}.js`)) as Record<string, Call | undefined>;
        const call = module[name];
        assert.ok(call, name);
        return [name, call] as const;
      }),
  );
}

/** Calls that change keys and other secrets, or who sees requests sent with them: refused while `allowKeyChanges` is off. */
const movesKeys = [
  'DELETE /api/v1/byok/id',
  'DELETE /api/v1/guardrails/id',
  'DELETE /api/v1/keys/h',
  'DELETE /api/v1/observability/destinations/id',
  'DELETE /api/v1/scim/group-mappings/id?keep_members=true',
  'DELETE /api/v1/vault/interns/i1/secrets/n',
  'DELETE /api/v1/vault/secrets/n',
  'DELETE /api/v1/workspaces/id',
  'DELETE /api/v1/workspaces/w/budgets/daily',
  'PATCH /api/v1/byok/id',
  'PATCH /api/v1/guardrails/id',
  'PATCH /api/v1/keys/h',
  'PATCH /api/v1/observability/destinations/id',
  'PATCH /api/v1/scim/group-mappings/id',
  'PATCH /api/v1/workspaces/id',
  'POST /api/v1/auth/keys',
  'POST /api/v1/auth/keys/code',
  'POST /api/v1/byok',
  'POST /api/v1/guardrails',
  'POST /api/v1/guardrails/id/assignments/keys',
  'POST /api/v1/guardrails/id/assignments/keys/remove',
  'POST /api/v1/guardrails/id/assignments/members',
  'POST /api/v1/guardrails/id/assignments/members/remove',
  'POST /api/v1/keys',
  'POST /api/v1/oauth/token',
  'POST /api/v1/observability/destinations',
  'POST /api/v1/scim/group-mappings',
  'POST /api/v1/scim/sync-jobs',
  'POST /api/v1/vault/interns/i1/secrets/copy',
  'POST /api/v1/workspaces',
  'POST /api/v1/workspaces/id/members/add',
  'POST /api/v1/workspaces/id/members/remove',
  'PUT /api/v1/vault/interns/i1/secrets/n',
  'PUT /api/v1/vault/secrets/n',
  'PUT /api/v1/workspaces/w/budgets/daily',
];

/** A request as upstream sees it, without the key and the headers of a connection. */
interface Seen {
  readonly line: string;
  readonly accept: string | undefined;
  readonly type: string | undefined;
  readonly body: string;
}

class Upstream implements AsyncDisposable {
  seen: Seen[] = [];
  private readonly server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      this.seen.push(seenOf(incoming, Buffer.concat(chunks).toString('latin1')));
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[]}');
    });
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/api/v1`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function seenOf({ method, url, headers }: IncomingMessage, text: string): Seen {
  const boundary = /boundary=(\S+)/.exec(headers['content-type'] ?? '')?.[1];
  const plain = (value: string): string =>
    boundary === undefined ? value : value.replaceAll(boundary, 'boundary');
  return {
    line: `${method} ${url}`,
    accept: headers.accept,
    type: headers['content-type'] === undefined ? undefined : plain(headers['content-type']),
    body: plain(text),
  };
}

/** How the call ended for its caller: the SDK's words about an answer, which tell no address. */
async function endOf([name, call]: Named, baseUrl: string, apiKey: string): Promise<string> {
  const core = new OpenRouterCore({ apiKey, serverURL: baseUrl });
  // The one call with a server of its own, whose path holds all of it.
  const serverURL = name === 'alphaDecisionsCreate' ? new URL(baseUrl).origin : undefined;
  const options = { retries: { strategy: 'none' }, serverURL };
  const result = (await call(core, { ...request, bearer: apiKey }, options)) as {
    ok: boolean;
    error?: Error;
  };
  return result.ok ? 'ok' : `${result.error?.name}: ${result.error?.message}`;
}

describe('OpenRouter’s SDK, each call of each resource', () => {
  it('is passed on as it came, or refused in words where it would change keys, or who sees what is sent', async () => {
    await using upstream = new Upstream();
    const upstreamUrl = await upstream.listen();
    const log = new TextLog(() => undefined);
    const service = new KeywheelService({ clock: new SystemClock(), log, version: '0.0.0' });
    await service.configure({ ...defaultSettings, port: 0, upstreamUrl, timezone: 'UTC' });
    try {
      service.setProxyKey(PROXY_KEY);
      const state = await service.start();
      assert.ok(state.kind === 'running');
      service.setKeys([
        { key: keyFor('a'), label: 'a', dailyLimit: null, accountName: null, paidUse: 'auto', enabled: true },
      ]);
      await service.refresh();

      const refused = new Set<string>();
      const answeredHere: string[] = [];
      let passed = 0;
      for (const named of await calls()) {
        const [name] = named;
        upstream.seen = [];
        const direct = await endOf(named, upstreamUrl, 'direct');
        const [asked] = upstream.seen;
        assert.ok(asked, `${name} sent nothing: ${direct}`);
        upstream.seen = [];
        const proxied = await endOf(named, state.baseUrl, PROXY_KEY);
        const [arrived] = upstream.seen.filter(
          ({ line }) => line !== 'GET /api/v1/key' || name.includes('CurrentKey'),
        );
        if (/allowKeyChanges/.test(proxied)) {
          assert.equal(arrived, undefined, name);
          refused.add(asked.line.replaceAll(id, 'id'));
        } else if (arrived === undefined) answeredHere.push(asked.line);
        else {
          assert.deepEqual(arrived, asked, name);
          assert.equal(proxied, direct, name);
          passed++;
        }
      }
      // Answered by the proxy, for the wheel as a whole.
      assert.deepEqual(answeredHere, ['GET /api/v1/key']);
      assert.deepEqual([...refused].sort(), [...movesKeys].sort());
      assert.ok(passed > 80, `${passed}`);
    } finally {
      service.dispose();
    }
  });
});
