// Upstream's addresses, looked up ahead: a request does not wait for Node's thread pool, which other extensions may fill.
import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import type { Clock } from '../../base/clock';

const freshMs = 60_000;

type Failure = NodeJS.ErrnoException | null;
type Answer = (error: Failure, address: string | LookupAddress[], family?: number) => void;
type Found = (error: Failure, addresses: LookupAddress[]) => void;

/** The signature of `dns.lookup`. */
export type Look = (host: string, options: { readonly all: true }, found: Found) => void;

/** Answers at once with the last good addresses and renews them in the background; only the first look-up is waited for. */
export class AddressBook {
  private known: { readonly addresses: LookupAddress[]; readonly atMs: number } | null = null;
  private waiting: Found[] | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly host: string,
    private readonly look: Look = lookup,
  ) {}

  /** The function that `net.connect` takes as its `lookup`. */
  readonly lookup = (_host: string, options: LookupOptions, answer: Answer): void => {
    const { known } = this;
    if (known === null) {
      this.renew((error, addresses) => {
        if (error === null) give(addresses, options, answer);
        else answer(error, addresses);
      });
      return;
    }
    if (this.clock.elapsedMs() - known.atMs > freshMs) this.renew();
    give(known.addresses, options, answer);
  };

  /** Looks the name up now, unless a look-up runs; a failure leaves the last good addresses. */
  renew(found?: Found): void {
    const isLooking = this.waiting !== null;
    const waiting = (this.waiting ??= []);
    if (found !== undefined) waiting.push(found);
    if (isLooking) return;
    this.look(this.host, { all: true }, (error, addresses) => {
      this.waiting = null;
      if (error === null) this.known = { addresses, atMs: this.clock.elapsedMs() };
      for (const each of waiting) each(error, error === null ? addresses : []);
    });
  }
}

function give(addresses: LookupAddress[], { all, family }: LookupOptions, answer: Answer): void {
  if (all === true) {
    answer(null, addresses);
    return;
  }
  const [first] = addresses.filter(
    (address) => family === undefined || family === 0 || address.family === family,
  );
  const chosen = first ?? addresses[0];
  if (chosen !== undefined) answer(null, chosen.address, chosen.family);
}
