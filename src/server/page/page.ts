// The page of /key-status in the browser: the dashboard's own figures and lines, read only.
import { accountsView } from '../../webview/accountsView';
import { AccountLine, accountsHead } from '../../webview/accountLine';
import { Countdowns } from '../../webview/countdowns';
import { element, setChildren, setHidden, setShare, setText } from '../../webview/dom';
import { overviewView } from '../../webview/overviewView';
import type { DashboardState } from '../../service/messages';
import { Formats } from '../../words/formats';
import type { Speech } from '../../words/stateWords';
import { translator } from '../../words/translate';

const askEveryMs = 2_000;
/** Lives as long as the tab. */
const keptName = 'keywheel.proxyKey';

const t = translator({});

/** Asks for the proxy key; hidden once it is right. */
class KeyForm {
  private readonly input = element('input', 'key-input');
  readonly element: HTMLFormElement;

  constructor(onKey: (proxyKey: string) => void) {
    const label = element('label', '', t('Proxy key'));
    this.input.id = label.htmlFor = 'proxy-key';
    this.input.type = 'password';
    this.input.autocomplete = 'off';
    this.input.required = true;
    const hint = element(
      'p',
      'hint',
      t('It is the value of PROXY_API_KEY, or was printed when the proxy started.'),
    );
    this.element = element('form', 'key-form', label, this.input, element('button', '', t('Show')), hint);
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      onKey(this.input.value.trim());
    });
  }

  show(): void {
    setHidden(this.element, false);
    this.input.focus();
  }
}

/** Shows the totals, then a line for each account and key. */
class StatusView {
  private readonly left = element('span', 'figure left-figure');
  private readonly leftNote = element('span', 'left-note');
  private readonly fill = element('span', 'bar-fill');
  private readonly outlook = element('p', 'outlook');
  private readonly waiting = element('p', 'waiting');
  private readonly countdowns = new Countdowns(t);
  private lines: ReadonlyMap<string, AccountLine> = new Map();
  private bodies: ReadonlyMap<string, HTMLTableSectionElement> = new Map();
  private readonly caption = element('caption', 'visually-hidden', t('Accounts and keys'));
  private readonly head = accountsHead(t);
  private readonly table = element('table', 'accounts', this.caption, this.head);
  readonly element: HTMLElement;

  constructor() {
    const bar = element('span', 'bar total-bar', this.fill);
    bar.setAttribute('aria-hidden', 'true');
    const address = element('code', 'value', `${location.origin}/api/v1`);
    const baseUrl = element('div', 'copy-row', element('span', 'term', t('Base URL')), address);
    const total = element('p', 'total', this.left, ' ', this.leftNote);
    const allowance = element('div', 'allowance', total, bar, this.outlook, this.waiting);
    this.element = element('div', '', element('header', '', allowance, baseUrl), this.table);
  }

  update(state: DashboardState): void {
    const { timezone, atMs } = state.snapshot;
    const speech: Speech = { t, formats: new Formats('en', timezone), nowMs: atMs };
    this.countdowns.setNow(atMs);
    const view = overviewView(state, speech);
    setText(this.left, view.left);
    setText(this.leftNote, view.leftNote);
    setShare(this.fill, view.leftShare);
    setText(this.outlook, view.outlook);
    setText(this.waiting, view.waiting);
    const { groups, hasCredits } = accountsView(state, speech);
    this.table.classList.toggle('without-credits', !hasCredits);
    const made = new Map<string, AccountLine>();
    const bodies = new Map<string, HTMLTableSectionElement>();
    for (const { accountId, lines } of groups) {
      const body = this.bodies.get(accountId) ?? element('tbody');
      const shown = lines.map((line) => this.lineOf(line));
      for (const each of shown) made.set(nameOf(each.line), each);
      setChildren(
        body,
        shown.map((each) => each.element),
      );
      bodies.set(accountId, body);
    }
    setChildren(this.table, [this.caption, this.head, ...bodies.values()]);
    this.lines = made;
    this.bodies = bodies;
  }

  private lineOf(line: AccountLine['line']): AccountLine {
    const nothing = (): void => undefined;
    const made =
      this.lines.get(nameOf(line)) ??
      new AccountLine(line, {
        t,
        countdowns: this.countdowns,
        onToggle: nothing,
        onEdit: nothing,
        onMenu: nothing,
      });
    made.line = line;
    made.draw();
    return made;
  }
}

function nameOf({ kind, accountId, keyId }: AccountLine['line']): string {
  return `${kind} ${accountId} ${keyId}`;
}

class StatusPage {
  private readonly form = new KeyForm((proxyKey) => void this.open(proxyKey));
  private readonly view = new StatusView();
  private readonly problem = element('p', 'problem');

  constructor(root: HTMLElement) {
    setHidden(this.view.element, true);
    this.problem.setAttribute('role', 'alert');
    const title = element('h1', '', 'Keywheel');
    const docs = element('a', '', t('API'));
    docs.href = '/docs';
    const bar = element('nav', '', docs);
    bar.setAttribute('aria-label', t('Pages'));
    const top = element('div', 'top', title, bar);
    root.replaceChildren(
      element('main', 'page read-only', top, this.form.element, this.problem, this.view.element),
    );
    const kept = sessionStorage.getItem(keptName);
    if (kept === null) this.form.show();
    else void this.open(kept);
  }

  /** Shows the state, and asks for it again and again until the key is refused. */
  private async open(proxyKey: string): Promise<void> {
    setHidden(this.form.element, true);
    setText(this.problem, '');
    for (;;) {
      const problem = document.hidden ? '' : await this.ask(proxyKey);
      setText(this.problem, problem ?? t('This is not the proxy key.'));
      if (problem === null) break;
      await new Promise((resolve) => setTimeout(resolve, askEveryMs));
    }
    sessionStorage.removeItem(keptName);
    setHidden(this.view.element, true);
    this.form.show();
  }

  /** A problem to show; empty: the state is shown · null: the key is wrong. */
  private async ask(proxyKey: string): Promise<string | null> {
    // A header cannot carry other characters, so it is no proxy key.
    if (!/^[\x21-\x7e]+$/.test(proxyKey)) return null;
    try {
      const response = await fetch('/key-status/state', { headers: { authorization: `Bearer ${proxyKey}` } });
      if (response.status === 401) return null;
      if (!response.ok) return t('The proxy answers with status {0}.', response.status);
      sessionStorage.setItem(keptName, proxyKey);
      // The proxy has the version of this script: the state is not checked.
      this.view.update((await response.json()) as DashboardState);
      setHidden(this.view.element, false);
      return '';
    } catch {
      return t('The proxy does not answer. Trying again…');
    }
  }
}

const root = document.getElementById('key-status');
if (root) new StatusPage(root);
