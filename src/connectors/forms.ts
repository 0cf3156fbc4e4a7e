import type { ConnectorFormItem } from './connector.js';

/** Fields that consoles show; those that every connector with a client has, and pieces for the rest. */
export const clientForm: readonly ConnectorFormItem[] = [
  { key: 'clientId', label: 'Client ID', type: 'Text', required: true },
  { key: 'clientSecret', label: 'Client secret', type: 'Text', required: true, isConfidential: true },
  {
    key: 'scope',
    label: 'Scope',
    type: 'MultilineText',
    description: 'Separated by spaces. Replaces the default.',
  },
];

export const textItem = (key: string, label: string, placeholder?: string): ConnectorFormItem => ({
  key,
  label,
  type: 'Text',
  ...(placeholder && { placeholder }),
});
