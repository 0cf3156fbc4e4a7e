import { describe, expect, it } from '@jest/globals';
import { issuerUrl } from '../../src/connectors/endpoint.js';
import { GoogleConnector } from '../../src/connectors/providers/google.connector.js';
import { Clock } from '../../src/common/clock.js';
import { HttpClient } from '../../src/common/http-client.js';
import { policyWithForms, policyWithPrompt } from '../../src/pages/content-security-policy.js';

describe('a policy of a page', () => {
  it.each([
    'https://a.example;script-src *',
    "https://a.example 'unsafe-inline'",
    'https://a.example\n',
    'https://a,b',
  ])('takes %j for no source', (source) => {
    expect(policyWithForms([source])).toBe(policyWithForms([]));
    expect(policyWithPrompt(source)).toContain('script-src;');
  });
});

describe('an issuer', () => {
  it.each([
    "https://evil.example/ 'unsafe-inline' *;foo",
    'https://evil.example;sandbox',
    'https://evil.example/\nx',
    'https://evil.example/"x',
    'javascript:alert(1)',
  ])('is not %j', (text) => expect(issuerUrl.safeParse(text).success).toBe(false));

  it.each(['https://tenant.example/', 'https://login.example/tenant/v2.0', 'http://localhost:3100/google'])(
    'is %s, as it is written',
    (text) => expect(issuerUrl.parse(text)).toBe(text),
  );
});

describe('the prompt of Google', () => {
  const google = new GoogleConnector(new HttpClient(), new Clock());
  const promptOf = (issuer: string | undefined, privateHosts: string[]) =>
    google.oneTap({
      id: 'google',
      target: 'google',
      name: 'Google',
      config: { clientId: 'c', clientSecret: 's', issuer, oneTap: { isEnabled: true } },
      enableTokenStorage: false,
      enabled: true,
      syncProfile: false,
      privateHosts: new Set(privateHosts),
    });

  it("runs Google's own script, or that of a host that whoever runs the backend has named, and no other", () => {
    expect(promptOf(undefined, [])?.scriptUrl).toBe('https://accounts.google.com/gsi/client');
    expect(promptOf('http://localhost:3100/google', ['localhost:3100'])?.scriptUrl).toBe(
      'http://localhost:3100/google/gsi/client',
    );
    expect(promptOf('https://evil.example', [])).toBeUndefined();
  });
});
