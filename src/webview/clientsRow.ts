// The connected clients, each with a Disconnect button, and a button to connect another.
import type { ConnectedClient, DashboardAction } from '../service/messages';
import type { Translate } from '../words/translate';
import { button, link } from './controls';
import { element, iconButton, setChildren, setHidden } from './dom';
import type { OverviewView } from './overviewView';

export class ClientsRow {
  readonly element: HTMLElement;
  private readonly list = element('span', 'clients');
  private readonly more: HTMLElement;
  private readonly first: HTMLElement;
  private known: ReadonlyMap<string, HTMLElement> = new Map();

  constructor(
    private readonly t: Translate,
    private readonly ports: {
      readonly run: (action: DashboardAction) => void;
      readonly disconnect: (client: string) => void;
    },
  ) {
    const connect = (): void => ports.run('connectClient');
    this.first = button(t('Connect Client'), connect, { primary: true });
    this.more = link(t('Connect Client'), connect);
    this.element = element('div', 'copy-row', element('span', 'term', t('Clients')), this.list);
  }

  /** A client's element is kept, and so the focus, while nothing about it changes. */
  update({ clients, wantsClient }: Pick<OverviewView, 'clients' | 'wantsClient'>): void {
    this.known = new Map(
      clients.map((client) => {
        const key = `${client.id} ${client.note}`;
        return [key, this.known.get(key) ?? this.entry(client)];
      }),
    );
    setHidden(this.first, !wantsClient);
    setHidden(this.more, wantsClient);
    setChildren(this.list, [...this.known.values(), this.first, this.more]);
  }

  private entry({ id, name, note }: ConnectedClient): HTMLElement {
    const { t, ports } = this;
    const state = element('span', 'state', name);
    state.dataset.tone = note === '' ? 'good' : 'warn';
    state.title = note;
    if (note !== '') state.append(element('span', 'visually-hidden', `: ${note}`));
    const off = iconButton('debug-disconnect', t('Disconnect {0}', name), () => ports.disconnect(id));
    return element('span', 'client-entry', state, off);
  }
}
