// What the doctor found of keys, clients and leftovers, in words; no vscode, so that it can be tested.
import type { Translate } from '../../webview/translate';
import { stateText } from '../clients/clientWords';
import { reachText } from '../reachText';
import { said, type FindingText, type Of } from './findingWords';

export function keyText(
  finding: Of<'noKeys' | 'keyGood' | 'keyBad' | 'keyManagement' | 'keyOff' | 'keyUnreachable'>,
  t: Translate,
): FindingText {
  switch (finding.code) {
    case 'noKeys':
      return said(t('There is no key.'), t('Add a key: without one no model can be asked.'), 'addKey');
    case 'keyGood':
      return said(t('OpenRouter accepts “{0}”.', finding.label));
    case 'keyBad':
      return said(
        t('OpenRouter does not accept “{0}”.', finding.label),
        t('It may have been deleted or disabled. Remove it, or make a new one.'),
        'removeKey',
      );
    case 'keyManagement':
      return said(
        t('“{0}” is a management key.', finding.label),
        t('It cannot run models. Remove it, and add an ordinary API key.'),
        'removeKey',
      );
    case 'keyOff':
      return said(t('“{0}” is switched off.', finding.label));
    case 'keyUnreachable':
      return said(
        t('“{0}” could not be checked ({1}).', finding.label, reachText(finding.got, t)),
        t('Run the doctor again once OpenRouter answers.'),
      );
  }
}

export function clientText(finding: Of<'noClients' | 'client'>, t: Translate): FindingText {
  if (finding.code === 'noClients')
    return said(
      t('No client was connected from here.'),
      t('Clients that you have set by hand are not listed.'),
      'connectClient',
    );
  const { client, file, state } = finding;
  const place = file === null ? '' : ` (${file})`;
  const text = t('{0}: {1}', client, stateText(state, t)) + place;
  switch (state) {
    case 'current':
      return said(text);
    case 'outdated':
    case 'missing':
    case 'changed':
      return said(text, t('Connect it again, or disconnect it.'), 'connectClient');
    case 'damaged':
      return said(text, t('Mend the file by hand; the client cannot read it either.'));
    case 'unknown':
      return said(text, t('The log tells more.'));
  }
}

export function leftoverText(
  finding: Of<'noLeftovers' | 'leftover' | 'backupLost'>,
  t: Translate,
): FindingText {
  switch (finding.code) {
    case 'noLeftovers':
      return said(t('Keywheel has left nothing behind.'));
    case 'leftover':
      return said(
        t('{0} was left behind.', finding.file),
        t('It is a copy of a configuration file that nothing needs any more. You can delete it.'),
      );
    case 'backupLost':
      return said(
        t('The backup {0} is gone.', finding.file),
        t('To disconnect that client, take the values of Keywheel out by hand.'),
      );
  }
}
