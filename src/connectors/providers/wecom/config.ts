import { z } from 'zod';
import type { ConnectorFormItem } from '../../connector.js';
import { endpointUrl } from '../../endpoint.js';

export const wecomConfig = z.object({
  corpId: z.string().min(1),
  appSecret: z.string().min(1),
  agentId: z.string().min(1),
  /** Of the page within WeCom's app. Default: `snsapi_privateinfo`; empty: `snsapi_base`, which asks for no consent. */
  scope: z.string().optional(),
  /** Whether people who are not members of the company may come in. */
  allowNonMembers: z.boolean().default(false),
  apiEndpoint: endpointUrl.default('https://qyapi.weixin.qq.com'),
  /** Page within WeCom's app. */
  inAppEndpoint: endpointUrl.default('https://open.weixin.qq.com/connect/oauth2/authorize'),
  /** Page with a code to scan, in any other browser; the former one, `wwopen/sso/qrConnect`, will do as well. */
  qrEndpoint: endpointUrl.default('https://login.work.weixin.qq.com/wwlogin/sso/login'),
});

export type WecomConfig = z.output<typeof wecomConfig>;

const text = (key: string, label: string): ConnectorFormItem => ({ key, label, type: 'Text' });

export const wecomForm: readonly ConnectorFormItem[] = [
  { ...text('corpId', 'Corp ID'), required: true },
  { ...text('appSecret', 'App Secret'), required: true, isConfidential: true },
  { ...text('agentId', 'Agent ID'), required: true },
  {
    key: 'scope',
    label: 'Scope',
    type: 'Select',
    defaultValue: 'snsapi_privateinfo',
    selectItems: [
      { value: 'snsapi_privateinfo', title: 'Details that the member agrees to share' },
      { value: 'snsapi_base', title: 'User ID and name, without consent' },
    ],
  },
  { key: 'allowNonMembers', label: 'Allow people outside the company', type: 'Switch', defaultValue: false },
];
