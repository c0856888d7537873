/** The program of `npm start`: the built command line with a simulated OpenRouter, and a client's first requests. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import OpenAI from 'openai';

const program = path.resolve('dist', 'cli.js');

interface Greeting {
  readonly baseUrl: string;
  readonly proxyKey: string;
  readonly curl: string;
}

describe('npm start', () => {
  let demo: ChildProcess;
  let greeting: Greeting;

  before(async () => {
    assert.ok(existsSync(program), 'dist/cli.js is missing: npm run build makes it');
    const env = { ...process.env, PORT: '0', OPENROUTER_KEYS: '', PROXY_API_KEY: '', LOG_LEVEL: 'error' };
    demo = spawn(process.execPath, ['--import', 'tsx', path.join('test', 'simulator', 'demo.ts')], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    greeting = await greetingOf(demo);
  });

  after(async () => {
    demo.kill('SIGTERM');
    const [code] = (await once(demo, 'exit')) as [number | null];
    assert.equal(code, 0);
  });

  it('prints a curl line that answers', async () => {
    const answer = await fetch(...requestOf(greeting.curl));
    assert.equal(answer.status, 200);
    const body = (await answer.json()) as { choices: { message: { content: string } }[] };
    assert.match(body.choices[0]?.message.content ?? '', /^This answer comes from a simulated OpenRouter/);
  });

  for (const stream of [false, true]) {
    it(`answers the openai package, ${stream ? 'streaming' : 'in one piece'}`, async () => {
      const { baseUrl, proxyKey } = greeting;
      const { completions } = new OpenAI({ baseURL: baseUrl, apiKey: proxyKey, maxRetries: 0 }).chat;
      const asked = { model: 'openrouter/free', messages: [{ role: 'user' as const, content: 'Say hello' }] };
      let text = '';
      if (stream) {
        for await (const { choices } of await completions.create({ ...asked, stream: true })) {
          text += choices[0]?.delta.content ?? '';
        }
      } else {
        text = (await completions.create(asked)).choices[0]?.message.content ?? '';
      }
      assert.match(text, /^This answer comes from a simulated OpenRouter.* cut in two\.$/);
    });
  }

  it('lists its models without any key', async () => {
    const answer = await fetch(`${greeting.baseUrl}/models`);
    assert.equal(answer.status, 200);
  });
});

async function greetingOf({ stdout }: ChildProcess): Promise<Greeting> {
  let text = '';
  for await (const chunk of stdout?.setEncoding('utf8') ?? []) {
    text += String(chunk);
    const [, baseUrl] = /Base URL: +(\S+)/.exec(text) ?? [];
    const [, proxyKey] = /Proxy key: +(\S+)/.exec(text) ?? [];
    const [curl] = /curl .*'\n/.exec(text) ?? [];
    if (baseUrl !== undefined && proxyKey !== undefined && curl !== undefined)
      return { baseUrl, proxyKey, curl };
  }
  throw new Error(`The program ended after: ${text}`);
}

/** The request that curl would send; not every machine has curl. */
function requestOf(curl: string): [string, RequestInit] {
  const url = /^curl (\S+)/.exec(curl)?.[1] ?? '';
  const headers = [...curl.matchAll(/-H "([^:"]+): ([^"]*)"/g)].map(
    ([, name = '', value = '']): [string, string] => [name, value],
  );
  return [url, { method: 'POST', headers, body: /-d '([^']*)'/.exec(curl)?.[1] }];
}
