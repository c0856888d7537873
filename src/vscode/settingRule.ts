// What a setting may be, in words, read from its schema in package.json; no vscode.
import * as v from 'valibot';
import type { Translate } from '../webview/translate';

const propertySchema = v.object({
  type: v.string(),
  minimum: v.optional(v.number()),
  maximum: v.optional(v.number()),
  enum: v.optional(v.array(v.union([v.string(), v.number()]))),
  format: v.optional(v.string()),
  items: v.optional(v.object({ enum: v.optional(v.array(v.string()), []) })),
});

export type SettingProperty = v.InferOutput<typeof propertySchema>;

const manifestSchema = v.object({
  contributes: v.object({
    configuration: v.object({ properties: v.record(v.string(), propertySchema) }),
  }),
});

/** The settings that package.json contributes, by their full names. */
export function contributedSettings(packageJson: unknown): Readonly<Record<string, SettingProperty>> {
  return v.parse(manifestSchema, packageJson).contributes.configuration.properties;
}

/** Such as `a whole number from 1 to 65535`. Limits stand as they are to be typed, without separators. */
export function settingRule(
  { type, minimum, maximum, enum: values, format, items }: SettingProperty,
  t: Translate,
): string {
  if (values) return t('one of {0}', values.join(', '));
  switch (type) {
    case 'boolean':
      return t('true or false');
    case 'integer':
      return t('a whole number from {0} to {1}', minimum ?? 0, maximum ?? '…');
    case 'number':
      return t('a number from {0} to {1}', minimum ?? 0, maximum ?? '…');
    case 'array':
      return t('a list of any of {0}', items?.enum.join(', ') ?? '…');
    case 'object':
      return t('model patterns, each with a list of models');
    default:
      return format === 'uri'
        ? t('a URL that begins with https://, without user name, query or fragment')
        : t('the name of a time zone such as {0}, or empty', 'Europe/Berlin');
  }
}
