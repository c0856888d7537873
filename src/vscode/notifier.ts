// Shows notices: each kind at most once a day over all windows, and none that already held at the start.
import { commands, env, l10n, window, type Memento } from 'vscode';
import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import { isWanted, Notices, type Notice } from '../service/notices/notices';
import { NoticeTurn } from '../service/notices/noticeTurn';
import { Formats } from '../words/formats';
import type { CurrentState } from './currentState';
import type { UserSettings } from './settings';
import type { Speech } from '../words/stateWords';

const recordName = 'notices';

export interface NotifierPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly state: Pick<CurrentState, 'read' | 'onDidChange'>;
  readonly settings: Pick<UserSettings, 'values'>;
  /** Shared by all windows of the user. */
  readonly globalState: Memento;
}

/** Watches the state until disposed. */
export class Notifier implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly notices: Notices;
  private readonly turn: NoticeTurn;

  constructor(private readonly ports: NotifierPorts) {
    const { clock, globalState, state } = ports;
    this.notices = new Notices(clock.wallMs());
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

  /** Removes the record of shown and muted notices. */
  async forget(): Promise<void> {
    await this.ports.globalState.update(recordName, undefined);
  }

  dispose(): void {
    this.owned.dispose();
  }

  private look(): void {
    const { state, settings } = this.ports;
    for (const notice of this.notices.see(state.read().snapshot)) {
      if (!isWanted(notice.kind, settings.values.notifications)) continue;
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

function noticeText(notice: Notice, { t, formats, nowMs }: Speech): string {
  switch (notice.kind) {
    case 'allUsed':
      return t(
        'Keywheel: No free requests left today. They reset at {0}.',
        formats.until(notice.untilMs, nowMs),
      );
    case 'low':
      return t(
        'Keywheel: {0} of {1} free requests left today.',
        formats.count(notice.left),
        formats.count(notice.limit),
      );
    case 'keyExpires':
      return notice.others > 0
        ? t(
            'Keywheel: The key “{0}” expires {1}, and {2} more within three days. Replace them before then.',
            notice.label,
            formats.moment(notice.atMs),
            notice.others,
          )
        : t(
            'Keywheel: The key “{0}” expires {1}. Replace it before then.',
            notice.label,
            formats.moment(notice.atMs),
          );
    case 'keyBad':
      return notice.others > 0
        ? t('Keywheel: OpenRouter no longer accepts the key “{0}”. The other keys go on.', notice.label)
        : t('Keywheel: OpenRouter no longer accepts the key “{0}”, and there is no other.', notice.label);
  }
}
