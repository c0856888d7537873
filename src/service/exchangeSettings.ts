// What the user's settings mean for one exchange and for the day.
import type { ExchangeSettings } from '../proxy/exchange';
import type { Settings } from './settings';

/** The machine's own zone where none is set. */
export function zoneOf({ timezone }: Settings): string {
  return timezone === '' ? 'local' : timezone;
}

/** In milliseconds. */
export function exchangeSettings(settings: Settings): ExchangeSettings {
  const { timezone, exhaustedStatus, fallbackModels } = settings;
  return {
    timezone,
    exhaustedStatus,
    fallbackModels,
    maxWaitMs: settings.maxWaitSeconds * 1000,
    deadlineMs: settings.deadlineSeconds * 1000,
    firstTokenTimeoutMs: settings.firstTokenTimeoutSeconds * 1000,
    idleTimeoutMs: settings.idleTimeoutSeconds * 1000,
  };
}
