// Entry point of the dashboard's page: receives messages, shows them, and sends the user's actions.
import { parseToDashboard, type FromDashboard, type ToDashboard } from '../service/messages';
import { Page } from './page';
import { readPageState, type PageState } from './pageState';
import { translator } from '../words/translate';

interface VsCodeApi {
  postMessage(message: FromDashboard): void;
  getState(): unknown;
  setState(state: PageState): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** Connects the page in `root` with the extension. */
class Connection {
  private page: Page | null = null;
  private kept: PageState;

  constructor(
    private readonly root: HTMLElement,
    private readonly api: VsCodeApi,
  ) {
    this.kept = readPageState(api.getState());
    window.addEventListener('message', (event: MessageEvent<unknown>) => {
      const message = parseToDashboard(event.data);
      if (message) this.take(message);
    });
    window.addEventListener('scrollend', () => this.keep({ scrollTop: window.scrollY }));
    // VS Code restores the panel only if it has a state.
    this.keep({});
    this.send({ type: 'ready', tab: this.kept.tab });
  }

  private take(message: ToDashboard): void {
    if (message.type === 'hello') this.open(message);
    else this.page?.take(message);
  }

  private open({ words, locale, state }: ToDashboard & { type: 'hello' }): void {
    const { kept } = this;
    const send = (message: FromDashboard): void => this.send(message);
    const keep = (change: Partial<PageState>): void => this.keep(change);
    this.page = new Page({ t: translator(words), locale, state, kept, send, keep });
    this.root.replaceChildren(this.page.element);
    window.scrollTo({ top: this.kept.scrollTop });
  }

  private send(message: FromDashboard): void {
    this.api.postMessage(message);
  }

  private keep(change: Partial<PageState>): void {
    this.kept = { ...this.kept, ...change };
    this.api.setState(this.kept);
  }
}

const root = document.getElementById('dashboard');
if (root) new Connection(root, acquireVsCodeApi());
