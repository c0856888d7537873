/** Fetches VS Code and the browser before the first test, whose time limit their minutes would exceed on a new machine. */
import { fetchHeadless } from '../../tools/installs';

/** Called by Mocha, without a time limit, where this file is among the files that it requires. */
export async function mochaGlobalSetup(): Promise<void> {
  await fetchHeadless();
}
