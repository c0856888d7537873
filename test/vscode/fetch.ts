/** Entry: makes sure that a VS Code to test with is on this machine, and says where. */
import { fetchDesktop, fetchHeadless, wantsDesktop } from './installs';

async function main(): Promise<void> {
  const found = wantsDesktop() ? { vscodePath: await fetchDesktop() } : await fetchHeadless();
  for (const [name, value] of Object.entries(found)) console.log(`${name}: ${value}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
