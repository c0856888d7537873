// Asks who has the port, without giving anything away.
import { request } from 'node:http';

const answerTimeoutMs = 1_000;
const mostBytes = 4096;

/** Whether the program on the port says that it is a Keywheel. Whoever is silent for a second is not; nothing secret is sent. */
export async function whoIsThere(host: string, port: number): Promise<'keywheel' | 'other'> {
  return await new Promise((resolve) => {
    const signal = AbortSignal.timeout(answerTimeoutMs);
    const asked = request({ host, port, path: '/health', signal, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > mostBytes) response.destroy();
      });
      response.on('close', () => resolve(/"program":\s*"keywheel"/.test(text) ? 'keywheel' : 'other'));
    });
    asked.on('error', () => resolve('other'));
    asked.end();
  });
}
