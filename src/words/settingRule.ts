// The valid values of a setting as text, from its schema in package.json; does not import vscode.
import * as v from 'valibot';
import type { Translate } from './translate';

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
    configuration: v.array(v.object({ properties: v.record(v.string(), propertySchema) })),
  }),
});

/** The settings that package.json contributes, by full name. */
export function contributedSettings(packageJson: unknown): Readonly<Record<string, SettingProperty>> {
  const { configuration } = v.parse(manifestSchema, packageJson).contributes;
  return Object.fromEntries(configuration.flatMap(({ properties }) => Object.entries(properties)));
}

/** Such as `a whole number from 1 to 65535`; limits have no separators, so that they can be typed. */
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
      // The only lists without fixed values are lists of models.
      return items?.enum.length ? t('a list of any of {0}', items.enum.join(', ')) : t('a list of model IDs');
    case 'object':
      return t('model patterns, each with a list of models');
    default:
      return format === 'uri'
        ? t('a URL that begins with https://, without user name, query or fragment')
        : t('the name of a time zone such as {0}, or empty', 'Europe/Berlin');
  }
}
