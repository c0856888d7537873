// The running exchanges, above the list.
import type { RunningView } from '../service/snapshot';
import type { Speech } from '../words/stateWords';
import { liveRow, type LiveRow } from './activityView';
import { button } from './controls';
import type { Countdowns } from './countdowns';
import { element, setChildren, setHidden, setText, setTone } from './dom';

export interface LiveRowsPorts {
  readonly speech: () => Speech;
  readonly countdowns: Countdowns;
  readonly cancel: (requestId: string) => void;
}

/** Keeps each line while its exchange runs, so that its button keeps the focus. */
export class LiveRows {
  readonly element = element('ul', 'live');
  private lines: ReadonlyMap<string, LiveLine> = new Map();

  constructor(private readonly ports: LiveRowsPorts) {
    this.element.setAttribute('aria-label', ports.speech().t('Running requests'));
    setHidden(this.element, true);
  }

  update(running: readonly RunningView[]): void {
    const speech = this.ports.speech();
    this.lines = new Map(
      running.map((each) => {
        const line = this.lines.get(each.requestId) ?? new LiveLine(each.requestId, this.ports);
        line.update(liveRow(each, speech));
        return [each.requestId, line];
      }),
    );
    setHidden(this.element, running.length === 0);
    setChildren(
      this.element,
      [...this.lines.values()].map((line) => line.element),
    );
  }
}

class LiveLine {
  readonly element: HTMLLIElement;
  private readonly state = element('span', 'state');
  private readonly what = element('span', 'what');
  private readonly note = element('span', 'notes');
  private readonly time: HTMLElement;
  private readonly cancel: HTMLElement;

  constructor(
    requestId: string,
    private readonly ports: LiveRowsPorts,
  ) {
    const { t } = ports.speech();
    this.time = ports.countdowns.place();
    this.cancel = button(t('Cancel'), () => ports.cancel(requestId));
    this.element = element('li', '', this.state, this.time, this.what, this.note, this.cancel);
  }

  update({ state, sinceMs, what, note }: LiveRow): void {
    const { countdowns, speech } = this.ports;
    setText(this.state, state.text);
    setTone(this.state, state.tone);
    if (state.untilMs === undefined) countdowns.set(this.time, sinceMs, true);
    else countdowns.set(this.time, state.untilMs);
    setText(this.what, what);
    setText(this.note, note);
    const name = speech().t('Cancel {0}', what);
    if (this.cancel.getAttribute('aria-label') !== name) this.cancel.setAttribute('aria-label', name);
  }
}
