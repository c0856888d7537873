// The browser's script of /key-status: shows the dashboard's figures and rows, read only.
import { html, nothing, type TemplateResult } from 'lit-html';
import { accountsTable, type RowParts } from '../../webview/accountsTable';
import { accountsView } from '../../webview/accountsView';
import { Countdowns } from '../../webview/timers';
import { overviewView } from '../../webview/overviewView';
import { allowance, draw } from '../../webview/parts';
import type { DashboardState } from '../../service/messages';
import { Formats } from '../../words/formats';
import type { TextContext } from '../../words/stateWords';
import { translator } from '../../words/translate';

const askEveryMs = 2_000;
/** The name of the proxy key in the session storage, which lasts as long as the tab. */
const keptName = 'keywheel.proxyKey';

const t = translator({});

/** Parts of a row without buttons: this page changes nothing. */
const readOnly: RowParts = { note: '', buttons: nothing, below: nothing };

/** Asks for the proxy key, then shows the totals and a row for each account and key. */
class StatusPage {
  private readonly countdowns = new Countdowns(t, () => this.draw());
  private state: DashboardState | null = null;
  private asksForKey = false;
  private problem = '';

  constructor(private readonly root: HTMLElement) {
    const kept = sessionStorage.getItem(keptName);
    if (kept === null) this.askForKey();
    else void this.open(kept);
  }

  private draw(): void {
    draw(this.template(), this.root);
  }

  private template(): TemplateResult {
    return html`<main class="page read-only">
      <div class="top">
        <h1>Keywheel</h1>
        <nav aria-label=${t('Pages')}><a href="docs">${t('API')}</a></nav>
      </div>
      ${this.keyForm()}
      <p class="problem" role="alert">${this.problem}</p>
      ${this.state === null ? nothing : this.status(this.state)}
    </main>`;
  }

  private keyForm(): TemplateResult {
    const onSubmit = (event: SubmitEvent): void => {
      event.preventDefault();
      void this.open(this.root.querySelector('input')?.value.trim() ?? '');
    };
    return html`<form class="key-form" ?hidden=${!this.asksForKey} @submit=${onSubmit}>
      <label for="proxy-key">${t('Proxy key')}</label>
      <input class="key-input" id="proxy-key" type="password" autocomplete="off" required />
      <button>${t('Show')}</button>
      <p class="hint">${t('It is the value of PROXY_API_KEY, or was printed when the proxy started.')}</p>
    </form>`;
  }

  private status(state: DashboardState): TemplateResult {
    const { timezone, atMs } = state.snapshot;
    const textContext: TextContext = { t, formats: new Formats('en', timezone), nowMs: atMs };
    const view = overviewView(state, textContext);
    return html`<div>
      <header>
        <div class="allowance">${allowance(view, view.waiting)}</div>
        <div class="copy-row">
          <span class="term">${t('Base URL')}</span>
          <code class="value">${new URL('api/v1', location.href).href}</code>
        </div>
      </header>
      ${accountsTable(accountsView(state, textContext), {
        t,
        countdowns: this.countdowns,
        bodyKey: ({ accountId }) => accountId,
        partsOf: () => readOnly,
      })}
    </div>`;
  }

  private askForKey(): void {
    this.state = null;
    this.asksForKey = true;
    this.draw();
    this.root.querySelector('input')?.focus();
  }

  /** Shows the state, and asks for it every two seconds until the key is refused. */
  private async open(proxyKey: string): Promise<void> {
    this.asksForKey = false;
    this.problem = '';
    this.draw();
    for (;;) {
      const problem = document.hidden ? '' : await this.ask(proxyKey);
      this.problem = problem ?? t('This is not the proxy key.');
      if (problem === null) break;
      this.draw();
      await new Promise((resolve) => setTimeout(resolve, askEveryMs));
    }
    sessionStorage.removeItem(keptName);
    this.askForKey();
  }

  /** Asks for the state once. Resolves to a problem to show; empty: the state is shown · null: the key is wrong. */
  private async ask(proxyKey: string): Promise<string | null> {
    // A header cannot carry other characters, so it is no proxy key.
    if (!/^[\x21-\x7e]+$/.test(proxyKey)) return null;
    try {
      const response = await fetch('key-status/state', { headers: { authorization: `Bearer ${proxyKey}` } });
      if (response.status === 401) return null;
      if (!response.ok) return t('The proxy answers with status {0}.', response.status);
      sessionStorage.setItem(keptName, proxyKey);
      // The proxy has the version of this script: the state is not checked.
      this.state = (await response.json()) as DashboardState;
      this.countdowns.setNow(this.state.snapshot.atMs);
      return '';
    } catch {
      return t('The proxy does not answer. Trying again…');
    }
  }
}

const root = document.getElementById('key-status');
if (root) new StatusPage(root);
