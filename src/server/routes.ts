// Answers with the pages and documents of the proxy without VS Code. Pages are public; every figure requires the proxy key.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { LocalAnswer } from '../proxy/server';
import { checkProxyKey, type AdmissionRules, type RequestHead } from '../proxy/request/admission';
import type { Target } from '../proxy/request/target';
import { headerValue } from '../proxy/request/headers';
import type { KeywheelService } from '../service/keywheelService';
import type { DashboardState } from '../service/messages';
import { documentHtml, styleLink, viewport } from '../words/pageHtml';
import type { Metrics } from './metrics';
import openapi from '../../docs/openapi.json';

interface RoutesPorts {
  readonly service: KeywheelService;
  readonly metrics: Metrics;
  readonly version: string;
  /** The folder of the pages' files. */
  readonly folder: string;
}

/** Path → file, for the scripts and style sheets that pages load. */
const files: Readonly<Record<string, string>> = {
  '/key-status/page.js': 'page.js',
  '/key-status/page.css': 'page.css',
  '/docs/page.js': 'docs.js',
  '/docs/page.css': 'docs.css',
  '/docs/swagger-ui.js': 'swagger-ui.js',
};

/** Allows only files and data of this origin, and pictures inside a style sheet. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export class Routes {
  private readonly openapi: string;
  private readonly read = new Map<string, Promise<Buffer>>();

  constructor(private readonly ports: RoutesPorts) {
    const { version } = ports;
    this.openapi = JSON.stringify({ ...openapi, info: { ...openapi.info, version } });
  }

  /** The answer, or null if there is no such route. Throws a Refusal where a required proxy key is missing. */
  answer(head: RequestHead, rules: AdmissionRules): LocalAnswer | Promise<LocalAnswer> | null {
    const { method, rawHeaders } = head;
    const { metrics } = this.ports;
    const route = head.target.path;
    if (method !== 'GET' && method !== 'HEAD') return null;
    const isPage = method === 'GET' && (headerValue(rawHeaders, 'accept') ?? '').includes('text/html');
    const file = files[route];
    if (file !== undefined) return this.file(file);
    switch (route) {
      case '/':
        return isPage ? redirect('key-status') : null;
      case '/key-status':
        return isPage ? page(head.target, 'Keywheel', 'key-status') : null;
      case '/docs':
        return page(head.target, 'Keywheel API', 'docs', '<script src="docs/swagger-ui.js"></script>');
      case '/openapi.json':
        return answer('application/json; charset=utf-8', this.openapi);
      case '/key-status/state':
        checkProxyKey(head, rules);
        return answer('application/json; charset=utf-8', JSON.stringify(this.state()));
      case '/metrics':
        checkProxyKey(head, rules);
        return metrics.text().then((text) => answer(metrics.contentType, text));
      default:
        return null;
    }
  }

  /** The dashboard's state. Tells the service that a user looks at it: allowances are read often for a while. */
  private state(): DashboardState {
    const { service } = this.ports;
    service.watched();
    const snapshot = service.snapshot();
    const outlook = service.history.series.outlook(snapshot);
    return { snapshot, vault: 'ok', ...outlook, removed: [], clients: [] };
  }

  /** Each file is read once and shared: the viewer has 1.7 MB, and slow clients keep answers in memory. */
  private async file(name: string): Promise<LocalAnswer> {
    const read = this.read.get(name) ?? readFile(path.join(this.ports.folder, name));
    this.read.set(name, read);
    // A failed read is forgotten, so that the next request tries again.
    read.catch(() => this.read.delete(name));
    return answer(`text/${name.endsWith('.css') ? 'css' : 'javascript'}; charset=utf-8`, await read);
  }
}

function redirect(location: string): LocalAnswer {
  return { status: 302, headers: ['location', location], body: '' };
}

function answer(type: string, body: string | Buffer, more: readonly string[] = []): LocalAnswer {
  const headers = ['content-type', type, 'cache-control', 'no-store', 'x-content-type-options', 'nosniff'];
  return { status: 200, headers: [...headers, ...more], body };
}

/** A document with its own script and style sheet, and nothing inline; links are relative, as a reverse proxy may serve it below a path. */
function page({ isFolder }: Target, title: string, name: string, scripts = ''): LocalAnswer {
  if (isFolder) return redirect(`../${name}`);
  const head = [
    viewport,
    '<meta name="color-scheme" content="light dark" />',
    '<link rel="icon" href="data:," />',
    styleLink(`${name}/page.css`),
  ];
  const body = `<div id="${name}"></div>
    ${scripts}<script src="${name}/page.js"></script>`;
  const headers = ['content-security-policy', policy, 'referrer-policy', 'no-referrer'];
  return answer('text/html; charset=utf-8', documentHtml('en', title, head, body), headers);
}
