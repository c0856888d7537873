/** Entry: makes sure that a VS Code to test with is on this machine, and says where. */
import { desktopVersion, fetchDesktop, fetchHeadless } from './installs';

async function main(): Promise<void> {
  const desktop = desktopVersion();
  const found = desktop === undefined ? await fetchHeadless() : { vscodePath: await fetchDesktop(desktop) };
  for (const [name, value] of Object.entries(found)) console.log(`${name}: ${value}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
