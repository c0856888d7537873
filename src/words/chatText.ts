// Texts for VS Code's model picker and chat: allowance, prices and errors; does not import vscode.
import type { OfferedModel } from '../chat/offeredModels';
import { ChatError } from '../chat/chatRequest';
import type { WheelView } from '../service/snapshot';
import { traitsText } from './clientWords';
import { joined, type Language } from './formats';
import type { TextContext } from './stateWords';
import { reachText } from './reachText';
import { wordsFor, type Translate } from './translate';

/** Such as `free · 1,834 left today`, the price, or `busy until 14:02`. */
export function modelDetail(
  model: OfferedModel,
  wheel: WheelView,
  { t, formats, nowMs }: TextContext,
): string {
  if (model.busyUntilMs !== null) return t('busy until {0}', formats.until(model.busyUntilMs, nowMs));
  if (!model.isFree) return priceText(model, { t, formats });
  if (wheel.freeLeft > 0) return t('free · {0} left today', formats.count(wheel.freeLeft));
  return wheel.resetAtMs === null
    ? t('free')
    : t('free · none left until {0}', formats.until(wheel.resetAtMs, nowMs));
}

/** The id, its traits, and the accuracy of token counts. */
export function modelTooltip(model: OfferedModel, wheel: WheelView, textContext: TextContext): string {
  const { t } = textContext;
  return joined(
    '\n',
    `${model.id} · ${modelDetail(model, wheel, textContext)}`,
    traitsText(model, textContext),
    t('By Keywheel, with the key that has the most left. Token counts are estimates on the high side.'),
  );
}

/** Such as `$0.10 in, $0.40 out per million tokens`. */
export function priceText(
  { inputPrice, outputPrice }: Pick<OfferedModel, 'inputPrice' | 'outputPrice'>,
  { t, formats }: Language,
): string {
  return inputPrice === null || outputPrice === null
    ? t('paid')
    : t('{0} in, {1} out per million tokens', formats.credits(inputPrice), formats.credits(outputPrice));
}

/** The reason for a missing or incomplete answer; messages of the proxy and OpenRouter are English and not translated. */
export function chatErrorText(error: unknown, t: Translate): string {
  if (!(error instanceof ChatError)) return t('Something went wrong. See Keywheel’s log.');
  return errorText(error.kind, t, error.message);
}

const errorText = wordsFor<ChatError['kind'], string, [message: string]>({
  refused: (_, message) => message,
  unreachable: (t, code) =>
    t('The proxy does not answer ({0}). Run “Keywheel: Run Doctor”.', reachText(code, t)),
  cut: (t) => t('The answer was interrupted. Try again.'),
  full: (t) =>
    t(
      'The answer reached this model’s limit of output and is incomplete. Ask for less at once, or select another model.',
    ),
  filtered: (t) =>
    t('The provider’s content filter ended the answer. Change the request, or select another model.'),
  badArguments: (t, tool) =>
    t(
      'The model wrote invalid JSON for the tool “{0}”, so the tool was not run. Try again, or select another model.',
      tool,
    ),
});
