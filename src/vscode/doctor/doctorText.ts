// What the doctor found, in words, and what to do about it; no vscode, so that it can be tested.
import type { Check, Finding, Tone } from '../../service/doctor/finding';
import type { PortOwner } from '../../service/doctor/portOwner';
import type { Formats } from '../../webview/formats';
import { proxyAdvice, proxyWords } from '../../webview/stateWords';
import type { Translate } from '../../webview/translate';
import { reachText } from '../reachText';
import { said, type FindingText, type Of } from './findingWords';
import { clientText, keyText, leftoverText } from './inventoryText';

export function checkText(check: Check, t: Translate): string {
  switch (check) {
    case 'port':
      return t('Port');
    case 'self':
      return t('The way to the proxy');
    case 'upstream':
      return t('The way to OpenRouter');
    case 'clock':
      return t('Clock');
    case 'keys':
      return t('Keys');
    case 'clients':
      return t('Clients');
    case 'leftovers':
      return t('Leftovers');
  }
}

export function toneText(tone: Tone, t: Translate): string {
  switch (tone) {
    case 'good':
      return t('Good:');
    case 'note':
      return t('Note:');
    case 'warn':
      return t('Attention:');
    case 'bad':
      return t('Fault:');
  }
}

export function findingText(finding: Finding, t: Translate, formats: Formats): FindingText {
  switch (finding.code) {
    case 'served':
    case 'notRunning':
    case 'portFailed':
      return portText(finding, t);
    case 'selfGood':
    case 'selfCaught':
    case 'selfSilent':
      return selfText(finding, t, formats);
    case 'upstreamGood':
    case 'upstreamSlow':
    case 'upstreamStrange':
    case 'upstreamFailed':
      return upstreamText(finding, t, formats);
    case 'clockGood':
    case 'clockOff':
    case 'clockUnknown':
      return clockText(finding, t, formats);
    case 'noKeys':
    case 'keyGood':
    case 'keyBad':
    case 'keyManagement':
    case 'keyOff':
    case 'keyUnreachable':
      return keyText(finding, t);
    case 'noClients':
    case 'client':
      return clientText(finding, t);
    case 'noLeftovers':
    case 'leftover':
    case 'backupLost':
      return leftoverText(finding, t);
    case 'checkFailed':
      return said(t('This could not be checked ({0}).', finding.got), t('The log tells more.'), 'showLog');
  }
}

function portText(finding: Of<'served' | 'notRunning' | 'portFailed'>, t: Translate): FindingText {
  const { port, owner } = finding;
  const who = ownerText(owner, t);
  switch (finding.code) {
    case 'served':
      return said(
        finding.hostedBy === null
          ? joined(t('This window serves port {0}.', String(port)), who)
          : joined(t('Port {0} is served by the window {1}.', String(port), finding.hostedBy), who),
      );
    case 'notRunning': {
      const start = t('Start it: until then, clients get no answer.');
      return owner === null
        ? said(t('The proxy does not run. Port {0} is free.', String(port)), start, 'startProxy')
        : said(
            joined(t('The proxy does not run. Port {0} is taken.', String(port)), who),
            start,
            'startProxy',
          );
    }
    case 'portFailed': {
      const { failure: code, detail } = finding;
      const proxy = { kind: 'failed', code, detail, port } as const;
      const advice = proxyAdvice(proxy, t);
      return said(joined(`${proxyWords(proxy, t).text}.`, who), advice, 'openPortSetting');
    }
  }
}

function ownerText(owner: PortOwner | null, t: Translate): string | null {
  return owner === null
    ? null
    : t('The program is {0}, process {1}.', owner.program, String(owner.processId));
}

function selfText(
  finding: Of<'selfGood' | 'selfCaught' | 'selfSilent'>,
  t: Translate,
  formats: Formats,
): FindingText {
  switch (finding.code) {
    case 'selfGood':
      return said(
        t('The proxy answers extensions of this window, in {0} ms.', formats.count(finding.tookMs)),
      );
    case 'selfCaught':
      return said(
        t(
          'The proxy answers, but not to extensions of this window ({0}): VS Code sends what they ask of 127.0.0.1 to a network proxy.',
          finding.got,
        ),
        t('Add 127.0.0.1 and localhost to the setting http.noProxy, or set http.proxySupport to “off”.'),
        'openProxySettings',
      );
    case 'selfSilent':
      return said(
        t('The proxy does not answer on its own port ({0}).', reachText(finding.got, t)),
        t(
          'Restart the proxy. A firewall or a security program may block connections of this machine to itself.',
        ),
        'showLog',
      );
  }
}

function upstreamText(
  finding: Of<'upstreamGood' | 'upstreamSlow' | 'upstreamStrange' | 'upstreamFailed'>,
  t: Translate,
  formats: Formats,
): FindingText {
  switch (finding.code) {
    case 'upstreamGood':
    case 'upstreamSlow': {
      const connect = formats.count(finding.connectMs);
      const text = t(
        'OpenRouter answers in {0} ms; the connection stands after {1} ms.',
        formats.count(finding.headMs),
        connect,
      );
      return finding.code === 'upstreamGood'
        ? said(text)
        : said(text, t('That is slow. Look at the network, or at status.openrouter.ai.'));
    }
    case 'upstreamStrange':
      return said(
        t('Something answers in OpenRouter’s place, with status {0}.', finding.status),
        t('Look at the setting keywheel.upstreamUrl, and whether the network wants you to sign in.'),
      );
    case 'upstreamFailed':
      return said(
        t('OpenRouter cannot be reached ({0}).', reachText(finding.got, t)),
        t(
          'Look at the network. Keywheel connects directly: a network that lets everything out through a proxy alone does not let it out.',
        ),
      );
  }
}

function clockText(
  finding: Of<'clockGood' | 'clockOff' | 'clockUnknown'>,
  t: Translate,
  formats: Formats,
): FindingText {
  switch (finding.code) {
    case 'clockGood':
      return said(t('This machine’s clock agrees with OpenRouter’s.'));
    case 'clockOff': {
      const seconds = formats.count(Math.round(Math.abs(finding.aheadMs) / 1000));
      return said(
        finding.aheadMs > 0
          ? t('This machine’s clock is {0} s ahead of OpenRouter’s.', seconds)
          : t('This machine’s clock is {0} s behind OpenRouter’s.', seconds),
        t('Set the clock: resets and waits are judged by it.'),
      );
    }
    case 'clockUnknown':
      return said(t('The clock could not be compared: OpenRouter told no time.'));
  }
}

function joined(...sentences: readonly (string | null)[]): string {
  return sentences.filter((sentence) => sentence !== null).join(' ');
}
