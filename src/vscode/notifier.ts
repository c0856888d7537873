// Shows notices: few, each kind at most once a day over all windows, never what was so at the start.
import { commands, env, l10n, window, type Memento } from 'vscode';
import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import { Notices, type Notice } from '../service/notices';
import { NoticeTurn } from '../service/noticeTurn';
import { Formats } from '../webview/formats';
import type { CurrentState } from './currentState';
import { noticeText } from './noticeText';

const recordName = 'notices';

export interface NotifierPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly state: Pick<CurrentState, 'read' | 'onDidChange'>;
  /** Shared by all windows of the user. */
  readonly globalState: Memento;
}

/** Watches the state for as long as it lives. */
export class Notifier implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly notices: Notices;
  private readonly turn: NoticeTurn;

  constructor(private readonly ports: NotifierPorts) {
    const { clock, globalState, state } = ports;
    this.notices = new Notices(clock.nowMs());
    this.turn = this.owned.add(
      new NoticeTurn({
        clock,
        record: {
          read: () => globalState.get<unknown>(recordName),
          write: async (record) => await globalState.update(recordName, record),
        },
        isFocused: () => window.state.focused,
        isHost: () => {
          const { proxy } = state.read().snapshot;
          return proxy.kind === 'running' && proxy.hostedBy === undefined;
        },
      }),
    );
    this.owned.add(state.onDidChange(() => this.look()));
    this.look();
  }

  /** Resolves when nothing is remembered of what was shown or is not wanted. */
  async forget(): Promise<void> {
    await this.ports.globalState.update(recordName, undefined);
  }

  dispose(): void {
    this.owned.dispose();
  }

  private look(): void {
    for (const notice of this.notices.see(this.ports.state.read().snapshot)) {
      this.show(notice).catch((error: unknown) =>
        this.ports.log.error('A notice could not be shown.', error),
      );
    }
  }

  private async show(notice: Notice): Promise<void> {
    if (!(await this.turn.take(notice.kind))) return;
    const { timezone, atMs } = this.ports.state.read().snapshot;
    const formats = new Formats(env.language, timezone);
    const open = l10n.t('Open Dashboard');
    const mute = l10n.t("Don't Show Again");
    const text = noticeText(notice, { t: l10n.t, formats, nowMs: atMs });
    const chosen = await window.showWarningMessage(text, open, mute);
    if (chosen === open) await commands.executeCommand('keywheel.openDashboard');
    if (chosen === mute) await this.turn.mute(notice.kind);
  }
}
