/** VS Code and the browser are there before the first test, whose time would run while they are made (minutes, on a new machine). */
import { fetchHeadless } from '../../tools/installs';

/** Mocha calls it where this file is among those that it requires, and limits its time by nothing. */
export async function mochaGlobalSetup(): Promise<void> {
  await fetchHeadless();
}
