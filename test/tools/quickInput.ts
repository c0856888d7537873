/** The box at the top of a window: command palette, input box and pick list. */
import type { Locator, Page } from 'playwright-core';
import * as v from 'valibot';

export type TextMatch = string | RegExp;

const inputStateSchema = v.object({
  title: v.string(),
  /** The prompt, or what the validation says. */
  message: v.string(),
  placeholder: v.string(),
  value: v.string(),
  hidesText: v.boolean(),
  /** Whether typed text goes into the box. */
  hasFocus: v.boolean(),
  /** The labels of the rows that are drawn. */
  rows: v.array(v.string()),
  /** The label of the row that Enter chooses; empty when there is none. */
  focusedRow: v.string(),
});
export type InputState = Readonly<v.InferOutput<typeof inputStateSchema>>;

/** Only a box that never comes takes so long. */
const DEFAULT_TIMEOUT_MS = 120_000;
/** How long the first try waits for the palette, and then for the command; each further try waits twice as long. */
const OPEN_MS = 10_000;
const TRY_MS = 3000;

export class QuickInput {
  private readonly widget: Locator;
  private readonly input: Locator;

  constructor(private readonly page: Page) {
    // A box that fades out is inert, but still visible.
    this.widget = page.locator('.quick-input-widget:not([inert])').filter({ visible: true });
    this.input = this.widget.locator('.quick-input-filter input');
  }

  /**
   * Runs the command that the palette shows under exactly this label ("Keywheel: Add Key"). Resolves when it
   * was chosen and the palette has gone. Tries again until the label is there: commands of an extension appear
   * some time after the window.
   */
  async runCommand(label: string, timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<void> {
    const untilMs = Date.now() + timeoutMs;
    for (let patience = 1; ; patience *= 2) {
      try {
        await this.openPalette(label, patience);
        await this.chooseCommand(label, TRY_MS * patience);
        break;
      } catch (error) {
        if (Date.now() > untilMs) throw new Error(`The palette never showed "${label}".`, { cause: error });
        // Only if a box is open, because Escape would close a page: the walkthrough goes back to VS Code's own page.
        if ((await this.state()) !== undefined) await this.page.keyboard.press('Escape');
      }
    }
    await this.waitUntil(async () => !(await this.state())?.value.startsWith('>'), 'The palette stayed open');
  }

  /**
   * Waits for an input box that shows `about` (in its title, prompt or placeholder), types the text and
   * presses Enter.
   */
  async fill(text: string, about: TextMatch): Promise<void> {
    await this.type(text, about);
    await this.input.press('Enter');
  }

  /** As `fill`, without Enter: to see the message of the validation. */
  async type(text: string, about: TextMatch): Promise<void> {
    await this.waitFor(about);
    await this.input.fill(text);
  }

  /** Waits for a pick list that shows `about` and chooses the row with exactly this label. */
  async pick(label: string, about: TextMatch): Promise<void> {
    await this.waitFor(about);
    await this.row(label).click();
  }

  /** The labels of the rows of the open pick list. */
  async rows(): Promise<readonly string[]> {
    return (await this.state())?.rows ?? [];
  }

  /** The present content; undefined when nothing is open. */
  async state(): Promise<InputState | undefined> {
    // One evaluation for all values, because tests that wait ask many times a second.
    const seen = v.parse(v.optional(inputStateSchema), await this.page.evaluate(READ_STATE));
    return (
      seen && {
        ...seen,
        title: clean(seen.title),
        message: clean(seen.message),
        placeholder: clean(seen.placeholder),
        rows: seen.rows.map(clean),
        focusedRow: clean(seen.focusedRow),
      }
    );
  }

  /** Resolves to the state once title, message or placeholder match. */
  async waitFor(about: TextMatch, timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<InputState> {
    let seen: InputState | undefined;
    await this.waitUntil(
      async () => {
        seen = await this.state();
        return (
          seen !== undefined && [seen.title, seen.message, seen.placeholder].some((t) => matches(t, about))
        );
      },
      `No input box about ${String(about)}`,
      timeoutMs,
    );
    if (!seen) throw new Error(`No input box about ${String(about)}.`);
    return seen;
  }

  /** Closes an open box. */
  async dismiss(): Promise<void> {
    await this.page.keyboard.press('Escape');
    await this.waitUntil(async () => (await this.state()) === undefined, 'The input box stayed open');
  }

  /** Opens the palette once, with this text: it closes again where the focus comes back from a dialog. */
  async openPalette(label: string, patience = 1): Promise<void> {
    await this.page.keyboard.press('F1');
    const isOpen = async (): Promise<boolean> => {
      const state = await this.state();
      return state !== undefined && state.value.startsWith('>') && state.hasFocus;
    };
    await this.waitUntil(isOpen, 'The palette did not open', OPEN_MS * patience);
    // Into the input itself, because a webview may take the focus back meanwhile.
    await this.input.fill(`>${label}`, { timeout: TRY_MS * patience });
  }

  private async chooseCommand(label: string, timeout: number): Promise<void> {
    let state: InputState | undefined;
    const isThere = async (): Promise<boolean> => {
      state = await this.state();
      return state?.rows.includes(label) === true;
    };
    await this.waitUntil(isThere, 'The command was not there', timeout);
    if (state?.focusedRow === label) await this.input.press('Enter', { timeout });
    else await this.row(label).click({ timeout });
  }

  private row(label: string): Locator {
    const name = this.page.locator('.label-name').getByText(label, { exact: true });
    return this.widget.locator('.monaco-list-row').filter({ has: name }).first();
  }

  private async waitUntil(
    condition: () => Promise<boolean>,
    failure: string,
    timeoutMs: number = DEFAULT_TIMEOUT_MS,
  ): Promise<void> {
    await pollUntil(condition, failure, timeoutMs);
  }
}

/** Code as text, because the test runner's compiler would put its own names into a function. A box that fades out is inert. */
const READ_STATE = `(() => {
  const widget = [...document.querySelectorAll('.quick-input-widget:not([inert])')].find((each) => each.checkVisibility());
  const input = widget?.querySelector('.quick-input-filter input');
  if (!input) return undefined;
  const texts = (selector) => [...widget.querySelectorAll(selector)].map(({ textContent }) => textContent);
  return {
    title: texts('.quick-input-title').join(' '),
    message: texts('.quick-input-message').join(' '),
    placeholder: input.placeholder,
    value: input.value,
    hidesText: input.type === 'password',
    hasFocus: document.activeElement === input,
    rows: texts('.monaco-list-row .label-name'),
    focusedRow: texts('.monaco-list-row.focused .label-name').join(' '),
  };
})()`;

/** Asks until the answer is yes; rejects with `failure` when the time is over. */
export async function pollUntil(
  condition: () => Promise<boolean>,
  failure: string,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<void> {
  const untilMs = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > untilMs) throw new Error(`${failure} (waited ${timeoutMs} ms).`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether the text holds the string, or fits the expression. */
export function matches(text: string, wanted: TextMatch): boolean {
  return typeof wanted === 'string' ? clean(text).includes(wanted) : wanted.test(clean(text));
}

/** The text with ordinary blanks only: VS Code puts non-breaking ones into labels. */
export function clean(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
