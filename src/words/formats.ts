// Formats numbers and times for the user's language and time zone, and puts parts together.
import type { Translate } from './translate';

const secondMs = 1000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const preciseBelowMs = 5 * minuteMs;
/** A date further away than this is shown with its year. */
const yearAboveMs = 180 * dayMs;
/** Credits are rounded to this unit: no request costs less. */
const leastCredits = 1e-9;

/** Durations, ports and bounds have these digits in every language. */
const digits = { numberingSystem: 'latn' } as const;
const dollars = { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' } as const;
// 24 hours in every language, because a time without "AM" is shorter and unambiguous.
const hourAndMinute = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const monthAndDay = { month: 'short', day: 'numeric' } as const;

/** Formats for one language and time zone, each made at its first use: the first of a process takes tens of milliseconds. */
export class Formats {
  private readonly numbers = this.number({});
  private readonly percent = this.number({ style: 'percent' });
  private readonly money = this.number(dollars);
  private readonly smallMoney = this.number({ ...dollars, maximumSignificantDigits: 2 });
  private readonly tenths = this.number({ minimumFractionDigits: 1, maximumFractionDigits: 1 });
  private readonly short = this.number({
    notation: 'compact',
    maximumFractionDigits: 1,
    maximumSignificantDigits: 3,
    roundingPriority: 'lessPrecision',
  });
  private readonly minutes = this.time(hourAndMinute);
  private readonly seconds = this.time({ ...hourAndMinute, second: '2-digit' });
  private readonly dated = this.time({ ...hourAndMinute, ...monthAndDay });
  private readonly datedSeconds = this.time({ ...hourAndMinute, ...monthAndDay, second: '2-digit' });
  private readonly yearly = this.time({ ...hourAndMinute, ...monthAndDay, year: 'numeric' });
  private readonly dates = this.time(monthAndDay);
  private readonly minuteAlone = this.time({ minute: 'numeric' }, 'en');

  /** `locale` is a BCP 47 tag, `timezone` an IANA name or empty for the machine's own zone. */
  constructor(
    readonly locale: string,
    readonly timezone: string,
  ) {}

  /** Such as `1,834`. */
  count(value: number): string {
    return this.numbers().format(value);
  }

  /** Such as `1.2M`, `131K`. */
  compact(value: number): string {
    return this.short().format(value);
  }

  /** Credits in US dollars: `$12.50`; two significant digits below one cent. */
  credits(value: number): string {
    // The rounding error of a sum is neither a debt nor a cost; `|| 0` makes -0 a plain 0.
    const credits = Math.round(value / leastCredits) * leastCredits || 0;
    const isSmall = credits !== 0 && Math.abs(credits) < 0.01;
    return isSmall ? this.smallMoney().format(credits) : this.money().format(credits);
  }

  /** Such as `1.2` for 1200 ms; never negative, because the clock may have been set back. */
  inSeconds(ms: number): string {
    return this.tenths().format(Math.max(0, ms) / 1000);
  }

  /** Such as `89%`; 0% only for nothing and 100% only for all. */
  share(part: number, whole: number): string {
    const ratio = whole > 0 ? part / whole : 0;
    const isBetween = ratio > 0 && ratio < 1;
    return this.percent().format(isBetween ? Math.min(Math.max(ratio, 0.01), 0.99) : ratio);
  }

  /** Such as `01:00`; with seconds less than 5 minutes ahead, the date beyond a day, and the year beyond 180 days. */
  until(untilMs: number, nowMs: number): string {
    const awayMs = untilMs - nowMs;
    if (awayMs < preciseBelowMs) return this.seconds().format(untilMs);
    const nearestMs = Math.round(untilMs / minuteMs) * minuteMs;
    if (awayMs > yearAboveMs) return this.yearly().format(nearestMs);
    return awayMs > dayMs ? this.dated().format(nearestMs) : this.minutes().format(nearestMs);
  }

  /** Such as `14:32`; with the date if it is more than a day ago. */
  since(atMs: number, nowMs: number): string {
    return nowMs - atMs > dayMs ? this.dated().format(atMs) : this.minutes().format(atMs);
  }

  /** Such as `14:32`; never with the date. */
  clock(atMs: number): string {
    return this.minutes().format(atMs);
  }

  /** Such as `14:32:07`; for a time of another day `Nov 27, 14:32`. */
  at(atMs: number, nowMs: number): string {
    return this.day(atMs) === this.day(nowMs) ? this.seconds().format(atMs) : this.dated().format(atMs);
  }

  /** Minutes since the zone's last full hour, such as 32. */
  minute(atMs: number): number {
    return Number(this.minuteAlone().format(atMs));
  }

  /** Such as `Nov 27`. */
  day(atMs: number): string {
    return this.dates().format(atMs);
  }

  /** Such as `Nov 27, 14:32:07`. */
  moment(atMs: number): string {
    return this.datedSeconds().format(atMs);
  }

  private number(options: Intl.NumberFormatOptions): () => Intl.NumberFormat {
    return onceUsed(() => new Intl.NumberFormat(this.locale, { ...options, ...digits }));
  }

  private time(options: Intl.DateTimeFormatOptions, locale?: string): () => Intl.DateTimeFormat {
    return onceUsed(() => {
      const zone = this.timezone === '' ? {} : { timeZone: this.timezone };
      // `locale` and `timezone` are read at the first use, because the constructor sets them after the fields.
      return new Intl.DateTimeFormat(locale ?? this.locale, {
        ...options,
        ...digits,
        calendar: 'gregory',
        ...zone,
      });
    });
  }
}

function onceUsed<T>(make: () => T): () => T {
  let made: T | null = null;
  return () => (made ??= make());
}

/** The parts that are neither empty nor missing, with the separator between them. */
export function joined(separator: string, ...parts: readonly (string | false | null | undefined)[]): string {
  return parts.filter((part) => typeof part === 'string' && part !== '').join(separator);
}

/** The user's language, and its formats. */
export interface Language {
  readonly t: Translate;
  readonly formats: Formats;
}

/** Remaining time, such as `7 h 20 min`, `12 min`, `4 min 05 s`, `45 s`; rounded up, because `0 s` means that it is over. */
export function durationText(ms: number, t: Translate): string {
  const left = Math.max(ms, 0);
  const minutes = Math.ceil(left / minuteMs);
  if (minutes >= 60) return t('{0} h {1} min', Math.floor(minutes / 60), minutes % 60);
  if (left > preciseBelowMs) return t('{0} min', minutes);
  const seconds = Math.ceil(left / secondMs);
  if (seconds < 60) return t('{0} s', seconds);
  return t('{0} min {1} s', Math.floor(seconds / 60), String(seconds % 60).padStart(2, '0'));
}

/** Such as `340 ms`, `1.2 s`; never negative, because the clock may have been set back. */
export function tookText(ms: number, { t, formats }: Language): string {
  return ms < 999.5 ? t('{0} ms', Math.max(Math.round(ms), 0)) : t('{0} s', formats.inSeconds(ms));
}

/** Elapsed time, rounded down. */
export function passedText(ms: number, t: Translate): string {
  return durationText(ms - (ms % stepMs(ms)), t);
}

/** Remaining time in minutes, for texts that are not updated. */
export function roughDurationText(ms: number, t: Translate): string {
  const minutes = Math.max(Math.ceil(ms / minuteMs), 1);
  return minutes < 60 ? t('{0} min', minutes) : durationText(minutes * minuteMs, t);
}

/** Milliseconds until the countdown to `untilMs` changes. */
export function nextTickMs(untilMs: number, nowMs: number): number {
  const left = untilMs - nowMs;
  if (left <= 0) return Number.POSITIVE_INFINITY;
  return (left % stepMs(left)) + 1;
}

/** Milliseconds until the elapsed time since `sinceMs` changes. */
export function nextTickUpMs(sinceMs: number, nowMs: number): number {
  const passed = Math.max(nowMs - sinceMs, 0);
  return stepMs(passed) - (passed % stepMs(passed)) + 1;
}

/** The step in which a duration is shown: a second up to 5 minutes, a minute beyond. */
function stepMs(ms: number): number {
  return ms > preciseBelowMs ? minuteMs : secondMs;
}
