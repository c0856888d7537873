/** The box at the top of a window: command palette, input box and pick list. */
import type { Locator, Page } from 'playwright-core';

export type TextMatch = string | RegExp;

export interface InputState {
  readonly title: string;
  /** The prompt, or what the validation says. */
  readonly message: string;
  readonly placeholder: string;
  readonly value: string;
  readonly hidesText: boolean;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const TRY_MS = 3000;

export class QuickInput {
  private readonly widget: Locator;
  private readonly input: Locator;

  constructor(private readonly page: Page) {
    // While it fades out it is inert, but still visible.
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
    for (;;) {
      try {
        await this.openPalette(label);
        await this.row(label).click({ timeout: TRY_MS });
        break;
      } catch (error) {
        if (Date.now() > untilMs) throw new Error(`The palette never showed "${label}".`, { cause: error });
        await this.page.keyboard.press('Escape');
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

  /** As `fill`, without Enter: to see what the validation says. */
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
  async rows(): Promise<string[]> {
    const labels = await this.widget.locator('.monaco-list-row .label-name').allInnerTexts();
    return labels.map(clean);
  }

  /** What is shown now; undefined when nothing is open. */
  async state(): Promise<InputState | undefined> {
    if ((await this.widget.count()) === 0) return undefined;
    const timeout = TRY_MS;
    const text = async (selector: string): Promise<string> =>
      clean((await this.widget.locator(selector).allTextContents()).join(' '));
    try {
      return {
        title: await text('.quick-input-title'),
        message: await text('.quick-input-message'),
        placeholder: (await this.input.getAttribute('placeholder', { timeout })) ?? '',
        value: await this.input.inputValue({ timeout }),
        hidesText: (await this.input.getAttribute('type', { timeout })) === 'password',
      };
    } catch (error) {
      if ((await this.widget.count()) === 0) return undefined; // Closed while it was read.
      throw error;
    }
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

  /** Closes whatever is open. */
  async dismiss(): Promise<void> {
    await this.page.keyboard.press('Escape');
    await this.waitUntil(async () => (await this.state()) === undefined, 'The input box stayed open');
  }

  private async openPalette(label: string): Promise<void> {
    if ((await this.state()) === undefined) {
      await this.page.keyboard.press('F1');
      await this.input.waitFor({ timeout: TRY_MS });
    }
    await this.input.fill(`>${label}`, { timeout: TRY_MS });
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
