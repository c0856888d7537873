// Notices in words; no vscode.
import type { Notice } from '../service/notices';
import type { Speech } from '../webview/stateWords';

export function noticeText(notice: Notice, { t, formats, nowMs }: Speech): string {
  switch (notice.kind) {
    case 'allUsed':
      return t(
        'Keywheel: all free requests of today are used, until {0}.',
        formats.until(notice.untilMs, nowMs),
      );
    case 'keyBad':
      return notice.others > 0
        ? t('Keywheel: OpenRouter no longer accepts the key “{0}”. The other keys go on.', notice.label)
        : t('Keywheel: OpenRouter no longer accepts the key “{0}”, and there is no other.', notice.label);
  }
}
