// How many exchanges repeat an attempt on a guess at once: upstream in trouble must not be asked ever more.

/** Every fifth running exchange may, and three in any case (the field's rule for retry budgets, such as Envoy's). */
const shareDivisor = 5;
const fewest = 3;

/** One exchange's share in the budget; to be disposed at its end. */
export interface Repeats extends Disposable {
  /** Takes a place for one repeated attempt, to be given back with `release`; false while there is none. */
  take(): boolean;
  /** Gives the place back, if there is one. */
  release(): void;
}

export class RetryBudget {
  private running = 0;
  private repeating = 0;

  enter(): Repeats {
    this.running++;
    let holds = false;
    const release = (): void => {
      if (holds) this.repeating--;
      holds = false;
    };
    return {
      take: () => {
        const isFree = this.repeating < Math.max(fewest, Math.floor(this.running / shareDivisor));
        if (isFree && !holds) this.repeating++;
        holds ||= isFree;
        return holds;
      },
      release,
      [Symbol.dispose]: () => {
        release();
        this.running--;
      },
    };
  }
}
