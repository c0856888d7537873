// Numbers and times as the user's language and the chosen time zone have them.

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const preciseBelowMs = 5 * minuteMs;

/** Formats for one language and one time zone; made once and none before it is used: a process's first one takes tens of milliseconds, which would hold up a start. */
export class Formats {
  private readonly numbers: () => Intl.NumberFormat;
  private readonly percent: () => Intl.NumberFormat;
  private readonly money: () => Intl.NumberFormat;
  private readonly smallMoney: () => Intl.NumberFormat;
  private readonly tenths: () => Intl.NumberFormat;
  private readonly short: () => Intl.NumberFormat;
  private readonly seconds: () => Intl.DateTimeFormat;
  private readonly minutes: () => Intl.DateTimeFormat;
  private readonly dated: () => Intl.DateTimeFormat;

  /** `locale` is a BCP 47 tag, `timezone` an IANA name or empty for the machine's own zone. */
  constructor(
    readonly locale: string,
    readonly timezone: string,
  ) {
    const zone = timezone === '' ? {} : { timeZone: timezone };
    // 24 hours for all: a time without "AM" is shorter, and cannot be misread.
    const minutes = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...zone } as const;
    const dollars = { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' } as const;
    this.numbers = onceUsed(() => new Intl.NumberFormat(locale));
    this.percent = onceUsed(() => new Intl.NumberFormat(locale, { style: 'percent' }));
    this.money = onceUsed(() => new Intl.NumberFormat(locale, dollars));
    this.smallMoney = onceUsed(
      () => new Intl.NumberFormat(locale, { ...dollars, maximumSignificantDigits: 2 }),
    );
    this.tenths = onceUsed(
      () => new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
    );
    this.short = onceUsed(
      () => new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 }),
    );
    this.minutes = onceUsed(() => new Intl.DateTimeFormat(locale, minutes));
    this.seconds = onceUsed(() => new Intl.DateTimeFormat(locale, { ...minutes, second: '2-digit' }));
    this.dated = onceUsed(
      () => new Intl.DateTimeFormat(locale, { ...minutes, month: 'short', day: 'numeric' }),
    );
  }

  /** Such as `1,834`. */
  count(value: number): string {
    return this.numbers().format(value);
  }

  /** Such as `1.2M`. */
  compact(value: number): string {
    return this.short().format(value);
  }

  /** OpenRouter's credits are US dollars: `$12.50`, and of less than a cent two digits. */
  credits(value: number): string {
    const isSmall = value > 0 && value < 0.01;
    return isSmall ? this.smallMoney().format(value) : this.money().format(value);
  }

  /** Such as `1.2`, of 1200 ms; 0 below it, as the clock may have been set back meanwhile. */
  inSeconds(ms: number): string {
    return this.tenths().format(Math.max(0, ms) / 1000);
  }

  /** Such as `89%`; never 0 % of something, never 100 % of less than all. */
  share(part: number, whole: number): string {
    const ratio = whole > 0 ? part / whole : 0;
    const isBetween = ratio > 0 && ratio < 1;
    return this.percent().format(isBetween ? Math.min(Math.max(ratio, 0.01), 0.99) : ratio);
  }

  /** Such as `01:00`; with seconds when that is soon, with the date when it is more than a day away. */
  until(untilMs: number, nowMs: number): string {
    const awayMs = untilMs - nowMs;
    if (awayMs > dayMs) return this.dated().format(untilMs);
    return awayMs < preciseBelowMs ? this.seconds().format(untilMs) : this.minutes().format(untilMs);
  }

  /** Such as `14:32`; with the date when it is more than a day ago. */
  since(atMs: number, nowMs: number): string {
    return nowMs - atMs > dayMs ? this.dated().format(atMs) : this.minutes().format(atMs);
  }

  /** Such as `14:32`, whatever the day. */
  clock(atMs: number): string {
    return this.minutes().format(atMs);
  }

  /** Such as `14:32:07`, whatever the day. */
  exact(atMs: number): string {
    return this.seconds().format(atMs);
  }
}

function onceUsed<T>(make: () => T): () => T {
  let made: T | null = null;
  return () => (made ??= make());
}
