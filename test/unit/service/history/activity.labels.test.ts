// The labels of keys that a saved exchange names by their ids.
import assert from 'node:assert/strict';
import { labelled } from '../../../../src/service/history/activity';
import { accountView, keyView } from '../../vscode/views';
import { exchangeView } from '../exchanges';

const accounts = [accountView({ keys: [keyView({ keyId: 'aaaaaaaaaaaa', label: 'Renamed' })] })];

function labelsOf(keyId: string, keyLabel: string): string | undefined {
  const attempts = exchangeView({}).attempts.map((attempt) => ({ ...attempt, keyId, keyLabel }));
  return labelled([exchangeView({ attempts })], accounts)[0]?.attempts[0]?.keyLabel;
}

describe('the labels of saved exchanges', () => {
  it('are those that the keys have now; a removed key has none', () => {
    assert.equal(labelsOf('aaaaaaaaaaaa', ''), 'Renamed');
    assert.equal(labelsOf('bbbbbbbbbbbb', ''), '');
  });

  it('stay where an exchange has its own', () => {
    assert.equal(labelsOf('aaaaaaaaaaaa', 'Private'), 'Private');
  });
});
