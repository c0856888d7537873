// Shows notices: each kind at most once a day over all windows; none for problems from before the start, but expiring keys.
import { l10n, window } from 'vscode';
import type { DisposableStore } from '../base/disposable';
import { isWanted, Notices, NoticeTurn, type Notice } from '../service/notices';
import type { TextContext } from '../words/stateWords';
import type { StateSource } from './stateSource';
import { showChoice, textContextOf } from './messages';
import { recordNames, sharedRecord, type WindowPorts } from './ports';

/** Shows notices until `owned` is disposed. */
export function showNotices(owned: DisposableStore, ports: WindowPorts): void {
  const { clock, log, globalState, settings, state } = ports;
  const notices = new Notices(clock.wallMs());
  const turn = owned.add(
    new NoticeTurn({
      clock,
      record: sharedRecord(globalState, recordNames.notices),
      isFocused: () => window.state.focused,
      isHost: () => {
        const { proxy } = state.read().snapshot;
        return proxy.kind === 'running' && proxy.hostedBy === undefined;
      },
    }),
  );
  const look = (): void => {
    for (const notice of notices.see(state.read().snapshot)) {
      if (!isWanted(notice.kind, settings.values.notifications)) continue;
      show(notice, turn, state).catch((error: unknown) => log.error('A notice could not be shown.', error));
    }
  };
  owned.add(state.onDidChange(look));
  look();
}

async function show(notice: Notice, turn: NoticeTurn, state: StateSource): Promise<void> {
  if (!(await turn.take(notice.kind))) return;
  const text = noticeText(notice, textContextOf(state.read().snapshot));
  const mute = async (): Promise<void> => await turn.mute(notice.kind);
  await showChoice({ severity: 'warning', text }, 'openDashboard', [l10n.t("Don't Show Again"), mute]);
}

function noticeText(notice: Notice, { t, formats, nowMs }: TextContext): string {
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
        ? t('Keywheel: OpenRouter no longer accepts the key “{0}”. The other keys still work.', notice.label)
        : t('Keywheel: OpenRouter no longer accepts the key “{0}”, and there is no other key.', notice.label);
  }
}
