// The models that cost nothing, by their names and by the cost in answers.
import assert from 'node:assert/strict';
import { ModelClasses } from '../../../src/keys/freeModel';

describe('ModelClasses', () => {
  it('takes nothing for models under the names that OpenRouter gives what is not announced yet', () => {
    const classes = new ModelClasses();
    for (const model of ['openrouter/sun-alpha', 'openrouter/sun-beta', 'stealth/sun-alpha'])
      assert.equal(classes.classOf({ model, requestClass: 'paid' }), 'unmetered', model);
    for (const model of ['openrouter/auto', 'openrouter/sun', 'stealth/sun', 'x/sun-alpha'])
      assert.equal(classes.classOf({ model, requestClass: 'paid' }), 'paid', model);
  });

  it('learns of its other own names from answers that cost nothing', () => {
    const classes = new ModelClasses();
    for (const model of ['openrouter/sun', 'stealth/sun', 'x/sun', 'openrouter/auto'])
      classes.noteCostless(model);
    assert.equal(classes.classOf({ model: 'openrouter/sun', requestClass: 'paid' }), 'unmetered');
    assert.equal(classes.classOf({ model: 'stealth/sun', requestClass: 'paid' }), 'unmetered');
    // An empty answer of a paid model, or one by an own provider key, costs nothing either.
    assert.equal(classes.classOf({ model: 'x/sun', requestClass: 'paid' }), 'paid');
    assert.equal(classes.classOf({ model: 'openrouter/auto', requestClass: 'paid' }), 'paid');
  });

  it('believes an account that lacked credits for one, and a limit that counted it', () => {
    const classes = new ModelClasses();
    classes.noteCosts('stealth/sun-alpha');
    assert.equal(classes.classOf({ model: 'stealth/sun-alpha', requestClass: 'paid' }), 'paid');
    classes.noteCounted('stealth/moon-alpha');
    assert.equal(classes.classOf({ model: 'stealth/moon-alpha', requestClass: 'paid' }), 'free');
  });
});
