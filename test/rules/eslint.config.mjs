// The lint rules of the whole checkout that ask for no types; those that do are in types.oxlintrc.json, where a program
// in Go asks them in a tenth of the time.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const ownClock = 'Time comes from Clock (src/base/clock.ts), so that tests can move it.';

export default tseslint.config(
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strict],
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 250 }],
      'max-lines-per-function': ['error', { max: 50 }],
      // A switch over a closed union is one decision, however many rows the table has.
      complexity: ['error', { max: 10, variant: 'modified' }],
      'max-depth': ['error', 3],
      'max-params': ['error', 4],
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'Requests leave through src/proxy/upstream.ts.' },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/base/clock.ts', 'src/webview/**'],
    rules: {
      'no-restricted-properties': ['error', { object: 'Date', property: 'now', message: ownClock }],
      'no-restricted-syntax': [
        'error',
        { selector: 'CallExpression[callee.name=/^(setTimeout|setInterval)$/]', message: ownClock },
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: ownClock },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-console': 'off',
    },
  },
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: {
      globals: {
        ...{
          require: 'readonly',
          __dirname: 'readonly',
          module: 'writable',
          process: 'readonly',
          console: 'readonly',
        },
        ...{ URL: 'readonly', performance: 'readonly', setTimeout: 'readonly', setInterval: 'readonly' },
        ...{ clearTimeout: 'readonly', clearInterval: 'readonly', Buffer: 'readonly' },
      },
    },
  },
);
